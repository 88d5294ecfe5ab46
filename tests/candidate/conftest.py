"""A zygote without the pool: few for all tests of this folder, and a fresh candidate for each."""

import pytest
from starting import start_zygotes

from autograder.examiner.link import ZygoteClient
from autograder.wire.limits import Limits


@pytest.fixture(scope="session")
def zygotes():
    process, ends = start_zygotes(4)
    yield ends
    for end in ends:
        end.close()
    process.wait(timeout=60)


@pytest.fixture(scope="session")
def zygote(zygotes):
    return zygotes[0]


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
