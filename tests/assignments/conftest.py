"""Each test that asks for a `name` runs once for every assignment."""

import pytest
from notebooks import NAMES


@pytest.fixture(params=NAMES)
def name(request):
    return request.param
