"""A draw of the implementations is examined and loses what the kept verdicts say, with another seed, too."""

import pytest
from drawing import drawn

from autograder.exam_tables import verdicts
from autograder.exam_tables.examining import Task, examine, parts_of


def quick(exam, lost):
    """Without the criteria that take long; `make exam-table` examines those."""
    slow = {f"{part.name}/{c.id}" for part in parts_of(exam) for c in part.criteria if c.slow}
    return {criterion: mistake for criterion, mistake in lost.items() if criterion not in slow}


@pytest.mark.parametrize(
    ("exam", "implementation", "salt"), [pytest.param(*one, id=f"{one[0]}/{one[1].id}") for one in drawn()]
)
def test_it_loses_what_its_verdict_says(exam, implementation, salt):
    said = quick(exam, verdicts.load(exam).of[implementation.id].lost)
    alone = f"make exam-table ONE={exam}/{implementation.id}"
    found = verdicts.verdict(implementation, examine(Task(exam, implementation)))
    assert found.lost == said, f"look at it alone: {alone}"
    if not implementation.random:
        other = verdicts.verdict(implementation, examine(Task(exam, implementation, salt)))
        assert set(other.lost) == set(said), f'with another seed it loses something else: {alone} SALT="{salt}"'
