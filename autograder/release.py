"""From `solutions/<name>.py` the notebooks: `python -m autograder.release`, which is `make assignments`.

Each source, a text (jupytext, py:percent) or a notebook, becomes two notebooks:

- `_build/source/<name>/<name>.ipynb`, the instructor's, with solutions and hidden tests: the grader reads it;
- `assignments/<name>/<name>.ipynb`, what students receive, by the steps of `nbgrader generate_assignment`.

On a cell's header line stands its nbgrader metadata, of which only what differs from a locked text must be written:
`# %% nbgrader={"grade_id": "conv2d", "solution": true}`. Beside the notebooks goes `convcourse/assignments.json`, from
which `python -m convcourse check` knows what belongs into a submission, and `convcourse/handed_out.txt`, which keeps
what earlier versions were (`convcourse.handed_out`). The same sources give the same bytes. All
faults of all sources are told at once, and nothing is written then. An instructor's own asserts are tried on the
instructor's own solution first (`own_solution`).
"""

from __future__ import annotations

import ast
import copy
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)

from autograder import own_solution
from autograder.exam.assignment import Assignment
from autograder.examiner.grade_cells import asks_an_exam
from autograder.examiner.held import assignment, topic
from autograder.wire.limits import Limits
from convcourse.handed_out import VERSIONS, Allowed, recorded
from convcourse.submission.mending import fingerprint

ROOT = Path(__file__).parents[1]
TEXTS, SOURCE, RELEASED = ROOT / "solutions", ROOT / "_build" / "source", ROOT / "assignments"
MANIFEST = ROOT / "convcourse" / "assignments.json"

# What `nbgrader generate_assignment` does to a notebook, less what needs a gradebook or a kernel.
STEPS = (
    LockCells, ClearSolutions, ClearOutput, CheckCellMetadata, ComputeChecksums,
    ClearHiddenTests, ClearMarkScheme, ComputeChecksums, CheckCellMetadata,
)  # fmt: skip
STUB = "raise NotImplementedError()"
SECRET = re.compile(r"autograder|(BEGIN|END) (SOLUTION|HIDDEN TESTS)")
ASKED = re.compile(r"exam\.\w+\.(?P<exam>\w+)\.grade\((\w+)\)")
IMPORT = re.compile(r"import |from \S+ import ")
MARK = re.compile(r"(?m)^[ \t]*### (BEGIN|END) SOLUTION.*\n")
REGION = re.compile(r"(?ms)^[ \t]*### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)^[ \t]*### END \1$")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


@dataclass(frozen=True)
class Made:
    """A source as the instructor's notebook, and what students receive of it."""

    source: NotebookNode
    released: NotebookNode


def source_notebook(text: str, kind: str = "py") -> NotebookNode:
    """The instructor's notebook of a source: metadata in full, each cell's id its grade_id. kind: "py", or "ipynb",
    in which cells that nbgrader knows nothing of are given as they stand."""
    nb = jupytext.reads(text, fmt="py:percent") if kind == "py" else nbformat.reads(text, as_version=4)
    nb.metadata = nbformat.from_dict(METADATA)
    nb.nbformat, nb.nbformat_minor = 4, 5
    for number, cell in enumerate(nb.cells):
        given = cell.metadata.get("nbgrader", {})
        values = {"grade": False, "solution": False, "task": False, "schema_version": 3} | given
        values.setdefault("grade_id", f"without-id-{number}" if kind == "py" else f"cell-{cell.get('id', number)}")
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        values.setdefault("locked", not values["solution"])
        if cell.cell_type == "code" and (values["solution"] or values["grade"]):
            cell.metadata["tags"] = ["raises-exception"]  # "Run All" goes on where a part is not written yet
        cell.metadata["nbgrader"] = nbformat.from_dict(values)
        cell.id = re.sub(r"[^A-Za-z0-9_-]", "-", values["grade_id"])[:64]
    return nb


def released_notebook(source: NotebookNode) -> NotebookNode:
    """What students receive of it: solutions and hidden tests cut out, the rest locked, with checksums."""
    nb, resources = copy.deepcopy(source), {"language": "python"}
    for step in STEPS:
        nb, resources = step().preprocess(nb, resources)
    return nb


def solution_of(cell: NotebookNode) -> str:
    """The code of a cell of the instructor's notebook, without the marks around the solution."""
    return MARK.sub("", f"{cell.source}\n").rstrip()


def to_text(nb: NotebookNode) -> str:
    """A notebook as a file: the same notebook gives the same bytes."""
    nbformat.validate(nb)
    return nbformat.writes(nb) + "\n"


def checked(source: NotebookNode, assignment: Assignment) -> tuple[list[str], NotebookNode | None]:
    """What an instructor must mend before this notebook may go out, a sentence each, and what students receive of it,
    None where nbgrader makes nothing of it."""
    found = list(_headers(source))
    try:
        released = released_notebook(source)
    except Exception as error:  # nbgrader's steps raise whatever they like
        return [*found, f"nbgrader does not release it: {error}"], None
    return [*found, *_points(source, assignment), *_stubs(source, released), *_leaks(source, released)], released


def _headers(source: NotebookNode) -> Iterator[str]:
    ids = [cell.metadata.nbgrader.grade_id for cell in source.cells]
    for number, cell in enumerate(source.cells):
        if ids[number].startswith("without-id-"):
            yield f'the cell that starts with "{cell.source[:40]}" has no grade_id on its header line'
    yield from (f"{i}: {count} cells have this grade_id" for i, count in Counter(ids).items() if count > 1)


def _points(source: NotebookNode, assignment: Assignment) -> Iterator[str]:
    for cell in source.cells:
        about = cell.metadata.nbgrader
        if not utils.is_grade(cell):
            continue
        points = about.get("points")
        if points is None or points < 0 or points % 0.5:
            yield f"{about.grade_id}: {points} points; they must be a multiple of 0.5"
        elif utils.is_solution(cell):
            continue  # marked by a person
        elif asks_an_exam(cell.source):
            yield from _asked(cell, points, assignment)
        else:
            yield from _asserts(cell, points)


def _asked(cell: NotebookNode, points: float, assignment: Assignment) -> Iterator[str]:
    """Of a cell that asks an exam."""
    i, asked = cell.metadata.nbgrader.grade_id, ASKED.search(cell.source)
    if not i.endswith("-hidden"):
        yield f"{i}: the grade_id of a cell that asks an exam must end in -hidden"
        return
    exam = assignment.exam(asked["exam"]) if asked else None
    if exam is None:
        there = ", ".join(f"`{exam.name}`" for exam in assignment.exams) or "no exam at all"
        yield f"{i}: it calls no exam of {assignment.name}; autograder/exam/{topic(assignment.name)} has {there}"
        return
    if points != (0 if exam.bonus else exam.points):
        yield f"{i}: {points} points on the cell, {exam.points} in its exam"
    said = f"{exam.points:g} {'bonus ' if exam.bonus else ''}point"
    if said not in cell.source:
        yield f'{i}: its comment must tell students what it gives, "({said}s)"'


def _asserts(cell: NotebookNode, points: float) -> Iterator[str]:
    """Of a cell with asserts of the instructor's own."""
    i = cell.metadata.nbgrader.grade_id
    if cell.cell_type != "code":
        yield f"{i}: a cell of text gives points only where a person marks it; set solution to true"
        return
    try:
        tests = ast.parse(cell.source).body
    except SyntaxError as error:
        yield f"{i}: line {error.lineno} is no Python ({error.msg}); magics and commands do not run in tests"
        return
    if points and not tests:
        yield f"{i}: it has {points:g} points and no test"


def _stubs(source: NotebookNode, released: NotebookNode) -> Iterator[str]:
    for cell, stub in zip(source.cells, released.cells):
        if not utils.is_solution(cell) or cell.cell_type != "code":
            continue
        i = cell.metadata.nbgrader.grade_id
        if not REGION.search(cell.source):
            yield f"{i}: it has no ### BEGIN SOLUTION … ### END SOLUTION, between which your solution stands"
        elif STUB not in stub.source:
            yield f"{i}: the stub does not raise NotImplementedError"
        kept = set(cell.source.splitlines()) | {"# YOUR CODE HERE", STUB}
        for line in stub.source.splitlines():
            if line not in kept and line.strip() not in kept:
                yield f"{i}: the stub's line {line!r} is not the solution's"


def _leaks(source: NotebookNode, released: NotebookNode) -> Iterator[str]:
    """Text that only the instructor may have, in what students receive."""
    given = {line.strip() for cell in released.cells for line in cell.source.splitlines()}
    for cell in released.cells:
        if found := SECRET.search(cell.source):
            yield f"{cell.metadata.nbgrader.grade_id}: students would read {found[0]!r}"
    for cell in source.cells:
        for region in REGION.finditer(cell.source):
            lines = {line.strip() for line in region[2].splitlines()}
            for line in sorted(line for line in lines & given if len(line) > 24 and not IMPORT.match(line)):
                yield f"{cell.metadata.nbgrader.grade_id}: the line {line!r} stands in the released notebook"


def manifest(made: dict[str, Made]) -> dict[str, Any]:
    """What `convcourse check` must know: each assignment's cells in order as handed out, and what code may use."""
    return {
        name: {"allowed": _allowed(assignment(name).limits), "cells": list(_entries(one))} for name, one in made.items()
    }


def _allowed(limits: Limits) -> dict[str, Any]:
    return {field.name: getattr(limits, field.name) for field in fields(Allowed)}


def _entries(made: Made) -> Iterator[dict[str, Any]]:
    asked = {
        cell.metadata.nbgrader.grade_id.removesuffix("-hidden"): (name[2], cell.metadata.nbgrader.points == 0)
        for cell in made.source.cells
        if (name := ASKED.search(cell.source))
    } | own_solution.defined(made.source)
    for cell in made.released.cells:
        about = cell.metadata.nbgrader
        kind = "solution" if about.solution else "grade" if about.grade else "given"
        entry = {"id": about.grade_id, "type": cell.cell_type, "kind": kind, "text": cell.source}
        if kind == "solution" and about.grade_id in asked:
            entry["defines"], entry["optional"] = asked[about.grade_id]
        yield entry


def write(path: Path, text: str) -> None:
    """Write a file, unless it holds this text already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")


def build() -> dict[Path, str]:
    """Every derived file with its text. Raise SystemExit with all faults, if there are any."""
    made: dict[str, Made] = {}
    found: list[str] = []
    for path in sorted([*TEXTS.glob("*.py"), *TEXTS.glob("*.ipynb")]):
        faulty, one = _read(path)
        found += [f"{path.relative_to(TEXTS.parent)}: {fault}" for fault in faulty]
        if path.suffix == ".py" and (other := path.with_suffix(".ipynb")).exists():
            found.append(f"{path.relative_to(TEXTS.parent)}: there is {other.name} too; keep one of the two")
        if one is not None:
            made[path.stem] = one
    if not found:
        found = list(own_solution.faults({name: one.source for name, one in made.items()}))
    if found:
        raise SystemExit("Nothing was released:\n" + "\n".join(f"  {fault}" for fault in found))
    files: dict[Path, str] = {}
    for name, one in made.items():
        files[SOURCE / name / f"{name}.ipynb"] = to_text(one.source)
        files[RELEASED / name / f"{name}.ipynb"] = to_text(one.released)
    told = manifest(made)
    files[MANIFEST] = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
    now = {(name, cell["id"], fingerprint(cell["text"])) for name, known in told.items() for cell in known["cells"]}
    files[VERSIONS] = "".join("\t".join(line) + "\n" for line in sorted(recorded() | now))
    return files


def _read(path: Path) -> tuple[list[str], Made | None]:
    """A source's faults, and what it makes."""
    try:
        source = source_notebook(path.read_text(encoding="utf-8"), path.suffix[1:])
    except Exception as error:  # jupytext and nbformat raise whatever they like
        return [f"it is no source of a notebook: {type(error).__name__}: {error}"], None
    try:
        held = assignment(path.stem)
    except Exception as error:
        return [f"its exam package cannot be loaded: {type(error).__name__}: {error}"], None
    faults, released = checked(source, held)
    return faults, Made(source, released) if released is not None else None


def main(arguments: list[str]) -> None:
    if arguments:
        raise SystemExit("Usage: python -m autograder.release (and python -m autograder.student_wheel for the wheel)")
    for path, text in build().items():
        write(path, text)


if __name__ == "__main__":
    main(sys.argv[1:])
