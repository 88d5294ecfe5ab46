"""A limit takes what is the student's own: processor time decides, whatever runs beside it."""

import hashlib
import os
import subprocess
import sys
import threading

import pytest

from autograder.candidate import confine, zygote
from autograder.exam.core import Lost
from autograder.examiner.link import ZygoteClient
from autograder.examiner.timekeeping import Taken
from autograder.wire.limits import Limits

ALLOWED = 1.0  # seconds of processor time
SLOW = """
import time
def slow(x, seconds=%s):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
    return x
""" % (0.6 * ALLOWED)
HASHING = """
import hashlib, threading, time
block, over = bytes(1 << 20), []
def hash_on():
    while not over: hashlib.sha256(block)
threads = [threading.Thread(target=hash_on, daemon=True) for _ in range(%d)]
for thread in threads: thread.start()
"""


@pytest.fixture
def busy_machine():
    """Twice as many processes as processors, of ordinary priority, that never rest."""
    spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    yield
    for process in spinning:
        process.kill()
        process.wait()


def assert_slow_work_is_done(link):
    assert link.run_cell("slow", SLOW + "slow(0)").limit is None
    assert link.look_up("slow")(3) == 3


def test_slow_work_on_a_busy_machine(fork, busy_machine):
    assert_slow_work_is_done(fork(cell_seconds=ALLOWED, call_seconds=ALLOWED))


def test_slow_work_beside_three_that_burn_all_they_can(zygotes):
    honest_client, *others = map(ZygoteClient, zygotes)
    burners = [client.fork(Limits(notebook_seconds=2)) for client in others]
    told = []

    def burn(link):
        try:
            link.run_cell("burn", HASHING % 58)
            while True:
                link.run_cell("nap", "time.sleep(1)")
        except Lost as lost:
            told.append(lost)

    burning = [threading.Thread(target=burn, args=[link]) for link in burners]
    for thread in burning:
        thread.start()
    honest = honest_client.fork(Limits(cell_seconds=ALLOWED, call_seconds=ALLOWED))
    assert_slow_work_is_done(honest)
    honest.close()
    for thread in burning:
        thread.join()
    assert len(told) == 3
    assert all(lost.status == "timeout" and "whole notebook took longer" in lost.sentence for lost in told)


def test_threads_burn_their_own_time_and_are_told_so(fork):
    link = fork(notebook_seconds=1.5)
    with pytest.raises(Lost) as caught:
        link.run_cell("burn", HASHING % 20 + "time.sleep(60)")
    assert caught.value.status == "timeout"
    assert "1.5 seconds of processor time; they were used up while the cell `burn` ran" in caught.value.sentence


def test_who_waits_for_threads_that_burn_is_interrupted(fork):
    """The signal has to reach the thread that waits, not the one that runs."""
    link = fork(cell_seconds=0.5)
    run = link.run_cell("burn", HASHING % 2 + "try: threads[0].join()\nfinally: over.append(1)")
    assert run.status == "timeout" and run.limit == "The cell `burn` took longer than 0.5 seconds of processor time."
    assert link.run_cell("after", "1").status == "ok"


def test_what_sleeps_is_bounded_by_the_clock_and_told_so(fork):
    link = fork(cell_seconds=0.4)
    run = link.run_cell("dreams", "import time; time.sleep(60)")
    assert run.status == "timeout" and "`dreams` took longer than 1.2 seconds by the clock" in run.limit
    assert link.run_cell("naps", "time.sleep(0.8)").status == "ok"


def test_a_cell_that_says_itself_that_its_time_is_up_has_failed(fork):
    run = fork().run_cell("a", "import os, signal; os.kill(os.getpid(), signal.SIGALRM)")
    assert run.status == "error" and run.limit is None


def test_what_earlier_candidates_took_counts(zygote):
    link = ZygoteClient(zygote).fork(Limits(notebook_seconds=5), Taken(4.9, 0.0))
    with pytest.raises(Lost, match="whole notebook"):
        link.run_cell("a", "while True: pass")
    assert 5 < link.timekeeper.taken().processor < 6


def test_what_the_examiner_does_between_questions_is_not_charged(fork):
    link = fork()
    link.run_cell("a", "1")
    before = link.timekeeper.taken()
    for _ in range(300):
        hashlib.sha256(bytes(1 << 20))
    link.run_cell("a", "1")
    after = link.timekeeper.taken()
    assert (after - before).processor < 0.2 and (after - before).clock < 0.2


def test_one_processor_and_a_place_behind_the_examiner(link):
    pid = link._watch.pid
    assert len(os.sched_getaffinity(pid)) == 1
    assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + confine.NICE)
    assert os.getsid(pid) == pid
    source = """
import os
for act in (lambda: os.sched_setaffinity(0, range(99)), lambda: os.nice(-1)):
    try: act(); print("done")
    except PermissionError: print("refused")
"""
    run = link.run_cell("a", source)
    assert run.outputs[0]["text"] == "refused\nrefused\n"


def test_each_zygote_has_a_processor_of_its_own_while_there_are_any(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {90_001, 90_002})  # no machine's, so that nobody has them
    (one, kept), (two, also), (none, _) = (zygote._own_processor() for _ in range(3))
    assert {one, two} == {90_001, 90_002} and none is None
    kept.close()
    again, once_more = zygote._own_processor()
    assert again == one
    also.close()
    once_more.close()
