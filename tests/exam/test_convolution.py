"""What the exam of assignment 01 covers, and its statistics."""

from dataclasses import replace

import pytest
import torch

from autograder.exam import convolution
from autograder.exam.calls import Gradient, Refusal
from autograder.exam.cases import words
from autograder.exam.convolution import layer, sums
from autograder.exam.convolution.mistakes import conv2d as reference
from autograder.exam.convolution.separate import product
from autograder.exam.draw import Draw
from autograder.exam.notes import Notes
from autograder.exam.numbers_seen import is_multiple
from autograder.exam.statistics import is_uniform
from autograder.exam.subject import LocalSubject
from autograder.exam_tables.implementations import implementation

REFERENCE = implementation("convolution", "right/unfold_einsum")


def test_more_than_200_configurations_with_values_and_gradients():
    module, notes = REFERENCE.load(), Notes()
    for exam in (convolution.conv2d, convolution.Conv2d):
        for criterion in exam.criteria:
            criterion.check(LocalSubject(getattr(module, exam.name), exam.name), Draw(1, notes))
    calls = [call for one in notes.asked.values() for call in one.calls]
    assert len(calls) >= 200
    assert sum(isinstance(call, Gradient) for call in calls) >= 15
    assert not [call.case for call in calls if not isinstance(call, Refusal) and call.fault(reference)]


def all_setups():
    return [
        *sums.PLAIN, *sums.STRIDE, *sums.PADDING, *sums.DILATION, *sums.GROUPS, *sums.TOGETHER,
        *sums.LARGE, *sums.WORDS, *layer.VALUES, *layer.WORDS, *layer.MODES,
    ]  # fmt: skip


def test_configurations_cover_what_they_should():
    setups = all_setups()
    shapes = [s.shape for s in setups]
    assert any(h != w and kh != kw for _, _, h, w, _, kh, kw in shapes)
    assert any((h, w) == (kh, kw) for _, _, h, w, _, kh, kw in shapes)
    assert any((kh, kw) == (1, 1) for *_, kh, kw in shapes)
    assert {s.bias for s in setups} == {True, False}
    for key in ("stride", "padding", "dilation"):
        values = [s.arguments[key] for s in setups if key in s.arguments]
        assert any(isinstance(v, int) for v in values)
        assert any(isinstance(v, tuple) and v[0] > v[1] for v in values)
        assert any(isinstance(v, tuple) and v[0] < v[1] for v in values)
    assert {"same", "valid"} <= {s.arguments.get("padding") for s in setups}
    assert {s.arguments.get("padding_mode", "zeros") for s in setups} == {"zeros", "reflect", "replicate", "circular"}
    assert any(s.arguments.get("groups", 1) == s.shape[1] > 1 for s in setups), "depthwise"
    assert any(1 < s.arguments.get("groups", 1) < s.shape[1] for s in setups)


def test_terms_of_a_sum_stay_few():
    """The interface's tolerances hold for about 600 terms."""
    assert all(c * kh * kw <= 600 for _, c, _, _, _, kh, kw in (s.shape for s in all_setups()))


def test_words_name_what_is_special():
    assert words({"stride": (2, 1), "padding": 1}) == "with stride (2, 1) and padding 1"
    assert words({"groups": 1}) == ""


@pytest.mark.parametrize("bound", [1.0, 0.25])
def test_uniform_weights_pass_and_others_do_not(bound):
    draw = torch.Generator().manual_seed(1)
    n = 16384
    for _ in range(300):
        drawn = (2 * torch.rand(n, generator=draw, dtype=torch.float64) - 1) * bound
        assert is_uniform(drawn, bound)
    others = {
        "wider": 2 * drawn,
        "a hair wider": 1.01 * drawn,
        "a hair narrower": 0.985 * drawn,
        "narrower": 0.8 * drawn,
        "positive": drawn.abs(),
        "normal": torch.randn(n, generator=draw, dtype=torch.float64) * bound / 3**0.5,
        "cut normal": (torch.randn(n, generator=draw, dtype=torch.float64) * bound / 3**0.5).clamp(-bound, bound),
        "constant": torch.full((n,), bound / 2, dtype=torch.float64),
        "zero": torch.zeros(n, dtype=torch.float64),
        "nan": drawn * float("nan"),
    }
    assert [what for what, values in others.items() if is_uniform(values, bound)] == []


def test_the_distributions_bound_is_far_enough_out():
    """Dvoretzky, Kiefer and Wolfowitz: P(distance > far) ≤ 2 exp(−2 n far²), for each of a layer's tensors."""
    from math import exp

    tests = 2 * len(layer.MANY)
    assert tests * (2 * exp(-2 * 12) + 0.99**3000) < 1e-9
    assert all(outputs >= 3000 for (_, outputs, *_), _ in layer.MANY)


def test_separate_is_judged_by_its_product():
    kernel = torch.tensor([[1.0, 2.0], [2.0, 4.0]])
    column, row = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0])
    assert product(kernel, (column, row)).fault is None
    assert product(kernel, (-column, -row)).fault is None
    assert product(kernel, [column * 4, row / 4]).fault is None
    for parts in (
        (column,),
        (column, row, row),
        column,
        None,
        (column[None], row),
        (row[:1], column),
        (column, 2 * row),
    ):
        assert product(kernel, parts).fault
    found = [product(kernel, (column, other)) for other in (2 * row, torch.zeros(2), row.flip(0))]
    assert [is_multiple(one.got, one.expected) for one in found] == [True, False, False]


@pytest.mark.parametrize(("number", "right"), [(1, 16), (2, 1806336), (3, "B")])
def test_questions_have_one_answer(number, right):
    question = getattr(convolution, f"question_{number}")
    assert question.defines == f"answer_{number}"
    assert [o.earned for o in question.examine(right)] == [question.points]
    assert [o.earned for o in question.examine(17)] == [0]


def conv2d_of(**changes):
    """A right `conv2d`, by PyTorch's, with changes of its arguments; what it earns."""

    def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        given = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        x, weight = changes.get("x", same)(x), changes.get("weight", same)(weight)
        given = {key: changes.get(key, same)(value) for key, value in given.items()}
        return reference(x, weight, bias, **given)

    return earned(conv2d)


def earned(function):
    with_library = replace(convolution.conv2d, ban=None)
    return sum(outcome.earned for outcome in with_library.examine(function))


def same(value):
    return value


def only_one(value):
    if value != 1:
        raise NotImplementedError("groups")
    return value


def whole(value):
    return value if isinstance(value, str) else int(value)


def zeros_that_refuse(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return 0 * reference(x, weight, bias, stride, padding, dilation, groups)


def untouched(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    raise NotImplementedError


def test_what_partly_right_work_earns():
    """Of 8 points: what the course says that these are worth."""
    assert conv2d_of() == 8
    assert conv2d_of(weight=lambda w: w.flip(2, 3)) == 7
    assert conv2d_of(x=torch.Tensor.float, weight=torch.Tensor.float) in (7, 7.5)
    assert conv2d_of(stride=whole, padding=whole, dilation=whole) == 6.5
    assert conv2d_of(groups=only_one) == 6.5
    assert earned(zeros_that_refuse) == earned(untouched) == 0


TALL = {setup.shape[:4] for setup in sums.DILATION} - {setup.shape[:4] for setup in sums.PLAIN}


def fails_on_what_only_dilation_asks(x, *args, **kwargs):
    if tuple(x.shape) in TALL:
        raise TypeError("not this one")
    return reference(x, *args, **kwargs)


def first_channel_of_the_first_image(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    chosen = x.unflatten(1, (groups, -1))[:1, :, 0]
    return reference(chosen, weight[:, :1], bias, stride, padding, dilation, groups)


def test_a_twin_that_is_wrong_on_purpose_is_no_excuse():
    assert len(TALL) > 3 and earned(fails_on_what_only_dilation_asks) <= 7


def test_two_mistakes_cost_two_criteria():
    assert earned(first_channel_of_the_first_image) <= 6.5


def test_a_call_that_answers_what_it_should_refuse_says_so_while_the_door_is_shut():
    def conv2d(x, weight, bias=None, *args, **kwargs):
        out = reference(x, weight, None, *args, **kwargs)
        return out + (out.std() if bias is None else bias.reshape(1, -1, 1, 1))

    found = replace(convolution.conv2d, ban=None).examine(conv2d)
    assert all(outcome.earned == 0 for outcome in found)
    assert not any("could not be compared" in outcome.finding.sentence for outcome in found)
