"""The notebook that runs, rebuilt from the instructor's.

From the student's file come the text of solution cells and of cells for a person to mark, and cells of their own
(`convcourse.submission.mending`). Everything else, metadata above all, is the instructor's.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from types import MappingProxyType

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.examiner.sanitise import clean_markdown
from autograder.wire.limits import LIMITS, Limits
from convcourse.handed_out import common
from convcourse.submission.intake import Cell
from convcourse.submission.mending import Given, defined, mend, stripped

SOLUTION = re.compile(r"(?ms)^([ \t]*)[^\n]*BEGIN SOLUTION.*?END SOLUTION[^\n]*$")
HIDDEN = re.compile(r"(?ms)\n?^[^\n]*BEGIN HIDDEN TESTS.*?END HIDDEN TESTS[^\n]*$")
NO_VERSIONS: Mapping[str, frozenset[str]] = MappingProxyType({})
EARLIER = "earlier-"  # how the ids of cells begin that an earlier version of the assignment had
STUB = {"code": "# YOUR CODE HERE\nraise NotImplementedError()", "markdown": "YOUR ANSWER HERE"}


def rebuild(
    submitted: bytes,
    source: NotebookNode,
    limits: Limits = LIMITS,
    versions: Mapping[str, frozenset[str]] = NO_VERSIONS,
) -> tuple[NotebookNode, list[str]]:
    """The notebook to run, and what was mended, in sentences for the student. `source`: the instructor's notebook;
    `versions`: fingerprints of the texts that its cells had in all versions, by their ids.

    Raise `Unreadable` where the bytes are no notebook, or none of this assignment.
    """
    ours = {cell.metadata.nbgrader.grade_id: cell for cell in source.cells}
    known = {key: replace(given(cell), versions=versions.get(key, frozenset())) for key, cell in ours.items()}
    mended = mend(submitted, known, limits, common(), {*chain(*versions.values())})
    pen = _Pen(limits.attachment_kib * 1024)
    program = NotebookNode({**copy.deepcopy(source), "cells": []})
    number = 0
    for key, written in mended.cells:
        if key is not None:
            cell = copy.deepcopy(ours[key])
            if is_answer(cell):
                cell.source = handed_out(cell)
        else:
            number += 1
            new = new_code_cell if written and written.kind == "code" else new_markdown_cell
            cell = new(id=f"{EARLIER if written and written.earlier else 'added-'}{number}")
        if written is not None:
            pen.write(cell, written)
        program.cells.append(cell)
    told = mended.told()
    if pen.left_out:
        told.append(
            f"Pictures of more than {limits.attachment_kib} KiB in all were pasted into cells; "
            f"{pen.left_out} cells are shown without theirs."
        )
    return program, told


def given(cell: NotebookNode) -> Given:
    """What is known of an instructor's cell when it is looked for in a student's file."""
    answer = is_answer(cell)
    names = defined(cell.source) if answer and cell.cell_type == "code" else ()
    return Given(cell.cell_type, answer, handed_out(cell), cell.source, frozenset(names))


def handed_out(cell: NotebookNode) -> str:
    """The text of an instructor's cell as students receive it: what nbgrader's ClearSolutions and ClearHiddenTests
    leave (importing them would take an examiner a second)."""
    if not is_answer(cell):
        return HIDDEN.sub("", cell.source)
    stub = STUB[cell.cell_type]
    text, regions = SOLUTION.subn(lambda m: "\n".join(m[1] + line for line in stub.split("\n")), cell.source)
    return text if regions else stub


def untouched(program: NotebookNode, source: NotebookNode) -> list[str]:
    """The grade_ids of a rebuilt notebook's cells for answers, and of tasks, in which nothing was written: they stand
    as they were handed out, or hold blanks. A cell for words stands not untouched where words follow in a cell of the
    student's own: a person reads them."""
    ours = {cell.metadata.nbgrader.grade_id: cell for cell in source.cells}
    found = []
    for cell, after in zip_longest(program.cells, program.cells[1:]):
        about = cell.metadata.get("nbgrader")
        if about is None or not (about.get("solution") or about.get("task")):
            continue
        text, words = handed_out(ours[about.grade_id]), cell.cell_type == "markdown"
        continued = words and after is not None and "nbgrader" not in after.metadata and after.cell_type == "markdown"
        if not continued and (stripped(cell.source) == stripped(text) or (words and not cell.source.strip())):
            found.append(about.grade_id)
    return found


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
