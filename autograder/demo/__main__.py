"""`python -m autograder.demo`: a class of 24 fetches, submits, is collected, graded and given feedback, in
`_build/demo/`."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
from rich.table import Table

from autograder.classroom.cli import confinement
from autograder.classroom.errors import UserError
from autograder.classroom.folder import ClassFolder, write_whole
from autograder.classroom.jobs import ROOT, source_of
from autograder.classroom.machine import default_jobs
from autograder.classroom.progress import progress_bar
from autograder.classroom.run import Run
from autograder.classroom.standings import Line
from autograder.classroom.telling import tell
from autograder.classroom.terminal import bare_table, in_one_line, out, say, show
from autograder.demo.students import CLASS, Student, filled_in, reference_solutions
from autograder.exam_tables.implementations import implementations
from autograder.objects.assignments import topic

DEMO = ROOT / "_build" / "demo"
RELEASED = ROOT / "assignments"
ASSIGNMENTS = sorted({student.assignment for student in CLASS})
FIRST_SUBMISSION = datetime(2026, 10, 12, 9, 0, tzinfo=UTC)


def main() -> int:
    """Make the class where it does not stand, grade what is new, and say what to open. Returns the exit status."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    os.environ.setdefault("COURSE_BOOK_URL", "../../../../html")  # from a feedback page to the book beside the class
    for needed in [path for name in ASSIGNMENTS for path in (RELEASED / name / f"{name}.ipynb", source_of(name))]:
        if not needed.is_file():
            say(f"{needed.relative_to(ROOT)} is not there. `make assignments` builds it from solutions/.")
            return 2
    confined = confinement(unsafe=False)
    make_class()
    folder = ClassFolder(DEMO)
    with progress_bar() as step:
        run = Run(folder, ASSIGNMENTS, set(), step)
        summary = run.grade(jobs=default_jobs(), lower=True, confined=confined)  # nobody was handed anything
    from autograder.classroom.report import write_report

    write_report(folder, summary.lines, summary.not_handed_in)
    for name in ASSIGNMENTS:
        show(table(name, [line for line in summary.lines if line.assignment == name]))
    status = tell(replace(summary, not_handed_in={}))
    if any(summary.not_handed_in.values()):  # in a class that is invented they need not be named
        say("Some have not handed in everything. class.html names them.")
    shown = next(student for student in reversed(CLASS) if student.kind == "mistake")
    pages = [ROOT / "_build/html/index.html", DEMO / "class.html", folder.feedback(shown.id, shown.assignment)]
    say("\nOpen these three in a browser: the book, the class, and what a student gets:", to=out)
    for page in pages:
        say(f"  {page.relative_to(ROOT)}" + ("" if page.exists() else "   (not built yet: make book)"), to=out)
    return status


def make_class() -> None:
    """Have all of them fetch, write and submit, and collect it; nothing where that stands already and nothing
    changed."""
    made_from = hashlib.sha256()
    notebooks = [path for name in ASSIGNMENTS for path in (RELEASED / name / f"{name}.ipynb", source_of(name))]
    for file in [*notebooks, *sorted(Path(__file__).parent.glob("*.py"))]:
        made_from.update(file.read_bytes())
    for name in ASSIGNMENTS:
        made_from.update("".join(one.source() for one in implementations(topic(name))).encode())
    stamp = DEMO / ".made-from"
    if stamp.is_file() and stamp.read_text() == made_from.hexdigest():
        return
    say(
        f"Making a class of {len({student.id for student in CLASS})} in {DEMO.relative_to(ROOT)}: "
        "they fetch, write and submit through nbgrader's exchange."
    )
    for part in ("exchange", "cache", "homes", "submitted"):
        shutil.rmtree(DEMO / part, ignore_errors=True)
    DEMO.mkdir(parents=True, exist_ok=True)
    for name in ASSIGNMENTS:
        hand_in(name, [student for student in CLASS if student.assignment == name])
    write_whole(stamp, made_from.hexdigest())


def hand_in(assignment: str, students: list[Student]) -> None:
    """One assignment's way through the exchange: released, fetched, written, submitted, collected."""
    from autograder.demo.exchange import ClassExchange

    exchange = ClassExchange(DEMO, RELEASED, assignment)
    exchange.release()
    reference = reference_solutions(assignment)
    first = FIRST_SUBMISSION + timedelta(weeks=ASSIGNMENTS.index(assignment))
    for number, student in enumerate(students):
        path = exchange.fetch(student.id)
        notebook = filled_in(nbformat.read(path, as_version=4), student.solutions(reference))
        write_whole(path, nbformat.writes(notebook) + "\n")
        exchange.submit(student.id, first + timedelta(minutes=37 * number))
    exchange.collect()


def table(assignment: str, lines: list[Line]) -> Table:
    """Who they are, what they are worth, and what the grader says first."""
    shown = bare_table("student", "kind", "what is special", "score", "status", "first thing that is wrong")
    shown.title, shown.title_justify = assignment, "left"
    by_student = {line.student: line for line in lines}
    for student in CLASS:
        if student.assignment != assignment:
            continue
        line = by_student[student.id]
        result = line.entry.result if line.entry else None
        score = f"{result.score:g} / {result.max_score:g}" if result else "–"
        status = result.status if result else "no result"
        special = student.how.lower().replace("_", " ")
        shown.add_row(*map(in_one_line, (student.id, student.kind, special, score, status, line.first_mistake)))
    return shown


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        say(str(error), "red")
        sys.exit(2)
