"""What the tests of the exams share: every implementation examined once."""

from functools import cache

import pytest

from autograder import exam_table as table


@cache
def rows_of(name: str) -> list[table.Row]:
    return table.examined(name)


@pytest.fixture(params=table.names(), scope="session")
def name(request) -> str:
    return request.param


@pytest.fixture(scope="session")
def rows(name) -> list[table.Row]:
    """Every implementation with the criteria that are not slow, and the seed that stands without a key."""
    return rows_of(name)
