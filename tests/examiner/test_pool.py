"""A pool whose examiner dies loses the task in hand, says so, and goes on."""

import os
import signal

import pytest

from autograder.classroom.jobs import source_of
from autograder.classroom.pool import Pool, Task

ASSIGNMENT = "01-convolution"
pytestmark = pytest.mark.skipif(
    not source_of(ASSIGNMENT).is_file(), reason="needs the built notebooks: make assignments"
)


def test_a_dead_examiner_costs_its_task_only():
    source = source_of(ASSIGNMENT)
    pool = Pool(1, bytes(32), [ASSIGNMENT])
    try:

        def tasks():
            yield Task("ada", ASSIGNMENT, "j1", b"{", source)
            (examiner,) = pool._examiners
            os.kill(examiner.pid, signal.SIGKILL)
            yield Task("ben", ASSIGNMENT, "j2", b"{", source)
            yield Task("cem", ASSIGNMENT, "j3", b"{", source)

        done = list(pool.grade(tasks()))
    finally:
        pool.close()
    assert [d.task.student for d in done] == ["ada", "ben", "cem"]
    assert [d.result and d.result["status"] for d in done] == ["unreadable", None, "unreadable"]
    assert "was lost" in done[1].failure
    assert pool._template.poll() is not None
