"""What several folders of tests need. Each worker of `pytest -n` starts these once."""

import gc
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when PyTorch is imported: each worker has one core

import pytest
from rehearsing import Forked, start_server
from starting import start_zygotes
from xdist.scheduler import LoadScopeScheduling

from convcourse import rehearsal

gc.disable()  # until the first test runs: imports hold hardly any garbage
ROOT = Path(__file__).resolve().parents[1]
# Tests that compete for one resource run on one worker, one after the other: those that read the rendered book, which
# the first of them builds, those that drive its figures, and those that run a pool of graders on all cores.
READING = (
    "tests/book/test_pages.py",
    "tests/book/test_sites.py",
    "tests/book/test_letters.py",
    "tests/book/test_social.py",
    "tests/browser/test_book.py",
)
DRIVING = ("tests/browser/test_live", "tests/browser/test_kit.py", "tests/browser/test_students_pages.py")
POOL = (
    *("tests/grading_a_class/test_run.py", "tests/grading_a_class/test_kill.py", "tests/candidate/test_neighbours.py"),
    "tests/grading_a_class/test_term.py",
    *("tests/examiner/test_pool.py", "tests/examiner/test_preprocessor.py", "tests/examiner/test_second_wall.py"),
    "tests/grading_a_class/test_own_assignment.py",
)
# What the tests of each of these share takes seconds to make. The tests of all other files are spread over the workers.
SHARING = (
    *("tests/assignments/test_usual_asserts.py", "tests/grading_a_class/test_platforms.py"),
    *("tests/book/test_code_03.py", "tests/exam/test_layouts.py", "tests/exam/test_network_feedback.py"),
    "tests/assignments/test_release.py",
)
REHEARSING = "tests/convcourse/test_check.py", "tests/submissions/test_rehearsal.py"  # their rehearsals share a server
EXPORTING = "tests/book/test_networks.py", "tests/book/test_tolerance.py"  # PyTorch's exporter is loaded once
GROUPS = (READING, DRIVING, POOL, REHEARSING, EXPORTING, *((file,) for file in SHARING))


def pytest_collection_modifyitems(items) -> None:
    for item in items:
        if item.nodeid.startswith((*READING, *DRIVING)):
            item.add_marker(pytest.mark.timeout(1200))  # the first waits until all cells have run
        elif "html" in item.fixturenames:  # another worker would stand still until the book is built
            raise pytest.UsageError(f"{item.nodeid} reads the rendered book: its file belongs into READING or DRIVING")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    gc.freeze()  # what is imported stays, and is not looked through again
    gc.enable()


class ByResource(LoadScopeScheduling):
    """pytest-xdist's own groups are marks in the tests' ids, which this pytest does not let it change."""

    def _split_scope(self, nodeid: str) -> str:
        return next((group[0] for group in GROUPS if nodeid.startswith(group)), nodeid)


def pytest_xdist_make_scheduler(config, log) -> ByResource:
    return ByResource(config, log)


@pytest.fixture(scope="session")
def html() -> Path:
    """The folder of the rendered book, brought up to date; building it with a warning is an error."""
    run = subprocess.run([sys.executable, "book/build.py"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, f"the book does not build:\n{run.stdout[-3000:]}\n{run.stderr[-6000:]}"
    return ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def zygotes():
    """Four zygotes without the pool: the examiner's ends of their sockets."""
    process, ends = start_zygotes(4)
    yield ends
    for end in ends:
        end.close()
    process.wait(timeout=60)


@pytest.fixture(scope="session")
def zygote(zygotes):
    return zygotes[0]


@pytest.fixture(scope="session")
def client(zygote):
    """What an examiner asks the zygote with: tests are the examiner."""
    from autograder.examiner.link import ZygoteClient

    return ZygoteClient(zygote)


@pytest.fixture(scope="session")
def rehearsals():
    """The server of `rehearsing`: the process that rehearsals are forked from."""
    server = start_server()
    yield server
    server.stdin.close()
    server.wait(timeout=60)


@pytest.fixture
def quick_rehearsals(rehearsals, monkeypatch) -> None:
    """A rehearsal that a test starts in this process is a fork of the server."""
    monkeypatch.setattr(rehearsal, "begin", partial(Forked, rehearsals))
