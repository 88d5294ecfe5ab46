"""`python -m convcourse check 01-convolution.ipynb`: is this notebook ready to be handed in?

It rehearses the grading. The file is read and mended as the grader does it (`submission`), and the cells that are left
run as in the grader (`rehearsal`). What costs points is marked ✗, what the grader mends or passes over is told beside
it. Exit status: 0 ready, 1 not ready, 2 used wrongly.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from convcourse.handed_out import Assignment, Entry, assignments, common, versions
from convcourse.missing import MISSED, Cell, defines, with_reason
from convcourse.rehearsal import Cue, Ran, rehearse
from convcourse.submission.intake import Unreadable
from convcourse.submission.limits import FileLimits
from convcourse.submission.mending import mend

USAGE = "Usage: python -m convcourse check NOTEBOOK.ipynb"
UNWRITTEN = "not written yet"
STUB = "raise NotImplementedError"
KEEP = "Keep the name as it was handed out."
PACKAGES_ONLY = "The grader has only your notebook and the packages of the course, and it installs nothing."
NO_POINTS = "This costs no points by itself."
MARKS = {True: "✓", False: "✗", None: "–"}
PLAIN_MARKS = {True: "ok", False: "XX", None: "--"}  # for a terminal whose encoding has no others


@dataclass(frozen=True)
class Line:
    """A line of the report. ok: None where it is neither good nor bad."""

    ok: bool | None
    about: str
    sentence: str = ""


@dataclass(frozen=True)
class Step:
    """A cell as it runs. entry: the assignment's, None for one of the student's own; written: other than handed out."""

    entry: Entry | None
    kind: str
    source: str
    written: bool

    @property
    def name(self) -> str:
        """By which it is called."""
        return self.entry.id if self.entry else self.source.strip().partition("\n")[0][:60].replace("`", "")


def main(arguments: list[str]) -> int:
    """The command. Returns its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    marks = marks_for(sys.stdout.encoding)
    if arguments in (["-h"], ["--help"], ["check", "--help"]):
        print(USAGE)
        return 0
    if len(arguments) != 2 or arguments[0] != "check":
        print(USAGE, file=sys.stderr)
        return 2
    path = Path(arguments[1])
    if not path.is_file():
        print(f"There is no file {path}. Is the notebook saved, and is this the folder it lies in?", file=sys.stderr)
        return 2
    known = assignments()
    assignment = assignment_of(path, known)
    if assignment is None:
        names = ", ".join(f"{name}.ipynb" for name in known)
        told = f"{path.name} belongs to no assignment of the course. A notebook keeps the name that it came with"
        print(f"{told}: {names}.", file=sys.stderr)
        return 2
    wrong = 0
    for line in report(path, assignment):
        print(as_text(line, marks), flush=True)
        wrong += line.ok is False
    if not wrong:
        print("\nReady to be handed in. (The hidden tests look at more cases than the visible checks do.)")
        return 0
    print(
        f"\nNot ready: {wrong} {'thing' if wrong == 1 else 'things'} to mend, marked {marks[False]} above. "
        "You may hand it in all the same; what is not written gives no points."
    )
    return 1


def assignment_of(path: Path, known: dict[str, Assignment]) -> Assignment | None:
    """The assignment that a file is for, by its name; "01-convolution (1)" and "Copy of 01-convolution" count too."""
    return next((assignment for name, assignment in known.items() if name in path.stem), None)


def marks_for(encoding: str | None) -> dict[bool | None, str]:
    """The marks before lines that a terminal of this encoding can show."""
    try:
        "".join(MARKS.values()).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return PLAIN_MARKS
    return MARKS


def as_text(line: Line, marks: dict[bool | None, str] = MARKS) -> str:
    """A line as it is printed, at most 100 characters wide."""
    mark = f"{marks[line.ok]} "
    text = f"{line.about}: {line.sentence}" if line.sentence else line.about
    return textwrap.fill(text, 100, initial_indent=mark, subsequent_indent=" " * len(mark), break_long_words=False)


def report(path: Path, assignment: Assignment) -> Iterator[Line]:
    """All that is to be said about a notebook, line by line while it is found out."""
    try:
        steps, mended = read(path, assignment)
    except Unreadable as error:
        yield Line(False, "file", f"{error} As it is, it counts as zero.")
        return
    if path.name != f"{assignment.name}.ipynb":
        yield Line(None, "file", f"it is called {path.name}. Hand it in as {assignment.name}.ipynb.")
    yield from (Line(None, "the grader mends", told) for told in mended)
    if not mended:
        yield Line(True, f"the file and all {len(assignment.entries)} cells of the assignment are in order")
    yield from perform(steps, assignment)


def perform(steps: Sequence[Step], assignment: Assignment) -> Iterator[Line]:
    """What a rehearsal of these cells shows."""
    code = [number for number, step in enumerate(steps) if step.kind == "code"]
    cues = [
        Cue(steps[n].source, steps[n].entry is None, (entry := steps[n].entry) is not None and entry.kind == "grade")
        for n in code
    ]
    names = [entry.defines for entry in assignment.entries if entry.defines]
    ran = numbered(rehearse(cues, names, assignment.allowed), code)
    if ran.stopped:
        where = f" It was the cell `{steps[ran.running].name}`." if ran.running is not None else ""
        yield Line(False, "run", f"{ran.stopped}{where}")
    elif not ran.errors and not ran.late:
        yield Line(True, f"all cells run from top to bottom, in {ran.seconds:.0f} s")
    parts = [n for n, step in enumerate(steps) if step.entry and step.entry.kind == "solution"]
    checks = [n for n, step in enumerate(steps) if step.entry and step.entry.kind == "grade"]
    for number in sorted({*ran.errors, *ran.late} - {*parts, *checks}):
        about = f"the given cell `{steps[number].name}`" if steps[number].entry else f"your cell `{steps[number].name}`"
        yield Line(None, about, f"it stopped: {told(number, steps, ran)} {NO_POINTS}")
    of_parts = {f"{steps[number].name}-visible" for number in parts}
    for number in sorted({*ran.errors, *ran.late} & {*checks}):
        if steps[number].name not in of_parts:
            yield Line(False, f"the tests `{steps[number].name}`", told(number, steps, ran))
    lines = [part(number, steps, ran) for number in parts]
    if all(line.sentence.startswith(UNWRITTEN) for line in lines):
        yield Line(False, "parts", "all are as they were handed out. Did you save, and is this the file you worked in?")
    yield from lines


def read(path: Path, assignment: Assignment) -> tuple[list[Step], list[str]]:
    """The cells as they run, and what had to be mended. Raise `Unreadable` where the file is no notebook of it."""
    limits = FileLimits()
    with path.open("rb") as file:
        submitted = file.read((limits.notebook_mib << 20) + 1)
    known = versions(assignment.name)
    given = {entry.id: replace(entry.given, versions=known.get(entry.id, frozenset())) for entry in assignment.entries}
    mended = mend(submitted, given, limits, common(), {*chain(*known.values())})
    entries = {entry.id: entry for entry in assignment.entries}
    steps = []
    for key, written in mended.cells:
        if key is None and written:
            steps.append(Step(None, written.kind, written.source, True))
        elif key:
            entry = entries[key]
            source = written.source if written else entry.text
            steps.append(Step(entry, entry.type, source, written is not None))
    return steps, mended.told()


def numbered(ran: Ran, numbers: Sequence[int]) -> Ran:
    """What came of the cells, by these numbers."""
    return Ran(
        {numbers[n]: said for n, said in ran.errors.items()},
        {numbers[n]: said for n, said in ran.late.items()},
        {numbers[n]: names for n, names in ran.defined.items()},
        ran.stopped,
        None if ran.running is None else numbers[ran.running],
        ran.seconds,
    )


def told(number: int, steps: Sequence[Step], ran: Ran) -> str:
    """How the cell of this number ended, and why a name that it missed was missing."""
    if number in ran.late:
        return f"{ran.late[number]}, which is more than the grader allows."
    others = [
        Cell(step.name, step.source, ran.late.get(n) or ran.errors.get(n, ""))
        for n, step in enumerate(steps)
        if step.kind == "code" and n != number
    ]
    said = with_reason(ran.errors[number], others).rstrip(".")
    return f"{said}. {PACKAGES_ONLY}" if "ModuleNotFoundError" in said else f"{said}."


def part(number: int, steps: Sequence[Step], ran: Ran) -> Line:
    """How one part stands: written, run, its visible checks passed, its name defined where the hidden tests run."""
    step = steps[number]
    entry = step.entry
    assert entry is not None
    if entry.type == "markdown":
        return Line(True, entry.id) if step.written else Line(False, entry.id, UNWRITTEN)
    place = {other.entry.id: n for n, other in enumerate(steps) if other.entry}
    check, hidden = place.get(f"{entry.id}-visible"), place.get(f"{entry.id}-hidden", number)
    there = entry.defines in ran.defined.get(hidden, ())
    failing = check is not None and (check in ran.errors or check in ran.late)
    others = [other.source for other in steps if other is not step and other.written]
    stands = check is None and STUB in step.source and not any(defines(other, entry.defines or "") for other in others)
    if not step.written and (failing or stands or not there):  # else a cell of one's own defines it
        return Line(None if entry.optional else False, entry.id, UNWRITTEN + " (optional)" * entry.optional)
    if check is not None and failing:
        return Line(False, entry.id, failed(number, check, steps, ran))
    if hidden not in ran.defined:
        return Line(None, entry.id, "not reached")
    stopped = number in ran.errors or number in ran.late
    if entry.defines and not there:
        if stopped:
            return Line(False, entry.id, f"its cell stopped: {told(number, steps, ran)}")
        return Line(False, entry.id, f"`{entry.defines}` is not defined below its visible checks. {KEEP}")
    if stopped and step.written:
        return Line(None, entry.id, f"its cell stopped: {told(number, steps, ran)} The checks pass all the same.")
    return Line(True, entry.id)


def failed(number: int, check: int, steps: Sequence[Step], ran: Ran) -> str:
    """What a part's visible check says."""
    if check in ran.late:
        return f"its visible check stopped: {told(check, steps, ran)}"
    name = (entry := steps[number].entry) and entry.defines
    missed = MISSED.search(ran.errors[check])
    if not missed or missed[1] != name:
        return told(check, steps, ran).removeprefix(f"{name}: ")
    if number in ran.errors or number in ran.late:
        return f"its cell stopped: {told(number, steps, ran)}"
    if any(name in names for names in ran.defined.values()):
        return f"`{name}` is defined too late. Define it above the checks of this part."
    return f"`{name}` is not defined, although its cell ran to its end. {KEEP}"
