"""The notebooks as they are built from solutions/ now, and the implementations that examine the exam."""

import re
from functools import cache
from pathlib import Path

from autograder import release
from autograder.exam_tables.implementations import implementations
from autograder.objects.assignments import topic

ROOT = Path(__file__).resolve().parents[2]
NAMES = [path.stem for path in sorted(release.TEXTS.glob("*.py"))]


@cache
def source(name):
    """The instructor's notebook."""
    return release.source_notebook((release.TEXTS / f"{name}.py").read_text(encoding="utf-8"))


@cache
def released(name):
    """What students receive."""
    return release.released_notebook(source(name))


@cache
def reference(name):
    """The reference's code by grade_id, without the marks around it, in the notebook's order."""
    return {
        cell.id: release.solution_of(cell)
        for cell in source(name).cells
        if cell.cell_type == "code" and cell.metadata.nbgrader.solution
    }


def of_kind(name, *, wrong):
    """The right or the wrong implementations of an assignment."""
    return [one for one in implementations(topic(name)) if one.wrong == wrong]


def namespace(name, implementation=None):
    """What stands in a student's kernel who wrote this code, and the reference's in all other cells."""
    code = reference(name) | (implementation.cells(reference(name)) if implementation else {})
    scope = {"__name__": "__main__"}
    for cell in source(name).cells:
        picture = "needs(" in cell.source  # a given cell that shows what is written elsewhere
        if cell.cell_type == "code" and not cell.metadata.nbgrader.grade and not picture:
            exec(
                compile(code.get(cell.id, cell.source), f"<{implementation and implementation.id}: {cell.id}>", "exec"),
                scope,
            )
    return scope


@cache
def visible_checks(name, defined):
    """The visible cell of the part that defines a name."""
    assigned = rf"(?m)^(def|class) {defined}\b|^{defined} ="
    part = next(i for i, code in reference(name).items() if re.search(assigned, code))
    return next(cell.source for cell in source(name).cells if cell.id == f"{part}-visible")
