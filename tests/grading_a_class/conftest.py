"""A small assignment, and results as the examiner would give them, for tests of what is done with results."""

import copy
import gc
import os
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.classroom.folder import ClassFolder
from autograder.classroom.journal import Entry
from autograder.classroom.released import released
from autograder.examiner.results import CriterionResult, SubmissionResult

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book"))

NAME = "01-convolution"


def about(grade_id, *, grade=False, solution=False, points=None):
    values = dict(grade_id=grade_id, grade=grade, solution=solution, task=False, schema_version=3, locked=not solution)
    return {"nbgrader": values | ({"points": points} if grade else {})}


@pytest.fixture(autouse=True)
def programs(monkeypatch):
    """nbgrader starts `alembic` by name."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))


@pytest.fixture(autouse=True)
def collector():
    """`autograder` looks for garbage rarely. The next test is as it was before."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.fixture
def source():
    """An instructor's notebook: two parts of 2 and 8 points, an optional one, and a discussion for a person to mark."""
    nb = new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
    nb.cells += [
        new_markdown_cell("# Convolution\n\nFrom scratch.", metadata=about("intro")),
        new_code_cell("import torch", metadata=about("setup")),
    ]
    for name, points in (("output_size", 2.0), ("conv2d", 8.0), ("bonus", 0.0)):
        code = f"def {name}(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION"
        asked = f"from autograder import exam\nexam.{name}.grade({name})"
        hidden = f"# Hidden\n### BEGIN HIDDEN TESTS\n{asked}\n### END HIDDEN TESTS"
        nb.cells += [
            new_markdown_cell(f"## The part `{name}`", metadata=about(f"{name}-text")),
            new_code_cell(code, metadata=about(name, solution=True)),
            new_code_cell(f"checks.{name}({name})", metadata=about(f"{name}-visible", grade=True, points=0.0)),
            new_code_cell(hidden, metadata=about(f"{name}-hidden", grade=True, points=points)),
        ]
    answer = about("discussion", grade=True, solution=True, points=4.0)
    nb.cells += [
        new_markdown_cell("## Discuss", metadata=about("discussion-text")),
        new_markdown_cell("Your answer", metadata=answer),
    ]
    for cell in nb.cells:
        cell.id = cell.metadata.nbgrader.grade_id
    return nb


@pytest.fixture
def executed(source):
    """A function: the notebook of a student who wrote `code` for conv2d, as the examiner leaves it."""

    def make(code="def conv2d(x):\n    return x.flip(-1)", answer="Because.", outputs=(), points=(2.0, 6.0, 4.0)):
        nb = released(copy.deepcopy(source))
        cells = {cell.id: cell for cell in nb.cells}
        cells["conv2d"].source, cells["discussion"].source = code, answer
        cells["conv2d"].outputs = [nbformat.from_dict(output) for output in outputs]
        for name, earned in zip(("output_size", "conv2d", "bonus"), points):
            cells[f"{name}-visible"].outputs = [new_output("execute_result", data={"text/plain": "0.0"})]
            shown = "0.0" if name == "bonus" else str(earned)  # nbgrader refuses more than a cell's points
            cells[f"{name}-hidden"].outputs = [new_output("execute_result", data={"text/plain": shown})]
        return nb

    return make


def make_result(student="ada", points=(2.0, 6.0, 4.0), *, job="j1", **changes):
    """A result with these points for output_size, conv2d and bonus."""
    criteria = []
    for name, earned, most in zip(("output_size", "conv2d", "bonus"), points, (2.0, 8.0, 4.0)):
        for title, worth, gained in (
            ("values", most / 2, min(earned, most / 2)),
            ("edges", most / 2, max(earned - most / 2, 0.0)),
        ):
            wrong = gained < worth
            criteria.append(
                CriterionResult(
                    f"{name}-hidden",
                    title,
                    f"{title} of `{name}`",
                    worth,
                    gained,
                    sentence="The kernel is flipped." if wrong else None,
                    mistake="flipped-kernel" if wrong else None,
                )
            )
    cells = {f"{n}-visible": {"points": 0.0, "max_points": 0.0} for n in ("output_size", "conv2d", "bonus")}
    cells |= {
        f"{n}-hidden": {"points": p, "max_points": m} for n, p, m in zip(("output_size", "conv2d"), points, (2.0, 8.0))
    }
    cells["bonus-hidden"] = {"points": 0.0, "max_points": 0.0}
    values = dict(
        student=student,
        assignment=NAME,
        status="graded",
        score=sum(points[:2]),
        max_score=10.0,
        bonus=points[2],
        manual_points=None,
    )
    values |= dict(
        seconds={"fork": 0.1, "cells": 0.1, "exam": 0.1},
        criteria=criteria,
        limit=None,
        repaired=[],
        cells=cells,
        sha256="0" * 64,
        job=job,
    )
    return SubmissionResult(**(values | changes))


@pytest.fixture
def entry():
    """A function: a journal entry of such a result."""

    def make(
        student="ada", points=(2.0, 6.0, 4.0), *, known=True, notebook=True, timestamp=None, about=None, **changes
    ):
        return Entry(make_result(student, points, **changes), known, notebook, timestamp, **about or {})

    return make


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "submitted").mkdir()
    return ClassFolder(tmp_path)
