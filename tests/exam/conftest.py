"""Each test that asks for a `name` runs once for every exam."""

import pytest

from autograder.exam_tables.implementations import exam_names


@pytest.fixture(params=exam_names())
def name(request) -> str:
    return request.param
