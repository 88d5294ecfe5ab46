"""A zygote without the pool: one for all tests of this folder, and a fresh candidate for each."""

import pytest
from starting import start_zygote

from autograder.examiner.link import ZygoteClient
from autograder.wire.limits import Limits


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
