"""`convcourse check` and the grader agree: what gets full marks is ready, what cannot be graded is not."""

from dataclasses import replace

import nbformat
import pytest
from drawing import some_of
from honest import NOTEBOOKS
from test_submissions import FILES, HOSTILE, RIGHT, SHORT

from autograder import release
from autograder.classroom.jobs import ROOT, source_of
from autograder.demo.students import CLASS, filled_in, reference_solutions
from autograder.exam import convolution
from autograder.examiner.grading import Job, grade
from convcourse import check
from convcourse.handed_out import Allowed, Assignment, Entry, assignments

pytestmark = pytest.mark.usefixtures("quick_rehearsals")
NAME = "01-convolution"
# Hostile code runs in the grader's confinement only. These do no harm without it.
HARMLESS = "endless_cell", "endless_cell_that_catches", "sleeps", "output_flood", "warns", "prints_in_turns"
STUDENTS = [one for one in CLASS if one.assignment == NAME and one.kind != "hostile"]


def rehearsed(submitted, assignment, folder):
    """Is it ready, and all that is said; of the answer in words, which a person marks, nothing."""
    path = folder / f"{assignment.name}.ipynb"
    path.write_bytes(submitted)
    lines = [line for line in check.report(path, assignment) if line.about != "discussion"]
    return not any(line.ok is False for line in lines), [check.as_text(line) for line in lines]


def agree(result, ready, said):
    if result.status == "unreadable" or result.stopped:
        assert not ready, (result, said)
    if result.score == result.max_score and result.status != "unreadable":
        assert ready, (result, said)


@pytest.fixture
def small(source):
    """The small assignment of these tests, as `assignments.json` tells of the real ones."""
    told = release.manifest({NAME: release.Made(source, release.released_notebook(source))})[NAME]
    allowed = replace(Allowed(**told["allowed"]), cell_seconds=SHORT.cell_seconds, output_kib=SHORT.output_kib)
    return Assignment(NAME, allowed, [Entry(**cell) for cell in told["cells"]])


def some_code(path):
    return path.read_text(encoding="utf-8").partition('"""\n\n')[2].replace("# magic: ", "")


@pytest.mark.parametrize("name", some_of([*FILES, *HARMLESS], 2))
def test_odd_files_and_careless_code(name, written, source, small, client, tmp_path, monkeypatch):
    monkeypatch.setattr(convolution, "ASSIGNMENT", replace(convolution.ASSIGNMENT, limits=SHORT))
    if name in FILES:
        submitted = FILES[name](nbformat.reads(written(**RIGHT), as_version=4))
    else:
        code = some_code(HOSTILE[name])
        submitted = written(output_size=RIGHT["output_size"], conv2d_naive=code)
    result, _, _ = grade(Job("mallory", NAME, "j"), submitted, source, client, bytes(32))
    agree(result, *rehearsed(submitted, small, tmp_path))


@pytest.mark.parametrize("habits", some_of(NOTEBOOKS, 1), ids=lambda habits: "-".join(h.__name__ for h in habits))
def test_honest_habits_are_ready(habits, tmp_path):
    """`test_honest` holds that the grader gives each of them full marks."""
    nb = filled_in(released(), reference_solutions(NAME))
    for habit in habits:
        habit(nb)
    ready, said = rehearsed(nbformat.writes(nb).encode(), assignments()[NAME], tmp_path)
    assert ready, said


@pytest.mark.parametrize("student", some_of(STUDENTS, 1), ids=lambda student: student.how)
def test_students_of_the_demo(student, client, tmp_path):
    submitted = nbformat.writes(filled_in(released(), student.solutions(reference_solutions(NAME)))).encode()
    source = nbformat.read(source_of(NAME), as_version=4)
    result, _, _ = grade(Job(student.id, NAME, "j"), submitted, source, client, bytes(32))
    ready, said = rehearsed(submitted, assignments()[NAME], tmp_path)
    agree(result, ready, said)
    assert student.kind != "half-way" or not ready, said


def released():
    return nbformat.read(ROOT / "assignments" / NAME / f"{NAME}.ipynb", as_version=4)
