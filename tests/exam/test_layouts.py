"""A layer's own weights are judged by where they stand; those of a right draw look drawn, whatever the seed."""

import pytest
import torch
from drawing import some_of

from autograder.exam.layouts import is_drawn
from autograder.exam_tables.examining import Task, examine
from autograder.exam_tables.implementations import implementations


@pytest.mark.parametrize("shape", [(2, 1, 1, 1), (1, 1, 2, 2), (1, 1, 3, 3), (3, 2, 3, 2)])
@pytest.mark.parametrize("start", [torch.nn.init.uniform_, torch.nn.init.normal_])
def test_what_was_drawn_looks_drawn(shape, start):
    torch.manual_seed(0)
    assert all(is_drawn(start(torch.empty(shape))) for _ in range(6_000))


def single(*shape):
    """Zeros, and a 1 in the middle."""
    kernel = torch.zeros(shape).flatten()
    kernel[len(kernel) // 2] = 1
    return kernel.reshape(shape)


@pytest.mark.parametrize("made", [torch.zeros, torch.ones, single, lambda *shape: torch.full(shape, torch.nan)])
@pytest.mark.parametrize("shape", [(1, 1, 3, 3), (1, 1, 4, 4), (3, 2, 3, 2)])
def test_what_needs_no_convolution_does_not(made, shape):
    assert not is_drawn(made(*shape))


@pytest.mark.parametrize("salt", some_of(["s3 ", "s46 ", "s54 "], 1))
def test_a_network_is_not_judged_by_one_draw_of_weights_that_it_hides(salt):
    """With these seeds the first network's hidden up-convolution lets nothing through."""
    hidden = next(one for one in implementations("segmentation") if one.id == "wrong/unet_up_in_plain_list")
    lost = {o.id for o in examine(Task("segmentation", hidden, salt)) if not o.earned}
    assert "parameters" in lost
    assert "logits" not in lost
