"""A run that is killed at any moment is finished by the next one: nothing lost, nothing counted twice."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from autograder.classroom.folder import ClassFolder
from autograder.classroom.jobs import ROOT, source_of
from autograder.classroom.run import uninterrupted
from autograder.demo.students import ASSIGNMENT, Student, filled_in, reference_solutions

pytestmark = pytest.mark.skipif(
    not source_of(ASSIGNMENT).is_file(), reason="needs the built notebooks: make assignments"
)


def start(folder):
    words = [
        Path(sys.executable).with_name("autograder"),
        "grade",
        "--class",
        folder.root,
        "--json",
        folder.root / "out.jsonl",
        "--jobs",
        "2",
    ]
    return subprocess.Popen(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # Tests that a shell runs in the background are deaf to Ctrl-C, and so would be what they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def children_of(process):
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def results(folder):
    """How many are in the journal."""
    return len(folder.journal.read_bytes().splitlines()) if folder.journal.exists() else 0


def make(root, size):
    """A class of this size whose notebooks are quick to grade and all different."""
    released = nbformat.read(ROOT / "assignments" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)
    half = Student("any", "half-way", "output_size").solutions(reference_solutions())
    folder = ClassFolder(root)
    for number in range(size):
        path = folder.notebook(f"student{number:02}", ASSIGNMENT)
        path.parent.mkdir(parents=True)
        path.write_text(
            nbformat.writes(filled_in(released, half | {"output_size": f"{half['output_size']}\n# {number}"}))
        )
    return folder


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("kills", "size"), [(2, 12), pytest.param(100, 24, marks=pytest.mark.slow)])
def test_killed_at_random_moments_then_finished(tmp_path, kills, size):
    folder = make(tmp_path, size)
    dice = random.Random(20)
    killed = 0
    for turn in range(kills):
        process = start(folder)
        wait = dice.uniform(0.2, 7.0)
        if turn % 2:  # while results come in, however fast the machine is
            wait /= 14
            before = results(folder)
            while results(folder) == before and process.poll() is None:
                time.sleep(0.02)
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            killed += 1
            below = children_of(process)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            _, alive = psutil.wait_procs(below, timeout=5)
            assert not alive, f"outlived the main process: {alive}"
        if results(folder) == size:  # all done: give the next runs something to do
            for path in list(folder.submitted.glob("*/*/*.ipynb"))[: size // 2]:
                path.write_text(path.read_text().replace("# ", "#  ", 1))
    assert killed
    assert start(folder).wait(500) == 0
    found = [json.loads(line) for line in (folder.root / "out.jsonl").read_text().splitlines()]
    assert (
        len(found) == size
        and {line["status"] for line in found} == {"graded"}
        and len({line["score"] for line in found}) == 1
    )
    jobs = [json.loads(line)["result"]["job"] for line in folder.journal.read_text().splitlines()]
    assert len(jobs) == len(set(jobs)), "a submission was graded twice"
    db = sqlite3.connect(folder.gradebook)
    assert db.execute("select count(*), count(distinct student_id) from submitted_assignment").fetchone() == (
        size,
        size,
    )
    ((each,),) = set(db.execute("select sum(auto_score) from grade group by notebook_id"))
    assert each == found[0]["score"]
    assert db.execute("select count(*) from autograder_applied").fetchone() == (size,)
    assert len(list(folder.root.glob("feedback/*/*/*.html"))) == size


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(tmp_path):
    size = 12
    folder = make(tmp_path, size)
    process = start(folder)
    while not results(folder) and process.poll() is None:
        time.sleep(0.02)
    below = children_of(process)
    os.killpg(process.pid, signal.SIGINT)
    said = process.stderr.read().decode()
    assert process.wait(30) == 1, said
    assert "Run the same command again to go on" in " ".join(said.split()) and "Traceback" not in said
    _, alive = psutil.wait_procs(below, timeout=5)
    assert not alive
    done = results(folder)
    assert 0 < done < size
    db = sqlite3.connect(folder.gradebook)
    assert db.execute("select count(*) from submitted_assignment").fetchone() == (done,)


def test_an_interrupt_waits_for_a_result_that_is_being_written_whichever_thread_it_reaches():
    done, stop = [], threading.Event()
    other = threading.Thread(target=stop.wait)  # the system may give the signal to any thread that does not block it
    other.start()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background is deaf to it
    try:
        with pytest.raises(KeyboardInterrupt), uninterrupted():
            signal.pthread_kill(other.ident, signal.SIGINT)
            for _ in range(100):
                time.sleep(0.001)
            done.append("journal and gradebook")
    finally:
        signal.signal(signal.SIGINT, before)
        stop.set()
        other.join()
    assert done
