"""What is kept from one call to the next is found, in what is called by values and what is called by identity."""

from functools import lru_cache

import pytest
import torch

from autograder.exam.cases import Case
from autograder.exam.core import Unnamed
from autograder.exam.draw import Draw
from autograder.exam.repeats import check_repeats
from autograder.exam.subject import LocalSubject

BUFFERS = {}


def doubled(x):
    return 2 * x


def into_a_buffer(x):
    return torch.mul(x, 2, out=BUFFERS.setdefault(x.shape, torch.empty_like(x)))


def the_first_of_its_shape(x):
    return BUFFERS.setdefault(x.shape, 2 * x)


def held(function, reference=doubled):
    BUFFERS.clear()
    check = check_repeats(reference, lambda draw: Case((draw.normal(2, 3),)))
    check(LocalSubject(function), Draw(1))


def test_what_keeps_nothing_passes():
    held(doubled)


def test_an_answer_that_shares_memory_with_the_input_is_free():
    held(lambda x: x[:], lambda x: x)


@pytest.mark.parametrize("function", [lru_cache(doubled), into_a_buffer, the_first_of_its_shape])
def test_what_is_kept_is_found(function):
    with pytest.raises(Unnamed, match="from one call to the next"):
        held(function)
