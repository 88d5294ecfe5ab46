"""In which order a class is graded."""

import pytest

from autograder.classroom.jobs import may_take, source_of
from autograder.classroom.run import Run
from convcourse import handed_out

SHORT, LONG = "01-convolution", "06-segmentation"
pytestmark = pytest.mark.skipif(
    not all(source_of(name).is_file() for name in (SHORT, LONG)), reason="needs the built notebooks: make assignments"
)


@pytest.fixture
def order(folder):
    """A function: in which order two assignments of two students are graded."""
    for student in ("ada", "ben"):
        for assignment in (SHORT, LONG):
            path = folder.notebook(student, assignment)
            path.parent.mkdir(parents=True)
            path.write_bytes(b"a notebook")

    def graded():
        run = Run(folder, [SHORT, LONG], set(), lambda *_: None)
        try:
            return [(task.assignment, task.student) for task in run._tasks(run.chosen)]
        finally:
            run.journal.close()

    may_take.cache_clear()
    yield graded
    may_take.cache_clear()


def test_what_may_take_longest_begins_first(order):
    assert may_take(LONG) > may_take(SHORT) > may_take("99-nothing") == 0
    assert order() == [(LONG, "ada"), (LONG, "ben"), (SHORT, "ada"), (SHORT, "ben")]


@pytest.mark.parametrize("text", [None, "{", '{"06-segmentation": {}}', '{"06-segmentation": 3}', "[]"])
def test_a_damaged_list_of_assignments_ends_no_run(order, tmp_path, monkeypatch, text):
    monkeypatch.setattr(handed_out, "FILE", tmp_path / "assignments.json")
    if text is not None:
        handed_out.FILE.write_text(text)
    assert order() == [(SHORT, "ada"), (SHORT, "ben"), (LONG, "ada"), (LONG, "ben")]
