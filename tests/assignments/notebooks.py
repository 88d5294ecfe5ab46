"""The notebooks as they are built from solutions/ now, and the implementations that examine the exam."""

import ast
import re
from functools import cache
from pathlib import Path

from autograder import release
from autograder.demo.students import from_file

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
        cell.id: re.sub(r"(?m)^\s*### (BEGIN|END) SOLUTION\n?", "", cell.source).rstrip()
        for cell in source(name).cells
        if cell.cell_type == "code" and cell.metadata.nbgrader.solution
    }


def implementations(name, kind):
    """The files of `right` or `wrong` implementations of an assignment."""
    return sorted((ROOT / "tests/exam" / name.split("-", 1)[1].replace("-", "_") / kind).glob("*.py"))


def header(path):
    """A file's (names, mistake)."""
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    mistake = re.search(r"^mistake: (.+)$", doc, re.MULTILINE)
    return re.search(r"^names: (.+)$", doc, re.MULTILINE)[1].split(", "), mistake and mistake[1]


def namespace(name, path):
    """What stands in a student's kernel who wrote the file's code, and the reference's in all other cells."""
    code = reference(name) | from_file(path, reference(name))
    scope = {"__name__": "__main__"}
    for cell in source(name).cells:
        picture = "needs(" in cell.source  # a given cell that shows what is written elsewhere
        if cell.cell_type == "code" and not cell.metadata.nbgrader.grade and not picture:
            exec(compile(code.get(cell.id, cell.source), f"<{path.stem}: {cell.id}>", "exec"), scope)
    return scope


@cache
def visible_checks(name, defined):
    """The visible cell of the part that defines a name."""
    assigned = rf"(?m)^(def|class) {defined}\b|^{defined} ="
    part = next(i for i, code in reference(name).items() if re.search(assigned, code))
    return next(cell.source for cell in source(name).cells if cell.id == f"{part}-visible")
