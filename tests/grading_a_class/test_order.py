"""In which order a class is graded."""

import pytest

from autograder.classroom.jobs import may_take, source_of
from autograder.classroom.run import Run

SHORT, LONG = "01-convolution", "06-segmentation"
pytestmark = pytest.mark.skipif(not source_of(SHORT).is_file(), reason="needs the built notebooks: make assignments")


def test_what_may_take_longest_begins_first(folder):
    assert may_take(LONG) > may_take(SHORT) > may_take("99-nothing") == 0
    for student in ("ada", "ben"):
        for assignment in (SHORT, LONG):
            path = folder.notebook(student, assignment)
            path.parent.mkdir(parents=True)
            path.write_bytes(b"a notebook")
    run = Run(folder, [SHORT, LONG], set(), lambda *_: None)
    order = [(task.assignment, task.student) for task in run._tasks(run.chosen)]
    assert order == [(LONG, "ada"), (LONG, "ben"), (SHORT, "ada"), (SHORT, "ben")]
