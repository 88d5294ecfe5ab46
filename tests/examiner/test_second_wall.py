"""bubblewrap stands around the grader's processes where it can, and nothing depends on it."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from autograder.classroom import doctor, second_wall
from autograder.classroom.jobs import source_of
from autograder.classroom.pool import Pool, Task

ASSIGNMENT = "01-convolution"


@pytest.fixture
def bwrap(monkeypatch, tmp_path):
    """Puts a script in bubblewrap's place; it gets the arguments."""

    def put(script: str | None):
        if script is not None:
            program = tmp_path / "bwrap"
            program.write_text(f"#!/bin/sh\n{script}\n")
            program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/nowhere" if script is None else f"{tmp_path}:{os.environ['PATH']}")
        second_wall.prefix.cache_clear()

    yield put
    second_wall.prefix.cache_clear()


def graded(key=bytes(32)):
    """What came of a broken notebook, and the examiner's process while it was there."""
    pool = Pool(1, key, [ASSIGNMENT])
    try:
        (done,) = pool.grade(iter([Task("ada", ASSIGNMENT, "j", b"{", source_of(ASSIGNMENT))]))
        network = os.readlink(f"/proc/{pool._examiners[0].pid}/ns/net")
        return done, network, pool._template
    finally:
        pool.close()


needs_notebooks = pytest.mark.skipif(
    not source_of(ASSIGNMENT).is_file(), reason="needs the built notebooks: make assignments"
)


@pytest.mark.parametrize("script", [None, "exit 1", "sleep 60"])
def test_without_it_there_is_one_wall(bwrap, script, monkeypatch):
    monkeypatch.setattr(second_wall, "SECONDS", 0.5)
    bwrap(script)
    assert second_wall.prefix() == ()
    check = doctor._second_wall()
    assert check.verdict == "CAUTION" and ("not installed" in check.found) == (script is None) and check.mend


@needs_notebooks
def test_the_graders_processes_start_behind_it(bwrap, tmp_path):
    """By a stand-in that writes down that it was asked: the machine that tests may have none."""
    bwrap(f'echo "$@" >> {tmp_path}/asked; while [ "$1" != -- ]; do shift; done; shift; exec "$@"')
    assert doctor._second_wall().verdict == "PASS"
    done, _, _ = graded()
    assert done.result["status"] == "unreadable"
    _, asked = (tmp_path / "asked").read_text().splitlines()
    assert "--unshare-net" in asked and "--ro-bind / /" in asked and "autograder.examiner.template" in asked


@needs_notebooks
def test_there_is_no_network_behind_the_real_one():
    if not second_wall.prefix():
        pytest.skip("bubblewrap is not installed here, or may make no namespaces")
    done, network, template = graded()
    assert done.result["status"] == "unreadable"
    assert network != os.readlink("/proc/self/ns/net")
    assert template.returncode is not None


def test_a_wall_that_cannot_set_processes_apart_still_stands(bwrap):
    bwrap('case "$*" in *--unshare-pid*) exit 1;; esac; exit 0')
    assert second_wall.prefix() and not second_wall.is_whole()
    check = doctor._second_wall()
    assert check.verdict == "CAUTION" and "apart" in check.found and check.mend


@needs_notebooks
def test_processes_behind_the_real_one_are_known_by_their_numbers_here():
    if not second_wall.is_whole():
        pytest.skip("bubblewrap is not installed here, or may not set processes apart")
    pool = Pool(2, bytes(32), [ASSIGNMENT])
    try:
        list(pool.grade(iter([Task("ada", ASSIGNMENT, "j", b"{", source_of(ASSIGNMENT))])))
        pids = {examiner.pid for examiner in pool._examiners}
        spaces = {os.readlink(f"/proc/{pid}/ns/pid") for pid in pids}
        assert len(pids) == 2 and len(spaces) == 1 and os.readlink("/proc/self/ns/pid") not in spaces
        with pytest.raises(ProcessLookupError):
            second_wall.outside(1 << 22, pool._template.pid)
    finally:
        pool.close()


@needs_notebooks
@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed here")
def test_all_end_with_the_wall():
    pool = Pool(1, bytes(32), [ASSIGNMENT])
    list(pool.grade(iter([Task("ada", ASSIGNMENT, "j", b"{", source_of(ASSIGNMENT))])))
    pid = pool._examiners[0].pid
    pool._template.send_signal(signal.SIGKILL)
    end = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()
    pool.close()
