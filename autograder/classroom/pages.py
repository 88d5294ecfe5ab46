"""Pages and tables that say what the gradebook says, whichever command wrote into it last.

`autograder grade` and `autograder report` both end here, so that a mark by hand, an extension or a due date shows after
either of them. A page is made anew only where something on it changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import reads_json

from autograder.classroom.errors import UserError
from autograder.classroom.feedback import STAMP, is_current, write_page
from autograder.classroom.folder import ClassFolder
from autograder.classroom.gradebook import Gradebook
from autograder.classroom.jobs import source_of
from autograder.classroom.journal import Entry, read
from autograder.classroom.lateness import extend
from autograder.classroom.marks import Person
from autograder.classroom.platforms import write_for
from autograder.classroom.released import released
from autograder.classroom.report import write_report
from autograder.classroom.standings import Line, Roster, lines_of


@dataclass
class Report:
    """What `report` wrote. told: what the instructor should know. failures: pages that could not be made. Both in
    sentences."""

    written: list[Path]
    told: list[str]
    failures: list[str]


def report(folder: ClassFolder, platforms: Iterable[str] = ()) -> Report:
    """Write `marks.csv`, `parts.csv` and `class.html`, the pages of `autograder grade` that are out of date, and files
    for these learning platforms. Raise `UserError` where nothing was graded yet."""
    if not folder.gradebook.exists():
        raise UserError(f"Nothing was graded in {folder.root} yet. First: autograder grade --class {folder.root}")
    latest, gradebook = read(folder.journal), Gradebook(folder.gradebook)
    names = graded(folder, gradebook)
    lines = whole_class(folder, names, latest, gradebook, Roster(gradebook.students(), latest.values()))
    absent = not_handed_in(folder, names, gradebook)
    gradebook.close()
    found = Report([folder.root / name for name in ("marks.csv", "parts.csv", "class.html")], [], [])
    renewed = 0
    for name in names:
        source = reads_json(source_of(name).read_text(encoding="utf-8"))
        for line in (line for line in lines if line.assignment == name and has_page(folder, line)):
            try:
                renewed += renew(folder, line, source)
            except Exception as error:  # one page that cannot be made costs no other
                why = f"The feedback page could not be made ({type(error).__name__}: {error})."
                found.failures.append(f"{line.student}, {name}: {why}")
    write_report(folder, lines, absent)
    found.written += [path for platform in platforms for path in write_for(platform, folder, lines)]
    found.told += told(lines, renewed)
    return found


def told(lines: list[Line], renewed: int) -> Iterator[str]:
    """What an instructor should know of the marks before they go anywhere."""
    if renewed:
        pages = "feedback page was" if renewed == 1 else "feedback pages were"
        yield f"{renewed} {pages} made anew, since something on it changed."
    if waiting := sum(bool(line.record and line.record.waiting) for line in lines):
        yield f"Waiting for a mark by hand, so that the total is not complete: {waiting} of {len(lines)} submissions."
    for line in lines:
        if line.differs:
            points = f"the gradebook holds {line.score or 0:g} automatic points, which `autograder grade` did not give"
            yield f"{line.student}, {line.assignment}: {points}. Grade again, so that the pages say the same."


def graded(folder: ClassFolder, gradebook: Gradebook) -> list[str]:
    """Assignments that were submitted and graded, of which there is a source."""
    return [name for name in folder.assignments() if source_of(name).is_file() and gradebook.has(name)]


def not_handed_in(folder: ClassFolder, assignments: list[str], gradebook: Gradebook) -> dict[str, dict[str, Person]]:
    """The students who have handed in nothing, by assignment: what the roster says of each, by id."""
    students = gradebook.students()
    return {
        name: {student: students.get(student, Person()) for student in folder.not_handed_in(name, students)}
        for name in assignments
    }


def whole_class(
    folder: ClassFolder,
    assignments: list[str],
    latest: dict[tuple[str, str], Entry],
    gradebook: Gradebook,
    roster: Roster,
) -> list[Line]:
    """How each submission of these assignments stands, with today's late penalties."""
    for name in assignments:
        gradebook.deduct(name)
    return lines_of(folder, assignments, latest, gradebook, roster)


def renew(folder: ClassFolder, line: Line, source: NotebookNode) -> bool:
    """Write the feedback page of this submission, where it is not as it would be made now; return whether it was
    written. `source`: the instructor's notebook."""
    path = folder.feedback(*line.key)
    if line.entry is None or line.record is None:
        return False
    current = is_current(path, line.entry, line.record)
    if not current:
        executed = None
        if line.entry.notebook:
            executed = reads_json(folder.autograded(*line.key).read_text(encoding="utf-8"))
        write_page(path, line.entry, executed, source, line.record)
    if submission := folder.submission(*line.key):
        folder.send_back(submission)
    return not current


def has_page(folder: ClassFolder, line: Line) -> bool:
    """Did `autograder grade` write a page for this submission?"""
    try:
        with folder.feedback(*line.key).open(encoding="utf-8") as file:
            return STAMP.search(file.read(2000)) is not None
    except (OSError, UnicodeDecodeError):
        return False


def grant(folder: ClassFolder, student: str, assignment: str, more: timedelta) -> datetime:
    """Give a student so much time after the due date of an assignment that has a source; return the deadline, in UTC.
    Raise `UserError` where that cannot be."""
    gradebook = Gradebook(folder.gradebook)
    gradebook.prepare(assignment, released(reads_json(source_of(assignment).read_text(encoding="utf-8"))))
    gradebook.close()
    return extend(folder.gradebook, student, assignment, more)
