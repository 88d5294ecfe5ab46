"""`python -m convcourse check 01-convolution.ipynb`: is this notebook ready to be handed in?

It looks at the file (can it be read, are the assignment's cells as they were handed out), runs all cells from top to
bottom in a fresh process, and tells what would get in the way of grading. Exit status: 0 ready, 1 not ready, 2 used
wrongly. What the assignments' cells are stands in `assignments.json`, which is made with the notebooks.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from convcourse.missing import MISSED, Cell, with_reason
from convcourse.rehearsal import Ran, rehearse

USAGE = "Usage: python -m convcourse check NOTEBOOK.ipynb"
LARGEST_MIB = 32  # the grader reads no more
UNWRITTEN = "not written yet"
KEEP = "Keep the name as it was handed out."
PACKAGES_ONLY = "The grader has only your notebook and the packages of the course, and it installs nothing."
MENDING = "Fetch the assignment anew, and copy your code into its cells."


@dataclass(frozen=True)
class Entry:
    """A cell of an assignment as handed out. kind: given, solution or grade; defines: the name it must define."""

    id: str
    type: str
    kind: str
    digest: str
    defines: str | None = None
    optional: bool = False


@dataclass(frozen=True)
class Line:
    """A line of the report. ok: None where it is neither good nor bad."""

    ok: bool | None
    about: str
    sentence: str = ""


class Unreadable(Exception):
    """The file is no notebook; it would count as zero."""


def main(arguments: list[str]) -> int:
    """The command. Returns its exit status."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="replace")  # a terminal that knows no ✓
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
    assignments = load_assignments()
    name = assignment_of(path, assignments)
    if name is None:
        known = ", ".join(f"{known}.ipynb" for known in assignments)
        told = f"{path.name} belongs to no assignment of the course. A notebook keeps the name that it came with"
        print(f"{told}: {known}.", file=sys.stderr)
        return 2
    lines = []
    for line in report(path, name, assignments[name]):
        print(as_text(line), flush=True)
        lines.append(line)
    wrong = sum(line.ok is False for line in lines)
    if not wrong:
        print("\nReady to be handed in. (The hidden tests look at more cases than the visible checks do.)")
        return 0
    print(
        f"\nNot ready: {wrong} {'thing' if wrong == 1 else 'things'} to mend, marked ✗ above. "
        "You may hand it in all the same; what is not written gives no points."
    )
    return 1


def load_assignments() -> dict[str, list[Entry]]:
    """Every assignment's cells, in order."""
    text = (Path(__file__).parent / "assignments.json").read_text(encoding="utf-8")
    return {name: [Entry(**entry) for entry in entries] for name, entries in json.loads(text).items()}


def assignment_of(path: Path, assignments: dict[str, list[Entry]]) -> str | None:
    """The assignment that a file is for, by its name; "01-convolution (1)" and "Copy of 01-convolution" count too."""
    return next((name for name in assignments if name in path.stem), None)


def as_text(line: Line) -> str:
    """A line as it is printed, at most 100 characters wide."""
    mark = {True: "✓", False: "✗", None: "–"}[line.ok]
    text = f"{line.about}: {line.sentence}" if line.sentence else line.about
    return textwrap.fill(text, 100, initial_indent=f"{mark} ", subsequent_indent="  ", break_long_words=False)


def report(path: Path, name: str, entries: list[Entry]) -> Iterator[Line]:
    """All that is to be said about a notebook, line by line while it is found out."""
    try:
        nb = read(path)
    except Unreadable as error:
        yield Line(False, "file", str(error))
        return
    problems = [*file_problems(path, name, nb), *cell_problems(nb, entries)]
    yield from problems
    if not problems:
        yield Line(True, f"the file and all {len(entries)} cells of the assignment are in order")
    ran = rehearse(nb, [entry.defines for entry in entries if entry.defines])
    if ran.stopped:
        yield Line(False, "run", ran.stopped)
    elif not ran.errors:
        yield Line(True, f"all cells run from top to bottom, in {ran.seconds:.0f} s")
    yield from own_cells(nb, entries, ran)
    parts = [part(entry, entries, nb, ran) for entry in entries if entry.kind == "solution"]
    if all(line.sentence.startswith(UNWRITTEN) for line in parts):
        yield Line(False, "parts", "all are as they were handed out. Did you save, and is this the file you worked in?")
    yield from parts


def read(path: Path) -> NotebookNode:
    """The notebook, or `Unreadable` with what is wrong and what to do."""
    if path.stat().st_size > LARGEST_MIB << 20:
        size = path.stat().st_size / (1 << 20)
        raise Unreadable(
            f"it has {size:.0f} MiB, the grader reads {LARGEST_MIB} at most. Clear the outputs of all cells, and save."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nb = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
            nbformat.validate(nb)
    except Exception as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Unreadable(f"it cannot be read as a notebook, and would count as zero ({said:.120}). {MENDING}") from None
    return nb


def file_problems(path: Path, name: str, nb: NotebookNode) -> Iterator[Line]:
    """What is wrong with the file as a whole: its name, its language, its nbgrader metadata."""
    if path.name != f"{name}.ipynb":
        yield Line(False, "file", f"it must be called {name}.ipynb to be found; it is called {path.name}.")
    kernel = nb.metadata.get("kernelspec", {})
    language = nb.metadata.get("language_info", {}).get("name") or kernel.get("language") or "python"
    if language != "python":
        yield Line(
            False,
            "kernel",
            f"the notebook is for {language}; choose a Python kernel (Kernel → Change Kernel), and save.",
        )


def cell_problems(nb: NotebookNode, entries: list[Entry]) -> Iterator[Line]:
    """Cells of the assignment that are missing, doubled, changed, or have lost what marks them."""
    marked = [grade_id(cell) for cell in nb.cells]
    lost = [entry.id for entry in entries if entry.id not in marked and found(nb, entry)]
    if lost:
        some = ", ".join(f"`{i}`" for i in lost[:3]) + (" …" if len(lost) > 3 else "")
        yield Line(
            False, "cells", f"{len(lost)} have lost their marks for grading ({some}), as some editors do. {MENDING}"
        )
    for entry in entries:
        cells = [cell for cell, i in zip(nb.cells, marked) if i == entry.id]
        if not cells and entry.id not in lost:
            yield Line(False, f"cell `{entry.id}`", f"it is missing. {MENDING}")
        if len(cells) > 1:
            yield Line(
                False,
                f"cell `{entry.id}`",
                f"it is there {len(cells)} times. Keep one, and copy code into new cells, not with the whole cell.",
            )
        for cell in cells[:1]:
            if cell.cell_type != entry.type:
                yield Line(
                    False, f"cell `{entry.id}`", f"it must be a {entry.type} cell, it is a {cell.cell_type} cell."
                )
            elif entry.kind != "solution" and digest(cell) != entry.digest:
                yield Line(
                    False,
                    f"cell `{entry.id}`",
                    "it is locked, and was changed. The grader takes the original; write into a cell of your own.",
                )
    order = [entry.id for entry in entries]
    there = [order.index(i) for i in marked if i in order]
    if len(there) == len(set(there)) and there != sorted(there):
        yield Line(
            False, "cells", f"their order has changed; the grader runs them in the assignment's order. {MENDING}"
        )


def digest(cell: NotebookNode) -> str:
    """How a cell was handed out, in short: `autograder.release` writes the same into the list of cells."""
    return hashlib.sha256(cell.source.encode()).hexdigest()[:16]


def grade_id(cell: NotebookNode) -> str | None:
    """The id that marks a cell for grading, if it has one."""
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def found(nb: NotebookNode, entry: Entry) -> NotebookNode | None:
    """The cell that an entry stands for: by its mark, else by its id, its text, or the name it defines."""
    defines = re.compile(rf"(?m)^(def {entry.defines}\b|class {entry.defines}\b|{entry.defines}\s*=)")
    tests = (
        lambda cell: cell.get("id") == entry.id,
        lambda cell: digest(cell) == entry.digest,
        lambda cell: entry.defines and cell.cell_type == "code" and defines.search(cell.source),
    )
    marked = next((cell for cell in nb.cells if grade_id(cell) == entry.id), None)
    return marked or next((cell for test in tests for cell in nb.cells if not grade_id(cell) and test(cell)), None)


def told(number: int, nb: NotebookNode, ran: Ran) -> str:
    """How the cell of this number ended, and why a name that it missed was missing."""
    others = [
        Cell(grade_id(cell) or first_line(cell), cell.source, ran.errors.get(i, ""))
        for i, cell in enumerate(nb.cells)
        if cell.cell_type == "code" and i != number
    ]
    said = with_reason(ran.errors[number], others).rstrip(".")
    return f"{said}. {PACKAGES_ONLY}" if "ModuleNotFoundError" in said else f"{said}."


def first_line(cell: NotebookNode) -> str:
    """The line by which a cell of one's own is called."""
    return cell.source.strip().partition("\n")[0][:60].replace("`", "")


def own_cells(nb: NotebookNode, entries: list[Entry], ran: Ran) -> Iterator[Line]:
    """Cells that are neither a part's own nor its checks, and raise."""
    parts = [found(nb, entry) for entry in entries if entry.kind != "given"]
    for number in ran.errors:
        cell, said = nb.cells[number], told(number, nb, ran)
        mark = grade_id(cell)
        if cell not in parts and "raises-exception" not in cell.metadata.get("tags", []):
            if mark:
                what = f"the given cell `{mark}`"
                yield Line(False, what, f"it stopped with {said} It uses what you wrote above it.")
            else:
                what = f"your own cell `{first_line(cell)}`"
                yield Line(False, what, f"it stopped with {said} Mend it or delete it.")


def part(entry: Entry, entries: list[Entry], nb: NotebookNode, ran: Ran) -> Line:
    """How one part stands: written, run, its name defined, its visible checks passed."""
    cell = found(nb, entry)
    if cell is None or digest(cell) == entry.digest:
        return Line(None if entry.optional else False, entry.id, UNWRITTEN + " (optional)" * entry.optional)
    if entry.type == "markdown":
        return Line(True, entry.id)
    if (number := nb.cells.index(cell)) in ran.errors:
        return Line(False, entry.id, f"its cell stopped with {told(number, nb, ran)}")
    check = next((found(nb, other) for other in entries if other.id == f"{entry.id}-visible"), None)
    if check is not None:
        number = nb.cells.index(check)
        if number in ran.errors:
            return Line(False, entry.id, failed_check(entry, number, nb, ran))
        if ran.stopped and number not in ran.finished:
            return Line(None, entry.id, "not reached")
    if entry.defines and entry.defines not in ran.defined and not ran.stopped:
        return Line(False, entry.id, f"`{entry.defines}` is not defined in the end. {KEEP}")
    return Line(True, entry.id)


def failed_check(entry: Entry, number: int, nb: NotebookNode, ran: Ran) -> str:
    """What a part's visible check says, whose cell has this number."""
    missed = MISSED.search(ran.errors[number])
    if not missed or missed[1] != entry.defines:
        return told(number, nb, ran).removeprefix(f"{entry.defines}: ")
    if entry.defines in ran.defined:
        return f"`{entry.defines}` is defined too late. Define it above the checks of this part."
    return f"`{entry.defines}` is not defined, although its cell ran to its end. {KEEP}"
