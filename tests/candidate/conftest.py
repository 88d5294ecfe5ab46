"""A fresh candidate for each test."""

import pytest

from autograder.examiner.link import ZygoteClient
from autograder.wire.limits import Limits


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
