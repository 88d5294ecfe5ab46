"""What `explain` shows of a submission that was examined again, and what it leaves out."""

import ast
from pathlib import Path

import pytest

from autograder.classroom import explain
from autograder.classroom.choosing import known_student
from autograder.classroom.errors import UserError
from autograder.classroom.explain import Examined

UNWRITTEN = "`{}` is not written yet: it raised NotImplementedError."


def row(part, id, sentence=None):
    about = {"cell": f"{part}-hidden", "criterion": id, "title": f"{id} of {part}", "points": 1.0, "mistake": None}
    return about | {"earned": 0.0 if sentence else 1.0, "sentence": sentence}


def case(part, id, python=None):
    about = {"cell": f"{part}-hidden", "criterion": id, "python": python}
    return about | {"case": f"case of {part} {id}", "expected": "1", "got": "2"}


@pytest.fixture
def half_written():
    """A function: of someone who wrote conv2d, half of pool, and nothing of layer and net."""
    rows = [
        row("conv2d", "values", "The kernel is flipped."),
        row("conv2d", "stride"),
        row("pool", "values", "It takes the smallest."),
        row("pool", "dilation", UNWRITTEN.format("pool")),
        row("layer", "values", UNWRITTEN.format("layer")),
        row("layer", "groups", UNWRITTEN.format("layer")),
        row("net", "size", "`net` is not defined where this cell runs."),
    ]
    result = {"student": "ada", "assignment": "01-convolution", "status": "graded", "score": 1.0, "max_score": 7.0}
    result |= {key: [] for key in ("repaired", "noticed", "faults", "stopped")}
    result |= {"limit": None, "criteria": rows, "untouched": ["net"]}
    python = "got = names['conv2d'](1)\ncompare(got, 2)\n"
    cases = [case(one["cell"].removesuffix("-hidden"), one["criterion"], python) for one in rows]
    return lambda part=None, **more: Examined(result | more, cases, part, Path("it's here/ada.ipynb"))


def test_what_is_not_written_is_named_and_left_out(half_written, capsys):
    explain.told(half_written())
    said = capsys.readouterr().out
    assert "case of conv2d values" in said and "case of pool values" in said
    assert "Not written, so left out here with so many criteria: pool (1), layer (2), net (1)." in " ".join(
        said.split()
    )
    assert "NotImplementedError" not in said and "case of layer" not in said and "case of net" not in said


def test_one_part_is_shown_alone(half_written, capsys):
    explain.told(half_written("conv2d"))
    said = capsys.readouterr().out
    assert "case of conv2d values" in said and "pool" not in said and "layer" not in said
    explain.told(half_written("layer"))
    assert "layer (2)" in capsys.readouterr().out


def test_where_all_is_right_that_is_said(half_written, capsys):
    explain.told(half_written(criteria=[row("conv2d", "values")]))
    assert "Every criterion was met." in capsys.readouterr().out


@pytest.mark.parametrize(
    "sentence", ["One line.", "two\nimport os\n", 'quotes """ and \\', "ends in \\", "\x00\x1b[2J\r"]
)
def test_the_program_is_python_whatever_a_student_made_the_grader_say(half_written, sentence):
    rows = [row("conv2d", "values", sentence), row("pool", "values", sentence)]
    found = half_written(criteria=rows, student=f"ada {sentence}", assignment="01-convolution")
    text = explain.program(found)
    tree = ast.parse(text)
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("case_")]
    assert functions == ["case_1", "case_2"]
    imported = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert imported.count("os") == 1 and "\x1b" not in text and "\x00" not in text
    values = {node.targets[0].id: node.value for node in tree.body if type(node) is ast.Assign and _is_name(node)}
    assert values["NOTEBOOK"].value == "it's here/ada.ipynb"


def _is_name(node):
    return isinstance(node.targets[0], ast.Name)


def test_a_student_who_is_mistyped_is_offered(folder):
    for name in ("ada.lindqvist", "ben"):
        (folder.submitted / name).mkdir()
    known_student(folder, "ben")
    with pytest.raises(UserError, match=r"no folder named ada.lindquist\. Did you mean ada.lindqvist\?"):
        known_student(folder, "ada.lindquist")
