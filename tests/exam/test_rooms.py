"""The rooms that exams share: an exam of a function whose inputs and results are of any type is data, and reacts.

Max pooling with indices and its inverse stand for it: tuples come back, whole numbers go in, padding is −∞.
"""

import pytest
import torch
import torch.nn.functional as F

from autograder.exam.assignment import assignment
from autograder.exam.cases import Case, choices, drawn, grid
from autograder.exam.draw import Draw
from autograder.exam.functions import FunctionExam
from autograder.exam.gradients import with_wanted_gradients
from autograder.exam.mistakes import (
    IN_PLACE,
    always,
    care_mistakes,
    misconception,
    pair_mistakes,
    with_arguments,
    with_changes,
)
from autograder.exam.sentences import common
from autograder.objects.assignments import ASSIGNMENTS


def pooled(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    return F.max_pool2d(x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def unpooled(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    return F.max_unpool2d(x, indices, kernel_size, stride, padding, output_size)


def zeros_around(x, padding, **rest):
    h, w = (padding, padding) if isinstance(padding, int) else padding
    return {"x": F.pad(x, (w, w, h, h)), "padding": 0}


SENTENCES = common("detached", "input-changed", "float32-result", "contiguous-only", "pairs-refused") | {
    "kernel-swapped": "The kernel's sides are exchanged.",
    "stride-swapped": "The strides are exchanged.",
    "stride-is-one": "The default stride is the kernel's size.",
    "padding-zeros": "Outside the image is −∞.",
    "ceil-ignored": "`ceil_mode` has no effect.",
    "no-refusal-padding": "Too much padding is taken.",
}
MISTAKES = (
    IN_PLACE,
    *pair_mistakes(pooled, kernel_size="kernel", stride="stride"),
    misconception("stride-is-one", with_arguments(pooled, stride=lambda s: 1 if s is None else s)),
    misconception("padding-zeros", with_changes(pooled, zeros_around)),
    misconception("ceil-ignored", with_arguments(pooled, ceil_mode=always(False))),
    *care_mistakes(pooled),
)


def tensors(setup, draw):
    return (draw.normal(*setup.shape, dtype=setup.dtype) - 3, (2, 3))


def cases(*setups):
    return drawn(tensors, *setups)


SHAPES = [(1, 1, 6, 7), (2, 3, 5, 6), (1, 2, 7, 5), (1, 1, 8, 8)]
PLAIN = grid(SHAPES, [{}])
STRIDE = grid(SHAPES, choices("stride", 1, 2, (1, 2), (3, 1)))
PADDING = grid(SHAPES, choices("padding", 1, (1, 0), (0, 1)))
INDICES = grid(SHAPES, [{"return_indices": True}, {"return_indices": True, "padding": 1}])
CEIL = grid(SHAPES, choices("ceil_mode", True))
TINY = lambda draw: [Case((draw.normal(1, 1, 2, 4, dtype=torch.float64), (2, 3)), {"stride": 1})]
MAX = FunctionExam("max_pool2d", pooled, MISTAKES, SENTENCES)
max_pool2d = MAX.exam(
    MAX.values("plain", "windows side by side", 1.0, cases(PLAIN)),
    MAX.values("stride", "stride", 1.0, cases(STRIDE)),
    MAX.values("padding", "padding", 1.0, cases(PADDING)),
    MAX.values("indices", "indices", 1.0, cases(INDICES)),
    MAX.values("ceil", "ceil_mode", 1.0, cases(CEIL)),
    MAX.layouts(0.5, cases(PLAIN[:2])),
    MAX.gradients(0.5, cases(PLAIN), tiny=TINY),
    MAX.refuses(
        0.5,
        lambda draw: [(Case((draw.normal(1, 1, 5, 5), 2), {"padding": 2}), "no-refusal-padding")],
        beside=cases(PLAIN),
    ),
)


def reads_memory_in_order(x, *args, **kwargs):
    return pooled(x if x.is_contiguous() else x.flip(3), *args, **kwargs)


def changes_its_input(x, *args, **kwargs):
    result = pooled(x, *args, **kwargs)
    x += 1
    return result


def as_floats(*args, return_indices=False, **kwargs):
    result = pooled(*args, return_indices=return_indices, **kwargs)
    return (result[0], result[1].float()) if return_indices else result


def without_indices(*args, return_indices=False, **kwargs):
    return pooled(*args, **kwargs)


def without_refusal(x, kernel_size, *args, **kwargs):
    return x if kwargs.get("padding") == 2 else pooled(x, kernel_size, *args, **kwargs)


def lost(function):
    return {o.id: o.finding.mistake for o in max_pool2d.examine(function) if o.finding is not None}


def test_what_is_right_keeps_all_points():
    assert lost(pooled) == {}


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (with_arguments(pooled, ceil_mode=always(False)), {"ceil": "ceil-ignored"}),
        (
            with_changes(pooled, zeros_around),
            {"padding": "padding-zeros", "indices": "padding-zeros", "refusals": "no-refusal-padding"},
        ),
        (as_floats, {"indices": None}),
        (without_indices, {"indices": None}),
        (reads_memory_in_order, {"layouts": "contiguous-only"}),
        (lambda x, *a, **k: pooled(x.detach().clone(), *a, **k), {"gradients": "detached"}),
        (without_refusal, {"refusals": "no-refusal-padding"}),
    ],
)
def test_what_is_wrong_loses_what_it_says(function, expected):
    assert lost(function) == expected


def test_one_mistake_has_one_name_in_every_criterion():
    turned = lost(with_arguments(pooled, kernel_size=lambda k: k[::-1] if isinstance(k, tuple) else k))
    assert set(turned) >= {"plain", "padding", "indices", "ceil", "layouts", "gradients"}
    assert turned["plain"] == turned["ceil"] == "kernel-swapped"
    assert lost(with_arguments(pooled, stride=lambda s: 1 if s is None else s))["plain"] == "stride-is-one"
    assert "input-changed" in lost(changes_its_input).values()


def test_whole_numbers_have_no_gradient_and_cases_stay_as_they_are():
    x, indices = pooled(torch.randn(1, 1, 4, 4), 2, return_indices=True)
    given = Case((x, indices, 2))
    (asked,) = with_wanted_gradients(unpooled, [given], Draw(1))
    assert asked.names == ["input"] and len(asked.wanted) == 1 and asked.wanted[0].shape == x.shape
    assert not x.requires_grad and given.args[0] is x
    (asked,) = with_wanted_gradients(pooled, [Case((x, 2), {"return_indices": True})], Draw(1))
    assert asked.cotangent is None and not asked.wanted and not asked.expected[0].requires_grad


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_an_assignment_is_a_record(name):
    record = assignment(name)
    assert record.name == name and record.exams
    assert [record.exam(exam.name) for exam in record.exams] == list(record.exams) and record.exam("nothing") is None


def test_an_assignment_that_is_not_listed_is_refused():
    with pytest.raises(KeyError, match="there is no assignment '99-nothing'"):
        assignment("99-nothing")
