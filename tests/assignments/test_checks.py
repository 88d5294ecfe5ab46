"""The visible checks: right work passes, common mistakes are told in a sentence, and they are no way to full marks."""

import numpy as np
import pytest
import torch
from drawing import drawn, some_of
from notebooks import NAMES, namespace, of_kind, reference, source, visible_checks

from autograder.objects.assignments import topic
from convcourse import checks
from convcourse.checks import core
from convcourse.checks.core import Check, CheckFailed

ASSIGNMENTS = {topic(name): name for name in NAMES}
DRAWN = [(ASSIGNMENTS[exam], one) for exam, one, _ in drawn()]


def each(chosen):
    return pytest.mark.parametrize(("name", "one"), [pytest.param(*pair, id=pair[1].id) for pair in chosen])


@each([(name, one) for name, one in DRAWN if not one.wrong])
def test_right_work_passes_however_it_is_written(name, one, capsys):
    scope = namespace(name, one)
    assert [complaint(name, defined, scope) for defined in one.names] == [None] * len(one.names)
    assert "✓" in capsys.readouterr().out


@each(some_of([(name, one) for name, one in DRAWN if one.visible], 20))
def test_what_the_checks_catch_is_told_in_a_sentence(name, one):
    """Wrong implementations whose header says `visible: caught`; all other mistakes are for the hidden tests."""
    scope = namespace(name, one)
    told = list(filter(None, (complaint(name, defined, scope) for defined in one.names)))
    assert told
    for said in told:
        assert said.startswith(tuple(f"{defined}: " for defined in one.names)) and len(said) > 40


def test_the_checks_catch_much(name):
    wrong = of_kind(name, wrong=True)
    assert len([one for one in wrong if one.visible]) > len(wrong) / 2


def complaint(name, defined, scope):
    """What the visible checks of a name say of what stands in `scope`; None where they let it pass."""
    try:
        exec(visible_checks(name, defined), scope)
    except CheckFailed as failed:
        return str(failed)
    return None


@pytest.fixture
def conv2d():
    """The reference's, as a student has it."""
    scope = {}
    exec(next(cell.source for cell in source("01-convolution").cells if cell.id == "setup"), scope)
    exec(reference("01-convolution")["conv2d"], scope)
    return scope["conv2d"]


def test_what_a_slip_leads_to_is_named(conv2d):
    with pytest.raises(CheckFailed, match="you flip the kernel"):
        checks.convolution.conv2d(lambda x, w, b=None, **k: conv2d(x, w.flip(2, 3), b, **k))
    with pytest.raises(CheckFailed, match=r"must be the input times that number. The shape must be \(1, 1, 4, 5\)"):
        checks.convolution.conv2d(lambda x, w, b=None: x[:, :, 1:])
    with pytest.raises(CheckFailed, match="answers as if it were stride=1"):
        checks.convolution.conv2d(lambda x, w, b=None, stride=1, **k: conv2d(x, w, b, **k))


def by_columns(x, weight, bias=None):
    columns = torch.nn.Unfold(weight.shape[2:])(x)
    return (weight.flatten(1) @ columns).reshape(len(x), len(weight), x.shape[2] - weight.shape[2] + 1, -1)


def by_a_layer(x, weight, bias=None):
    layer = torch.nn.Conv2d(weight.shape[1], weight.shape[0], tuple(weight.shape[2:]), bias=False)
    layer.weight.data = weight
    return layer(x)


@pytest.mark.parametrize(
    ("function", "called"),
    [
        (torch.nn.functional.conv2d, "conv2d"),
        (by_a_layer, "conv2d"),
        (by_columns, "unfold"),
        (lambda x, w, b=None: torch.convolution(x, w, b, (1, 1), (0, 0), (1, 1), False, (0, 0), 1), "convolution"),
    ],
)
@pytest.mark.parametrize("check", [checks.convolution.conv2d_naive, checks.convolution.conv2d])
def test_a_forbidden_call_is_told_before_the_notebook_is_handed_in(check, function, called):
    with pytest.raises(CheckFailed, match=f"It calls PyTorch's `{called}`, which is forbidden"):
        check(function)
    assert torch.nn.functional.conv2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 3, 3)) == 9  # outside it is allowed


def by_grad(out, leaves, grad_out):
    return torch.autograd.grad(out, leaves, grad_out)


def by_backward(out, leaves, grad_out):
    out.backward(grad_out)
    return [leaf.grad for leaf in leaves]


@pytest.mark.parametrize(("way", "called"), [(by_grad, "grad"), (by_backward, "backward")])
def test_gradients_by_autograd_are_told_before_the_notebook_is_handed_in(conv2d, way, called):
    def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
        with torch.enable_grad():
            leaves = [tensor.clone().requires_grad_() for tensor in (x, weight, torch.zeros(len(weight)))]
            return way(conv2d(*leaves, stride, padding), leaves, grad_out)

    with pytest.raises(CheckFailed, match=f"It calls PyTorch's `{called}`, which is forbidden"):
        checks.convolution.conv2d_backward(conv2d_backward)


def test_a_layer_that_inherits_from_pytorchs_is_told():
    with pytest.raises(CheckFailed, match=r"inherits from PyTorch's nn\.Conv2d"):
        checks.convolution.Conv2d(torch.nn.Conv2d)


def test_an_error_is_told_with_the_call_and_its_own_traceback():
    def conv2d(x, weight, bias=None):
        raise IndexError("of mine")

    with pytest.raises(CheckFailed) as failed:
        checks.convolution.conv2d(conv2d)
    assert "Called with (a tensor of shape (1, 1, 4, 5), a tensor of shape (1, 1, 1, 1))" in str(failed.value)
    shown = failed.value._render_traceback_()
    assert any(line.startswith("✗ conv2d: ") for line in shown)
    assert 'raise IndexError("of mine")' in "".join(shown) and "core.py" not in "".join(shown)


def test_a_call_is_told_by_shapes_and_classes():
    x = torch.ones(2, 3)
    said = core._words(([x, x, x], torch.nn.ReLU(), 2, "same"), {"pair": (1, 2), "both": (x, x), "none": None})
    tensor = "a tensor of shape (2, 3)"
    assert said == (f"([{tensor}, {tensor}, …], a ReLU, 2, 'same', pair=(1, 2), both=({tensor}, {tensor}), none=None)")


def test_what_is_not_written_is_no_error_of_theirs():
    def conv2d(x, weight, bias=None):
        raise NotImplementedError

    with pytest.raises(CheckFailed, match="not written yet"):
        checks.convolution.conv2d(conv2d)
    with pytest.raises(CheckFailed, match="not defined"):
        checks.convolution.conv2d(None)


def test_a_case_that_is_not_written_is_told_as_this_case(conv2d):
    def ungrouped(x, weight, bias=None, groups=1, **options):
        if groups > 1:
            raise NotImplementedError("groups")
        return conv2d(x, weight, bias, **options)

    with pytest.raises(CheckFailed, match=r"groups=2\) it raised NotImplementedError: groups"):
        checks.convolution.conv2d(ungrouped)


def test_whole_numbers_of_any_type_are_whole_numbers(capsys):
    def size_as(kind):
        size = lambda n, k, stride=1, padding=0, dilation=1: (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1
        return lambda *args, **options: kind(size(*args, **options))

    for kind in (int, np.int64, np.array, torch.tensor):
        checks.convolution.output_size(size_as(kind))
        checks.convolution.question_1(kind(7))
    for kind in (float, np.float32):
        with pytest.raises(CheckFailed, match="must be a whole number"):
            checks.convolution.output_size(size_as(kind))
    assert "✓" in capsys.readouterr().out


def test_what_other_cells_have_set_in_torch_fails_no_check(capsys):
    scope = namespace("01-convolution")
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            said = [complaint("01-convolution", name, scope) for name in ("conv2d", "conv2d_backward", "Conv2d")]
            assert torch.get_default_dtype() == torch.float64 and not torch.is_grad_enabled()
    finally:
        torch.set_default_dtype(torch.float32)
    assert said == [None] * 3 and "✓" in capsys.readouterr().out


def test_separate_is_asked_in_more_than_one_scale():
    def within(tolerance):
        def separate(kernel):
            columns, sizes, rows = torch.linalg.svd(kernel)
            if (sizes[1:] > tolerance(sizes)).any():
                raise ValueError
            return columns[:, 0] * sizes[0], rows[0]

        return separate

    checks.convolution.separate(within(lambda sizes: 1e-5 * sizes[0]))
    for absolute in (1e-9, 1e-5):
        with pytest.raises(CheckFailed, match="ValueError"):
            checks.convolution.separate(within(lambda sizes, absolute=absolute: absolute))


def test_answers_are_checked_for_their_form_only(capsys):
    for answer in (1, 12345, 7.0, np.int64(3), np.float32(4), np.array(5), torch.tensor([6])):
        checks.convolution.question_1(answer)
    for answer in (0, -3, 2.5, "16", None, True, float("nan")):
        with pytest.raises(CheckFailed):
            checks.convolution.question_1(answer)
    for answer in ("A", "d"):
        checks.convolution.question_3(answer)
    for answer in ("E", "AB", 1, None):
        with pytest.raises(CheckFailed):
            checks.convolution.question_3(answer)
    assert "right" in capsys.readouterr().out


def test_a_refusal_is_a_value_error_or_one_derived_from_it():
    class MyError(ValueError):
        pass

    def raising(error):
        def call():
            raise error

        return call

    for error in (ValueError("no"), RuntimeError("no"), MyError("no")):
        Check("f").refuses(raising(error), why="nonsense")
    for error in (NotImplementedError(), TypeError("no"), RecursionError()):
        with pytest.raises(CheckFailed, match=f"Yours raised {type(error).__name__}"):
            Check("f").refuses(raising(error), why="nonsense")
    with pytest.raises(CheckFailed, match="Yours gave an output"):
        Check("f").refuses(lambda: 1, why="nonsense")
