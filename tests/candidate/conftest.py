"""A zygote without the pool: one for all tests of this folder, and a fresh candidate for each."""

import os
import socket
import subprocess
import sys

import pytest

from autograder.examiner.link import ZygoteClient
from autograder.wire.limits import Limits

START = """
import socket, sys
from autograder.candidate import preload
preload.preload()
from autograder.candidate import confine, zygote
confine.prctl(confine.PR_SET_DUMPABLE, 0)  # as the pool's are
print("ready", flush=True)
zygote.main(socket.socket(fileno=int(sys.argv[1])))
"""


def start_zygote() -> tuple[subprocess.Popen, socket.socket]:
    """The process, and the examiner's end of its socket pair. Closing that ends it."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", START, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={"PATH": os.environ["PATH"], "SECRET": "a variable of the grader's"},
            stdout=subprocess.PIPE,
        )
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    return process, ours


@pytest.fixture(scope="session")
def zygote():
    process, sock = start_zygote()
    yield sock
    sock.close()
    process.wait(timeout=20)


@pytest.fixture
def fork(zygote):
    """Forks candidates with these limits; they are closed at the end."""
    links = []

    def forked(**limits):
        links.append(ZygoteClient(zygote).fork(Limits(**limits)))
        return links[-1]

    yield forked
    for link in links:
        link.close()


@pytest.fixture
def link(fork):
    return fork()
