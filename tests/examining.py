"""Fixtures for tests of the examiner: a small notebook of assignment 01, and what students make of it."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

NAME = "01-convolution"
HIDDEN = "# Hidden tests stand here.\n### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"


def about(grade_id, *, grade=False, solution=False, points=None):
    values = dict(grade_id=grade_id, grade=grade, solution=solution, task=False, schema_version=3, locked=not solution)
    return {"nbgrader": values | ({"points": points} if grade else {})}


@pytest.fixture
def source():
    """An instructor's notebook with two parts, a question, and a discussion for a person to mark."""
    nb = new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
    nb.cells += [
        new_markdown_cell("# Convolution\n\nFrom scratch.", metadata=about("intro")),
        new_code_cell("import torch", metadata=about("setup")),
    ]
    parts = {
        "output_size": (
            "def output_size(n, kernel_size, stride=1, padding=0, dilation=1):",
            "return (n + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1",
            "assert output_size(5, 3) == 3, 'a row of 5 holds 3 windows of 3'\nprint('✓ one window after the other')",
            "exam.convolution.output_size.grade(output_size)",
            3.0,
        ),
        "conv2d_naive": (
            "def conv2d_naive(x, weight, bias=None):",
            "return torch.nn.functional.conv2d(x, weight, bias)  # which is banned",
            "print('nothing is checked')",
            "exam.convolution.conv2d_naive.grade(conv2d_naive)",
            4.0,
        ),
    }
    for name, (head, body, visible, hidden, points) in parts.items():
        code = f"{head}\n    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION"
        nb.cells += [
            new_markdown_cell(f"## The part `{name}`", metadata=about(f"{name}-text")),
            new_code_cell(code, metadata=about(name, solution=True)),
            new_code_cell(visible, metadata=about(f"{name}-visible", grade=True, points=0.0)),
            new_code_cell(
                HIDDEN.format(f"from autograder import exam\n{hidden}"),
                metadata=about(f"{name}-hidden", grade=True, points=points),
            ),
        ]
    nb.cells += [
        new_markdown_cell("## Discuss", metadata=about("discussion-text")),
        new_markdown_cell("Because.", metadata=about("discussion", grade=True, solution=True, points=4.0)),
    ]
    for cell in nb.cells:
        cell.id = cell.metadata.nbgrader.grade_id
    return nb


@pytest.fixture
def handed_out(source):
    """The notebook that students receive."""
    from autograder.release import released_notebook

    return released_notebook(source)


@pytest.fixture
def written(handed_out):
    """A function: the submitted bytes of someone who wrote these texts into these cells and `changed` the rest."""

    def make(changed=lambda nb: None, **texts):
        nb = copy.deepcopy(handed_out)
        for cell in nb.cells:
            cell.source = texts.get(cell.metadata.nbgrader.grade_id, cell.source)
        changed(nb)
        return nbformat.writes(nb).encode()

    return make
