"""What holds for the exam of assignment 02 beyond its verdicts."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from autograder.exam import pooling
from autograder.exam.cases import Case
from autograder.exam.draw import Draw
from autograder.exam.pooling import averages, maxima, unpooling, windows
from autograder.exam.pooling.questions import CONVOLUTION, POOLING, numbers, seen
from autograder.exam_tables.examining import Quiet, setting
from autograder.exam_tables.implementations import implementation
from autograder.objects.recipes.pooling import digits_network

POOLS = {
    "max_pool2d": (
        maxima.maxima,
        [
            windows.cases(
                *(windows.PLAIN, windows.STRIDE, windows.PADDING, maxima.DILATION, windows.ceiled(windows.CEIL)),
                *(maxima.PAIRS, maxima.TOGETHER, windows.ceiled(windows.CEIL_PADDED), windows.PLAINEST),
                *(maxima.indexed(maxima.POSITIONS, windows.SHAPES), maxima.indexed(maxima.MOVED, windows.WIDE)),
            ),
            maxima.tied,
            maxima.BY_POSITION,
        ],
    ),
    "avg_pool2d": (
        averages.means,
        [
            windows.cases(
                *(windows.PLAIN, windows.STRIDE, windows.PADDING, averages.UNCOUNTED, windows.ceiled(windows.CEIL)),
                *(windows.PAIRS, averages.TOGETHER, windows.ceiled(windows.CEIL_PADDED), windows.PLAINEST),
            ),
            averages.BY_POSITION,
        ],
    ),
    "adaptive_avg_pool2d": (
        averages.binned,
        [averages.to_bins(averages.DIVIDING + averages.UNEVEN + averages.BEYOND + averages.PAIRED + averages.NONES)],
    ),
    "max_unpool2d": (
        unpooling.unpooled,
        [
            unpooling.cases(
                *(unpooling.PLAIN, unpooling.STRIDE, unpooling.OVERLAPPING, unpooling.PADDING),
                *(unpooling.PAIRS, unpooling.SIZED, windows.PLAINEST),
            ),
            lambda draw: [lawful for _, _, lawful in unpooling.refused(draw)],
        ],
    ),
}


def drawn(name: str) -> list[tuple[Case, torch.Tensor]]:
    """Every case of a function, and what the reference answers."""
    reference, cases = POOLS[name]
    found = [case for some in cases for case in some(Draw(1))]
    answers = [reference(*case.args, **case.kwargs) for case in found]
    return [(case, got[0] if isinstance(got, tuple) else got) for case, got in zip(found, answers, strict=True)]


@pytest.mark.parametrize("name", POOLS)
def test_configurations(name):
    assert len(drawn(name)) >= 150


@pytest.mark.parametrize("name", POOLS)
def test_no_window_is_empty(name):
    """Such windows are free, and so is a kernel that is larger than the padded image."""
    for case, got in drawn(name):
        assert got.numel() and bool(got.isfinite().all()), case


def test_cases_of_ceil_mode_tell_three_rules_apart():
    """Floor, rounding up, and rounding up but for windows that start after the image."""
    rules = (windows.windows, False), (windows.windows, True), (windows.rounded_up, True)
    counts = []
    for setup in windows.ceiled(windows.CEIL):
        _, _, height, _, kernel, _ = setup.shape
        stride = setup.arguments.get("stride", kernel)
        counts.append([rule(height, kernel, stride, 0, 1, ceil) for rule, ceil in rules])
    assert any(floor < right == up for floor, right, up in counts)
    assert any(floor == right < up for floor, right, up in counts)


def test_taps_by_hand_are_pytorchs_poolings():
    for name, by_hand in (("max_pool2d", maxima.by_hand()), ("avg_pool2d", averages.by_hand())):
        for case, wanted in drawn(name):
            got = by_hand(*case.args, **case.kwargs)
            torch.testing.assert_close(got[0] if isinstance(got, tuple) else got, wanted)


def test_the_answers_to_the_questions():
    assert numbers(windows.windows) == F.max_pool2d(torch.zeros(1, 8, 63, 61), 2, 3, ceil_mode=True).numel()
    layers = nn.Sequential(*[nn.Conv2d(1, 1, 3), nn.AvgPool2d(2)] * 2, nn.Conv2d(1, 1, 3))
    for parameter in layers.parameters():
        nn.init.ones_(parameter)
    x = torch.zeros(1, 1, 40, 40, requires_grad=True)
    layers(x)[0, 0, 2, 2].backward()
    assert seen(CONVOLUTION, POOLING, CONVOLUTION, POOLING, CONVOLUTION) == int((x.grad != 0).any(2).sum())


def test_what_stands_in_for_a_network_is_no_answer():
    with setting(Quiet({})):
        outcomes = pooling.SimpleCNN.examine(digits_network)
    assert "sizes" in {outcome.id for outcome in outcomes if not outcome.earned}


def test_a_missing_or_wrong_network_costs_fit_nothing():
    right = implementation("pooling", "right/fit_with_adam").load()
    right.SimpleCNN = lambda *args: nn.Linear(1, 1)
    with setting(Quiet({"SimpleCNN": False})):
        assert all(outcome.earned for outcome in pooling.fit.examine(right.fit))
    with setting(Quiet({"SimpleCNN": True})):
        lost = [outcome.id for outcome in pooling.fit.examine(right.fit) if not outcome.earned]
    assert lost == ["learns"]
