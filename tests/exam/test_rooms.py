"""The rooms that exams share: an exam of a function whose inputs and results are of any type is data, and reacts.

Max pooling with indices and its inverse stand for it: tuples come back, whole numbers go in, padding is −∞.
"""

import pytest
import torch
import torch.nn.functional as F

from autograder.exam.assignment import assignment
from autograder.exam.cases import Case, choices, drawn, grid
from autograder.exam.draw import Draw
from autograder.exam.functions import FunctionExam, in_whole_numbers, leaving_out
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
    *IN_PLACE,
    *pair_mistakes(pooled, kernel_size="kernel", stride="stride"),
    misconception("stride-is-one", with_arguments(pooled, stride=lambda s: 1 if s is None else s)),
    misconception("padding-zeros", with_changes(pooled, zeros_around)),
    misconception("ceil-ignored", with_arguments(pooled, ceil_mode=always(False))),
    *care_mistakes(pooled),
)


def tensors(setup, draw):
    return (draw.normal(*setup.shape) - 3, (2, 3))


def cases(*setups):
    return drawn(tensors, *setups)


PLAINEST = grid([(1, 1, 6, 6), (1, 1, 7, 7), (1, 1, 8, 8)], [{}, {}])
SHAPES = [(1, 1, 6, 7), (2, 3, 5, 6), (1, 2, 7, 5), (1, 1, 8, 8)]
PLAIN = grid(SHAPES, [{}])
STRIDE = grid(SHAPES, choices("stride", 1, 2))
PAIRS = grid(SHAPES, choices("stride", (1, 2), (3, 1)))
PADDING = grid(SHAPES, choices("padding", 1, (1, 0), (0, 1)))
INDICES = grid(SHAPES, [{"return_indices": True}, {"return_indices": True, "padding": 1}])
CEIL = grid(SHAPES, choices("ceil_mode", True))
MAX = FunctionExam("max_pool2d", pooled, MISTAKES, SENTENCES, cases(PLAINEST))


def refused(draw):
    x = draw.normal(1, 1, 5, 5)
    return [(Case((x, (2, 2)), {"padding": 2}), "no-refusal-padding", Case((x, (2, 2)), {"padding": 1}))]


max_pool2d = MAX.exam(
    MAX.values("plain", "windows side by side", 1.0, cases(PLAIN)),
    MAX.values("stride", "stride", 0.5, cases(STRIDE), about={"stride"}, plain=leaving_out("stride")),
    MAX.values("pairs", "stride as a pair", 0.5, cases(PAIRS), plain=in_whole_numbers),
    MAX.values("padding", "padding", 1.0, cases(PADDING), about={"padding"}),
    MAX.values("indices", "indices", 1.0, cases(INDICES)),
    MAX.values("ceil", "ceil_mode", 1.0, cases(CEIL)),
    MAX.dtypes(0.5, cases(PLAIN[:2])),
    MAX.layouts(0.5, cases(PLAIN[:2])),
    MAX.gradients(0.5, cases(PLAIN)),
    MAX.refuses(0.5, refused),
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


def first_of_a_pair(x, kernel_size, stride=None, *args, **kwargs):
    return pooled(x, kernel_size, stride[0] if isinstance(stride, tuple) else stride, *args, **kwargs)


def no_pairs(x, kernel_size, stride=None, *args, **kwargs):
    return pooled(x, kernel_size, None if stride is None else int(stride), *args, **kwargs)


def halves(*args, **kwargs):
    result = pooled(*args, **kwargs)
    return tuple(result) if isinstance(result, tuple) else result.double()


def sides_and_rows(x, kernel_size, *args, **kwargs):
    """Two mistakes: the kernel's sides are exchanged, and `ceil_mode` has no effect."""
    kwargs.pop("ceil_mode", None)
    return pooled(x, kernel_size[::-1] if isinstance(kernel_size, tuple) else kernel_size, *args, **kwargs)


def wrong_in_the_plainest(x, *args, **kwargs):
    result = pooled(x, *args, **kwargs)
    return result if isinstance(result, tuple) or x.shape[1] > 1 else result + 1


def lost(function):
    return {o.id: o.finding.mistake for o in max_pool2d.examine(function) if o.finding is not None}


def test_what_is_right_keeps_all_points():
    assert lost(pooled) == {}


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (with_arguments(pooled, ceil_mode=always(False)), {"ceil": "ceil-ignored"}),
        (with_changes(pooled, zeros_around), {"padding": "padding-zeros", "refusals": "no-refusal-padding"}),
        (with_arguments(pooled, kernel_size=lambda k: k[::-1]), {"plain": "kernel-swapped"}),
        (with_arguments(pooled, stride=lambda s: 1 if s is None else s), {"plain": "stride-is-one"}),
        (first_of_a_pair, {"pairs": None}),
        (no_pairs, {"pairs": None}),
        (as_floats, {"indices": None}),
        (without_indices, {"indices": None}),
        (halves, {"dtypes": None}),
        (reads_memory_in_order, {"layouts": "contiguous-only"}),
        (lambda x, *a, **k: pooled(x.detach().clone(), *a, **k), {"gradients": "detached"}),
        (without_refusal, {"refusals": "no-refusal-padding"}),
        (sides_and_rows, {"plain": "kernel-swapped", "ceil": "ceil-ignored"}),
    ],
)  # fmt: skip
def test_a_mistake_costs_the_criterion_that_it_is_about_and_no_other(function, expected):
    assert lost(function) == expected


def test_a_change_of_the_input_is_seen_where_it_is_asked():
    assert lost(changes_its_input)["layouts"] == "input-changed"


@pytest.mark.parametrize(
    "function",
    [
        wrong_in_the_plainest,
        lambda *a, **k: pooled(*a, **k) * 0 if not k.get("return_indices") else pooled(*a, **k),
        lambda x, *a, **k: x,
    ],
)
def test_while_the_door_is_shut_nothing_counts(function):
    found = max_pool2d.examine(function)
    assert sum(o.earned for o in found) == 0
    assert all(o.finding and o.finding.sentence for o in found)


def test_the_mistake_of_a_reading_is_no_excuse_for_an_error():
    def without_ceil(*args, ceil_mode=False, **kwargs):
        if ceil_mode:
            raise TypeError("no ceil_mode")
        return pooled(*args, **kwargs)

    assert lost(without_ceil) == {"ceil": None}


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
