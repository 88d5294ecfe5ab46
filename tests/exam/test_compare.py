"""Only a right answer passes a comparison, whatever else comes back."""

import pytest
import torch
from torch import nn

from autograder.exam.cases import Case
from autograder.exam.compare import Either, agree, fault, shown
from autograder.exam.core import Wrong
from autograder.exam.draw import Draw
from autograder.exam.functions import FunctionExam
from autograder.exam.gradients import gradient_fault
from autograder.exam.judging import Comparison, judge
from autograder.exam.mistakes import Misconception
from autograder.exam.subject import LocalSubject, Raised
from autograder.exam.values import owned

RIGHT = torch.tensor([[1.0, -2.0], [0.5, 100.0]])


class Odd(torch.Tensor):
    """A tensor that agrees with everything, if it is asked itself."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return True


@pytest.mark.parametrize(
    "got",
    [
        pytest.param(RIGHT * float("nan"), id="nan"),
        pytest.param(torch.where(RIGHT > 0.6, RIGHT, float("nan")), id="partly nan"),
        pytest.param(RIGHT / 0, id="infinity"),
        pytest.param(RIGHT[:0], id="empty"),
        pytest.param(RIGHT[:1], id="a row that broadcasts"),
        pytest.param(RIGHT[None], id="an axis too many"),
        pytest.param(RIGHT.T, id="transposed"),
        pytest.param(RIGHT.double(), id="float64"),
        pytest.param(RIGHT.half(), id="half"),
        pytest.param(RIGHT.to(torch.complex64), id="complex"),
        pytest.param(RIGHT.int(), id="integers"),
        pytest.param(RIGHT > 0, id="booleans"),
        pytest.param(RIGHT + 1e-3, id="off by a thousandth"),
        pytest.param(torch.tensor(1.0), id="a single number"),
        pytest.param(RIGHT.tolist(), id="a list"),
        pytest.param(RIGHT.numpy(), id="an array"),
        pytest.param(None, id="nothing"),
        pytest.param(True, id="True"),
        pytest.param([RIGHT], id="a list around it"),
    ],
)
def test_only_the_right_tensor_passes(got):
    assert fault(owned(got), RIGHT)


def test_an_int_is_of_any_integer_type():
    for right in (3, torch.tensor(3), torch.tensor([3], dtype=torch.uint8)):
        assert fault(owned(right), 3) is None
    for wrong in (3.0, torch.tensor(3.0), torch.tensor([3, 3]), torch.tensor(4), True, torch.tensor(True), "3", None):
        assert fault(owned(wrong), 3)


@pytest.mark.parametrize(
    "got",
    [
        RIGHT.clone(),
        RIGHT + 1e-5,
        nn.Parameter(RIGHT),
        RIGHT.T.contiguous().T,
        RIGHT.clone().requires_grad_() * 1,
    ],
)
def test_a_right_tensor_passes_however_it_is_held(got):
    assert fault(owned(got), RIGHT) is None


def test_a_subclass_has_no_say():
    held = owned(torch.zeros(2, 2).as_subclass(Odd))
    assert type(held) is torch.Tensor
    assert fault(held, RIGHT)


@pytest.mark.parametrize("dtype, small, large", [(torch.float32, 5e-5, 3e-4), (torch.float64, 5e-9, 3e-8)])
def test_tolerance_is_the_interfaces(dtype, small, large):
    right = torch.ones(3, dtype=dtype)
    assert agree(right + small, right)
    assert not agree(right + large, right)


def test_empty_agrees_with_empty_only():
    assert agree(torch.zeros(0, 3), torch.zeros(0, 3))
    assert not agree(torch.zeros(0), torch.zeros(0, 3))


def test_whole_numbers_are_compared_exactly():
    assert fault(3, 3) is None
    assert fault(3.0, 3) and fault(True, 1) and fault("3", 3) and fault(4, 3)
    assert agree(torch.tensor([1, 2]), torch.tensor([1, 2]))
    assert not agree(torch.tensor([1, 3]), torch.tensor([1, 2]))
    assert agree(torch.tensor([True]), torch.tensor([True]))


def test_lists_dicts_and_floats_are_compared_entry_by_entry():
    assert fault([(1, 0.5)], [(1, 0.5 + 1e-6)]) is None
    assert fault([(1, 0.5)], [(1, 0.51)]) and fault([(2, 0.5)], [(1, 0.5)]) and fault([], [(1, 0.5)]) and fault(1, 1.0)
    assert fault({"a": RIGHT}, {"a": RIGHT}) is None
    assert fault({"a": RIGHT}, {"b": RIGHT}) and fault({"a": RIGHT + 1}, {"a": RIGHT}) and fault([RIGHT], {"a": RIGHT})


def test_nan_and_infinity_are_right_where_they_are_expected():
    odd = torch.tensor([float("nan"), float("-inf"), 1.0])
    assert agree(odd.clone(), odd) and fault(float("nan"), float("nan")) is None
    for wrong in (0.0, 2.0):
        for place in range(3):
            other = odd.clone()
            other[place] = wrong
            assert not agree(other, odd) and not agree(odd, other) and fault(other, odd)
    assert not agree(-odd, odd)


def test_any_of_several_answers_may_be_right():
    either = Either((RIGHT, RIGHT.double()))
    assert fault(RIGHT, either) is None and fault(RIGHT.double(), either) is None
    assert fault(RIGHT.half(), either) == fault(RIGHT.half(), RIGHT) and fault(RIGHT + 1, either)


def test_every_result_of_several_counts():
    pair = (RIGHT, RIGHT.T)
    assert fault(pair, pair) is None
    assert fault(list(pair), pair) is None
    assert fault((RIGHT,), pair) and fault((RIGHT, RIGHT), pair) and fault(RIGHT, pair) and fault((*pair, RIGHT), pair)


NAMES = ("input", "weight")


def test_gradients_that_are_missing_or_wrong_are_told_apart():
    assert gradient_fault([RIGHT, None], [RIGHT, RIGHT], NAMES) == "sends no gradient back to the weight"
    assert gradient_fault([RIGHT, RIGHT + 1], [RIGHT, RIGHT], NAMES) == "sends a wrong gradient back to the weight"
    assert gradient_fault([RIGHT], [RIGHT, RIGHT], NAMES) == "sends back 1 of 2 gradients"
    assert gradient_fault([RIGHT, RIGHT], [RIGHT, RIGHT], NAMES) is None


def double(x):
    return 2 * x


def judged(function, mistakes=(), cases=((1.0,), (2.0,), (0.0,))):
    subject, compared = LocalSubject(function), []
    for case in (Case(args, {}, "on a number") for args in cases):
        (answer,) = subject.vjps([(case.args, {}, None)])
        got = answer if isinstance(answer, Raised) else answer.output
        wrong = "raised" if isinstance(answer, Raised) else fault(got, double(*case.args))
        compared.append(Comparison(case, double(*case.args), got, wrong))
    with pytest.raises(Wrong) as found:
        judge(subject.name, compared, mistakes)
    return found.value


TRIPLE = Misconception("triple", (lambda x: 3 * x,))


def test_a_mistake_is_named_where_it_explains_everything():
    assert judged(lambda x: 3 * x, [TRIPLE]).mistake == "triple"
    assert judged(lambda x: 3 * x if x == 1.0 else 5 * x, [TRIPLE]).mistake is None
    assert judged(lambda x: 3 * x if x == 1.0 else 2 * x, [TRIPLE]).mistake is None  # the right answers contradict it


def test_errors_alone_name_nothing():
    def failing(x):
        raise TypeError("no")

    unnamed = Misconception("fails", (failing,))
    assert judged(failing, [unnamed]).mistake is None

    def fails_on_two(x):
        return failing(x) if x == 2.0 else 2 * x

    raising = Misconception("fails", (fails_on_two,), raises=True)
    assert judged(fails_on_two, [raising]).mistake == "fails"
    assert judged(failing, [raising]).mistake is None


def test_what_an_error_says_can_name_it():
    def failing(x):
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")

    assert judged(failing, [Misconception("in-place", says=("leaf Variable",))]).mistake == "in-place"


def test_lost_precision_is_named_by_nearly_right_values():
    rough = Misconception("precision", rough=True)
    x = torch.tensor([1 / 3], dtype=torch.float64)
    assert judged(lambda x: (2 * x.float()).double(), [rough], [(x,)]).mistake == "precision"
    assert judged(lambda x: 2 * x + 1e-2, [rough], [(x,)]).mistake is None
    assert judged(lambda x: 2 * x.float(), [rough], [(x,)]).mistake is None


def test_what_is_not_written_yet_says_so():
    def untouched(x):
        raise NotImplementedError

    assert "not written yet" in judged(untouched, [TRIPLE]).sentence


def test_a_sentence_shows_neither_input_nor_expected_value():
    finding = judged(lambda x: 7 * x)
    assert "7" not in finding.sentence and "2" not in finding.sentence.replace("2 of 3", "")
    assert "2.0" in finding.evidence.expected or "4.0" in finding.evidence.expected


def test_gradients_are_judged_beside_right_values_only():
    cases = [Case((torch.ones(2, 2),)), Case((torch.zeros(2, 2),))]
    doubling = FunctionExam("double", double, (), {}, door=lambda draw: cases)

    def told(function):
        calls = doubling.ask_gradients(lambda draw: cases)(LocalSubject(function), Draw(1))
        return [(call.twin.fault(double), call.fault(double)) for call in calls]

    assert told(double) == [(None, None)] * 2
    assert told(lambda x: double(x.detach())) == [(None, "is right, but sends no gradient back to the input")] * 2
    wrong = "gave back wrong values"
    assert told(lambda x: 3 * x)[0] == (wrong, f"{wrong} where a gradient is asked for")


def test_a_value_is_shown_short():
    assert shown(torch.arange(20.0)) == "torch.float32 (20,) [0, 1, 2, 3, 4, 5, 6, 7, …]"
    assert shown((1, "a", [2])) == "(1, 'a', (2))"
