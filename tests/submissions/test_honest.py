"""Honest notebooks get full marks by the real grader, whatever habits their writers have."""

import nbformat
import pytest
from drawing import some_of
from honest import (
    NOTEBOOKS,
    STUDENTS,
    STYLES,
    imports_in_the_given_cell,
    in_the_style_of,
    modes_left,
    notes_in_between,
    outputs_kept,
    written_by,
)

from autograder.classroom.jobs import ROOT, source_of
from autograder.demo.students import filled_in, reference_solutions
from autograder.examiner.grading import Job, grade

HABITS = modes_left, imports_in_the_given_cell, notes_in_between, outputs_kept


@pytest.fixture(scope="module")
def graded(client):
    """A function: the result of someone who solved an assignment and has these habits; cells whose ids have one of the
    words `without` are not in it."""

    def run(assignment, *habits, without=("picture",)):
        released = nbformat.read(ROOT / "assignments" / assignment / f"{assignment}.ipynb", as_version=4)
        source = nbformat.read(source_of(assignment), as_version=4)
        nb = filled_in(released, reference_solutions(assignment))
        for each in (source, nb):
            each.cells = [cell for cell in each.cells if not any(word in cell.id for word in without)]
        for habit in habits:
            habit(nb)
        submitted = nbformat.writes(nb).encode()
        result, executed, _ = grade(Job("ada", assignment, "j"), submitted, source, client, bytes(32))
        visible = [cell for cell in executed.cells if cell.id.endswith("-visible")]
        assert visible and not [cell.id for cell in visible if any(o.output_type == "error" for o in cell.outputs)]
        return result

    return run


@pytest.mark.parametrize(
    "habits", some_of(NOTEBOOKS, 6), ids=lambda habits: "-".join(habit.__name__ for habit in habits)
)
def test_habits_cost_nothing(graded, habits):
    result = graded("01-convolution", *habits)
    assert [(row.title, row.sentence) for row in result.criteria if row.sentence] == []
    assert result.score == result.max_score == 40 and result.status == "graded" and result.faults == []


@pytest.mark.parametrize(
    ("assignment", "without", "points"),
    [
        ("02-pooling", ("picture", "training"), 40),
        ("04-augmentation", ("picture", "pipeline"), 40),
        ("05-interpretability", ("picture",), 40),
        ("06-segmentation", ("picture", "training", "fit-", "VGGUNet-"), 30),
    ],
)
def test_nor_in_another_assignment(graded, assignment, without, points):
    """Without the trainings and the larger network, which take a minute."""
    result = graded(assignment, *HABITS, without=without)
    assert [(row.title, row.sentence) for row in result.criteria if row.sentence] == []
    assert result.score == result.max_score == points and result.faults == []


@pytest.mark.parametrize("student", some_of(STUDENTS, 1))
def test_nor_does_a_style_of_ones_own(graded, student):
    """Assignment 03 leaves much free, and students who saw nothing else have solved it in these styles."""
    result = graded("03-architectures", written_by(student), *HABITS, without=("picture", "training", "weights"))
    assert [(row.title, row.sentence) for row in result.criteria if row.sentence] == []
    assert result.score == result.max_score == 40 and result.bonus == 2 and result.faults == []


@pytest.mark.parametrize(
    ("assignment", "style"), some_of([(name, id) for name, ids in STYLES.items() for id in ids], 1)
)
def test_nor_does_a_whole_notebook_in_another_style(graded, assignment, style):
    """With its pictures and its pipeline, which use what the student wrote; without those of the larger network."""
    without = ("picture",) if assignment == "05-interpretability" else ()
    result = graded(assignment, in_the_style_of(assignment, style), without=without)
    assert [(row.title, row.sentence) for row in result.criteria if row.sentence] == []
    assert result.score == result.max_score == 40 and result.bonus == 2 and result.faults == []
