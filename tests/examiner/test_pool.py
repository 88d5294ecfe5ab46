"""Whatever an examiner does over a submission, there is a result, and the others get theirs."""

import json
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from autograder.classroom import pool as pools
from autograder.classroom.jobs import source_of
from autograder.classroom.pool import Pool, PoolError, Task, processor_seconds

ASSIGNMENT = "01-convolution"
STUB = str(Path(__file__).with_name("stub_template.py"))


@pytest.fixture
def source(tmp_path):
    """A notebook of 40 points."""
    path = tmp_path / "source.ipynb"
    path.write_text(json.dumps({"cells": [{"metadata": {"nbgrader": {"grade_id": "a", "grade": True, "points": 40}}}]}))
    return path


@pytest.fixture
def graded(source, monkeypatch):
    """A function: what comes of submissions with which stub examiners do what these words say."""
    monkeypatch.setattr(pools, "TEMPLATE", (STUB,))
    monkeypatch.setattr(pools, "OWN_SECONDS", 0.3)
    monkeypatch.setattr(pools, "LOOK_SECONDS", 0.02)
    started = []

    def grade(*what, jobs=1, wide=1000.0):
        monkeypatch.setattr(pools, "WIDE", wide)
        pool = Pool(jobs, bytes(32), [ASSIGNMENT])
        started.append(pool)
        tasks = (Task(f"student{i}", ASSIGNMENT, "job", w.encode(), source) for i, w in enumerate(what))
        found = {done.task.student: done for done in pool.grade(tasks)}
        pool.close()
        assert len(found) == len(what)
        return [found[f"student{i}"] for i in range(len(what))]

    yield grade
    for pool in started:
        assert pool._template.poll() is not None


def told(done):
    return done.result["status"], done.result["score"], done.result["max_score"]


def test_one_that_kills_its_examiner_each_time_has_a_result_and_harms_nobody(graded):
    good, dead, after = graded("answer", "die", "answer")
    assert told(good) == told(after) == ("graded", 1.0, 40.0)
    assert told(dead) == ("crashed", 0.0, 40.0) and dead.failure is None
    assert "The instructor is told" in dead.result["limit"]
    (fault,) = dead.result["faults"]
    assert "died on it 2 times" in fault and "--force --student student1" in fault


def test_one_examiner_that_dies_costs_nothing(graded, tmp_path):
    (done,) = graded(f"die unless {tmp_path / 'second try'}")
    assert told(done) == ("graded", 1.0, 40.0) and not done.result.get("faults")


@pytest.mark.parametrize("what", ["babble", "half an answer"])
def test_what_is_no_answer_counts_as_a_death(graded, what):
    dead, after = graded(what, "answer")
    assert told(dead)[0] == "crashed" and told(after)[0] == "graded"


def test_an_examiner_that_works_too_long_is_killed_and_that_is_the_result(graded):
    late, *others = graded("burn", "answer", "answer", jobs=2)
    assert told(late) == ("timeout", 0.0, 40.0) and late.failure is None
    assert "0.5 seconds" in late.result["limit"] and "0.5 seconds" in late.result["faults"][0]
    assert [told(done)[0] for done in others] == ["graded", "graded"]


def test_an_examiner_that_waits_is_ended_by_the_clock(graded):
    (late,) = graded("sleep", wide=0.5)
    assert told(late)[0] == "timeout"


def test_the_watch_counts_what_the_examiner_itself_took():
    """A neighbour's work, however much, moves nothing: the clock that is watched is the process's own."""
    own = processor_seconds(os.getpid())
    child = os.fork()
    if child == 0:
        while True:
            pass
    try:
        while processor_seconds(child) < 0.5:
            time.sleep(0.02)
        assert processor_seconds(os.getpid()) - own < 0.5
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert processor_seconds(child) == 0.0


@pytest.mark.parametrize(("what", "wide"), [("die at once", 1000.0), ("never begin", 0.5)])
def test_before_anything_of_a_student_was_read_there_is_no_result(graded, what, wide):
    (done,) = graded(what, wide=wide)
    assert done.result is None and "to read it" in done.failure


def test_a_killed_examiner_leaves_no_process(graded, monkeypatch):
    before = set(psutil.Process().children())
    graded("die", "burn", "answer", jobs=2)
    ours = set(psutil.Process().children()) - before  # and not what a browser of another test has started since
    left = [one for child in ours for one in (child, *child.children(recursive=True))]
    _, alive = psutil.wait_procs(left, timeout=10)
    assert not alive


def test_a_template_that_is_gone_is_said(source, monkeypatch):
    monkeypatch.setattr(pools, "TEMPLATE", ("-c", "pass"))
    pool = Pool(1, bytes(32), [ASSIGNMENT])
    with pytest.raises(PoolError, match="did not start"):
        list(pool.grade(iter([Task("ada", ASSIGNMENT, "j", b"answer", source)])))
    pool.close()


@pytest.mark.skipif(not source_of(ASSIGNMENT).is_file(), reason="needs the built notebooks: make assignments")
def test_the_real_examiner_is_replaced():
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
    assert {d.task.student: d.result["status"] for d in done} == dict.fromkeys(("ada", "ben", "cem"), "unreadable")
    assert pool._template.poll() is not None
