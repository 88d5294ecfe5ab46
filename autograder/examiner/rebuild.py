"""The notebook that runs, rebuilt from the instructor's.

From the student's file come the text of solution cells and of cells for a person to mark, and cells of their own, each
placed after the known cell before it. Everything else, metadata above all, is the instructor's. Accidents are mended
and told: cells that lost their metadata are found by their id, their text, what they define, or their place; of doubled
ids the last one that was written in counts; locked cells are put back, and imports that were added to them are kept.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain, pairwise

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.examiner.intake import Cell, Submitted, Unreadable, parse
from autograder.examiner.sanitise import clean_markdown
from autograder.examiner.source_words import parsed
from autograder.wire.limits import LIMITS, Limits

SOLUTION = re.compile(r"(?ms)^([ \t]*)[^\n]*BEGIN SOLUTION.*?END SOLUTION[^\n]*$")
HIDDEN = re.compile(r"(?ms)\n?^[^\n]*BEGIN HIDDEN TESTS.*?END HIDDEN TESTS[^\n]*$")
STUB = {"code": "# YOUR CODE HERE\nraise NotImplementedError()", "markdown": "YOUR ANSWER HERE"}
PYTHON = "", "python", "python3", "ipython"
# What can happen to cells, in the order in which it is told; {} are the cells.
SENTENCES = {
    "id": "These cells had lost nbgrader's metadata and were recognised by their ids: {}.",
    "text": "These cells had lost nbgrader's metadata and were recognised by their text: {}.",
    "name": "These cells had lost nbgrader's metadata and were recognised by what they define: {}.",
    "place": "These cells had lost nbgrader's metadata and were recognised by their place: {}.",
    "doubled": "These cells were there more than once, and the last one that was written in counts: {}.",
    "kind": "These cells had become cells of another type and were changed back: {}.",
    "changed": "These locked cells had been changed and were put back: {}.",
    "imports": "Imports had been added to these locked cells; they were kept and run after them: {}.",
    "gone": "These locked cells were missing and were put back: {}.",
    "no answer": "These cells for answers were missing and count as left as they were handed out: {}.",
}


@dataclass
class Accidents:
    """What had to be mended: cells by accident, and sentences about the file as a whole."""

    cells: dict[str, list[str]] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)

    def add(self, accident: str, key: str) -> None:
        self.cells.setdefault(accident, []).append(key)

    def told(self) -> list[str]:
        names = {accident: ", ".join(f"`{key}`" for key in keys) for accident, keys in self.cells.items()}
        return [words.format(names[what]) for what, words in SENTENCES.items() if what in names] + self.others


def rebuild(submitted: bytes, source: NotebookNode, limits: Limits = LIMITS) -> tuple[NotebookNode, list[str]]:
    """The notebook to run, and what was mended, in sentences for the student. `source`: the instructor's notebook.

    Raise `Unreadable` where the bytes are no notebook, or none of this assignment.
    """
    accidents = Accidents()
    file = parse(submitted, limits)
    _tell_of_the_file(file, accidents)
    given = {cell.metadata.nbgrader.grade_id: cell for cell in source.cells}
    recognise(file.cells, given, accidents)
    _tell_of_long_cells(file.cells, limits, accidents)
    if not any(cell.key for cell in file.cells):
        raise Unreadable("None of this assignment's cells is in it. Is it the notebook of another assignment?")
    answers = _answers(file.cells, given, accidents)
    added = _added(_with_imports(file.cells, given, accidents), limits, accidents)
    pen = _Pen(limits.attachment_kib * 1024)
    program = NotebookNode({**copy.deepcopy(source), "cells": []})
    number = 0
    for key in (None, *given):
        if key is not None:
            cell = copy.deepcopy(given[key])
            if is_answer(cell):
                cell.source = handed_out(cell)
                if key in answers:
                    pen.write(cell, answers[key])
            program.cells.append(cell)
        for own in added.get(key, []):
            number += 1
            new = new_code_cell if own.kind == "code" else new_markdown_cell
            program.cells.append(new(id=f"added-{number}"))
            pen.write(program.cells[-1], own)
    if pen.left_out:
        accidents.others.append(
            f"Pictures of more than {limits.attachment_kib} KiB in all were pasted into cells; "
            f"{pen.left_out} cells are shown without theirs."
        )
    return program, accidents.told()


def handed_out(cell: NotebookNode) -> str:
    """The text of an instructor's cell as students receive it: what nbgrader's ClearSolutions and ClearHiddenTests
    leave (importing them would take an examiner a second)."""
    if not is_answer(cell):
        return HIDDEN.sub("", cell.source)
    stub = STUB[cell.cell_type]
    text, regions = SOLUTION.subn(lambda m: "\n".join(m[1] + line for line in stub.split("\n")), cell.source)
    return text if regions else stub


def untouched(program: NotebookNode, source: NotebookNode) -> list[str]:
    """The grade_ids of a rebuilt notebook's cells for answers, and of tasks, that stand as they were handed out."""
    ours = {cell.metadata.nbgrader.grade_id: cell for cell in source.cells}
    return [
        cell.metadata.nbgrader.grade_id
        for cell in program.cells
        if "nbgrader" in cell.metadata
        and (is_answer(cell) or cell.metadata.nbgrader.get("task"))
        and cell.source == handed_out(ours[cell.metadata.nbgrader.grade_id])
    ]


def is_answer(cell: NotebookNode) -> bool:
    """Is it a cell that students write in?"""
    return bool(cell.metadata.nbgrader.get("solution"))


@dataclass
class _Pen:
    """Writes what students wrote into cells, with the pictures that they pasted, as long as there is `room` for so many
    bytes of base64."""

    room: int
    left_out: int = 0

    def write(self, cell: NotebookNode, written: Cell) -> None:
        if cell.cell_type == "code":
            cell.source = written.source
            return
        size = sum(len(data) for bundle in written.attachments.values() for data in bundle.values())
        if size > self.room:
            self.left_out += 1
        elif size:
            self.room -= size
            cell.attachments = written.attachments
        cell.source = clean_markdown(written.source, cell.get("attachments", ()))


def _tell_of_the_file(file: Submitted, accidents: Accidents) -> None:
    if file.broken:
        accidents.others.append(f"{file.broken} of the file's cells were no cells of a notebook and were left out.")
    if file.language.lower() not in PYTHON:
        accidents.others.append(f"It was saved with a kernel for {file.language!r} and was graded with Python 3.")


def _tell_of_long_cells(cells: list[Cell], limits: Limits, accidents: Accidents) -> None:
    long = [cell for cell in cells if cell.long]
    known = list(dict.fromkeys(f"`{cell.key}`" for cell in long if cell.key))
    if own := sum(cell.key is None for cell in long):
        known.append(f"{own} of your own")
    if known:
        accidents.others.append(
            f"A cell may hold {limits.cell_kib} KiB of text, and all cells together {limits.cells_kib} KiB. What these "
            f"cells held was more and was left out: {', '.join(known)}. Hand in the notebook without data in its cells."
        )


def recognise(cells: list[Cell], given: dict[str, NotebookNode], accidents: Accidents) -> None:
    """Set each cell's `key`: by nbgrader's metadata, else by its id, its text, what it defines, or its place."""
    for cell in cells:
        cell.key = cell.grade_id if cell.grade_id in given else None
    missing = given.keys() - {cell.key for cell in cells}
    order = list(given)

    def claim(how: str, cell: Cell, key: str) -> None:
        cell.key = key
        missing.discard(key)
        accidents.add(how, key)

    texts: dict[str, set[str]] = {}
    names: dict[str, set[str]] = {}
    for key, ours in given.items():
        texts.setdefault(_stripped(handed_out(ours)), set()).add(key)
        for name in defined(ours.source) if ours.cell_type == "code" and is_answer(ours) else ():
            names.setdefault(name, set()).add(key)
    fitting: dict[str, Callable[[Cell], Iterable[str]]] = {
        "id": lambda cell: [cell.id or ""],
        "text": lambda cell: texts.get(_stripped(cell.source), []),
        "name": lambda cell: chain(*(names.get(name, []) for name in defined(cell.source) if cell.kind == "code")),
    }
    for how, fits in fitting.items():
        for cell in reversed(cells):  # of several that fit, the last is the one meant
            if missing and cell.key is None and not cell.empty and (found := missing.intersection(fits(cell))):
                claim(how, cell, max(found, key=order.index))
    for before, key in pairwise(given):
        if key in missing and is_answer(given[key]) and given[key].cell_type == "markdown":
            after = next((b for a, b in pairwise(cells) if a.key == before), None)
            if after and after.key is None and after.kind == "markdown":
                claim("place", after, key)
    for keys in accidents.cells.values():
        keys.sort(key=order.index)


def defined(source: str) -> set[str]:
    """The names that a cell's text defines at its outermost level, as far as this can be told without parsing it."""
    bound = re.findall(r"(?m)^(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]+)?=(?!=)", source)
    return {function or variable for function, variable in bound}


def _stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))


def _answers(cells: list[Cell], given: dict[str, NotebookNode], accidents: Accidents) -> dict[str, Cell]:
    """The cell that counts for each answer that does not stand as it was handed out. Its other copies, where something
    was written in them, become the student's own cells; copies of locked cells count for nothing."""
    counted: dict[str, Cell] = {}
    for key, ours in given.items():
        copies = [cell for cell in cells if cell.key == key]
        stub = _stripped(handed_out(ours))
        if not is_answer(ours):
            if ours.cell_type == "code":
                same = stub, _stripped(ours.source)
                if not copies:
                    accidents.add("gone", key)
                elif any(_stripped(cell.source) not in same for cell in copies):
                    accidents.add("changed", key)
            continue
        if not copies:
            accidents.add("no answer", key)
            continue
        changed = [cell for cell in copies if cell.attachments or _stripped(cell.source) != stub]
        written = [cell for cell in changed if not cell.empty]
        if changed:
            counted[key] = (written or changed)[-1]
        for other in written[:-1]:
            other.key = None
        if len(copies) > 1:
            accidents.add("doubled", key)
        if counted.get(key, copies[-1]).kind != ours.cell_type:
            accidents.add("kind", key)
    return counted


def _with_imports(cells: list[Cell], given: dict[str, NotebookNode], accidents: Accidents) -> list[Cell]:
    """The cells, and after a locked one the imports that were added to it, each in a cell of its own: one that fails
    costs no other."""
    locked = {key: ours for key, ours in given.items() if ours.cell_type == "code" and not is_answer(ours)}
    known = {key: {*_imports(ours.source)} for key, ours in locked.items()}
    found: list[Cell] = []
    for cell in cells:
        found.append(cell)
        if cell.key in known and cell.kind == "code":
            kept = [line for line in _imports(cell.source) if line not in known[cell.key]]
            known[cell.key].update(kept)
            if kept:
                accidents.add("imports", cell.key)
            found += [Cell("code", line) for line in kept]
    return found


def _imports(source: str) -> list[str]:
    """The imports at a cell's outermost level."""
    tree = parsed(source)
    return [ast.unparse(one) for one in (tree.body if tree else ()) if isinstance(one, ast.Import | ast.ImportFrom)]


def _added(cells: list[Cell], limits: Limits, accidents: Accidents) -> dict[str | None, list[Cell]]:
    """The student's own cells, by the known cell that they follow (None: before all)."""
    placed: dict[str | None, list[Cell]] = {}
    before, count = None, 0
    for cell in cells:
        if cell.key is not None:
            before = cell.key
        elif not cell.empty:
            count += 1
            if count <= limits.added_cells:
                placed.setdefault(before, []).append(cell)
    if count > limits.added_cells:
        accidents.others.append(f"{count} cells were added; those after the first {limits.added_cells} were left out.")
    return placed
