"""The demo's class: 24 invented people, and the notebook that each of them hands in.

A notebook is the released one with code put into its solution cells. The code of the right and of the wrong ones is
that of `tests/exam/<exam>/{right,wrong}/`, which exist to examine the exam; what such a file leaves open is the
reference's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.demo import hostile
from autograder.examiner.run import ROOT, source_of

ASSIGNMENT = "01-convolution"
CELL = {"separate": "bonus"}  # the one name whose cell is called otherwise
IMPLEMENTATIONS = ROOT / "tests" / "exam" / "convolution"


@dataclass(frozen=True)
class Student:
    """`kind`: correct, mistake, half-way or hostile; `how`: the file or the attack, and in the table what is
    special."""

    id: str
    kind: str
    how: str

    def solutions(self, reference: dict[str, str]) -> dict[str, str]:
        """The code for each solution cell, by grade_id; cells that are not named stay as they were handed out."""
        if self.kind == "correct":
            return reference | from_file(IMPLEMENTATIONS / "right" / f"{self.how}.py", list(reference))
        if self.kind == "mistake":
            return reference | from_file(IMPLEMENTATIONS / "wrong" / f"{self.how}.py", list(reference))
        if self.kind == "half-way":
            return {name: reference[name] for name in list(reference)[: list(reference).index(self.how) + 1]}
        return {"output_size": reference["output_size"], "conv2d": getattr(hostile, self.how).strip()}


CLASS = [
    Student("ada.lindqvist", "correct", "loops"),
    Student("bruno.ferreira", "correct", "index_im2col"),
    Student("chiara.conti", "correct", "as_strided_tensordot"),
    Student("dmitri.volkov", "correct", "unfold_einsum"),
    Student("elif.demir", "correct", "fft"),
    Student("farid.haddad", "correct", "shift_and_add"),
    Student("grace.mbeki", "correct", "toeplitz"),
    Student("hana.sato", "correct", "group_matmul"),
    Student("ivan.petrov", "correct", "numpy_function"),
    Student("jun.park", "correct", "vmap"),
    Student("kwame.asante", "mistake", "conv_flipped"),
    Student("lena.hoffmann", "mistake", "conv_stride_swapped"),
    Student("mateo.rojas", "mistake", "conv_padding_at_the_start"),
    Student("nadia.rahman", "mistake", "size_rounds_up"),
    Student("olga.nowak", "mistake", "kernels_sobels_swapped"),
    Student("pablo.vega", "mistake", "apply_shrinks"),
    Student("quynh.tran", "mistake", "backward_unflipped"),
    Student("rosa.amato", "mistake", "layer_bias_anyway"),
    Student("sven.dahl", "half-way", "KERNELS"),
    Student("tariq.aziz", "half-way", "conv2d"),
    Student("uma.patel", "hostile", "READS_THE_TESTS"),
    Student("viktor.saar", "hostile", "PATCHES_TORCH"),
    Student("wanda.kral", "hostile", "NEVER_ENDS"),
    Student("xavier.roy", "hostile", "KILLS_ITS_PARENT"),
]


def reference_solutions() -> dict[str, str]:
    """The reference's code by grade_id, in the notebook's order, without the marks around it."""
    cells = nbformat.read(source_of(ASSIGNMENT), as_version=4).cells
    solutions = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")]
    return {
        c.metadata.nbgrader.grade_id: re.sub(r"(?m)^\s*### (BEGIN|END) SOLUTION\n?", "", c.source).rstrip()
        for c in solutions
    }


def from_file(path: Path, order: list[str]) -> dict[str, str]:
    """An implementation's code, split into cells: each graded name into its own, all else before the first of them."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    tree = ast.parse(text)
    header = ast.get_docstring(tree) or ""
    named = re.search(r"^names: (.+)$", header, re.MULTILINE)
    assert named, f"{path} has no line `names: …` in its docstring"
    names = [CELL.get(name, name) for name in named[1].split(", ")]
    cells: dict[str, list[str]] = {name: [] for name in sorted(names, key=order.index)}
    rest: list[str] = []
    start = tree.body[0].end_lineno or 0
    for node in tree.body[1:]:
        end = node.end_lineno or start
        code = "\n".join(lines[start:end])  # with the comments and decorators above it
        start = end
        name = next((n for n in _names(node) if CELL.get(n, n) in cells), None)
        (cells[CELL.get(name, name)] if name else rest).append(code)
    first = next(iter(cells))
    cells[first] = rest + cells[first]
    return {name: re.sub(r"\n{3,}", "\n\n\n", "\n".join(parts)).strip() for name, parts in cells.items()}


def _names(node: ast.stmt) -> Iterator[str]:
    """What a statement defines or, where it is no definition, mentions."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    else:
        yield from (part.id for part in ast.walk(node) if isinstance(part, ast.Name))


def filled_in(released: NotebookNode, solutions: dict[str, str]) -> NotebookNode:
    """The released notebook with this code in its solution cells, as Jupyter would save it."""
    nb = nbformat.from_dict(released)
    for cell in nb.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in solutions and cell.metadata.nbgrader.solution:
            cell.source = solutions[grade_id]
    return nb
