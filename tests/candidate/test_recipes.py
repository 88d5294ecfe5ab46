"""What stands in for a student's missing part is PyTorch's own, and nothing else is free meanwhile."""

import itertools

import pytest
import torch
import torch.nn.functional as F

from autograder.objects.ban import BAN
from autograder.objects.recipes import RECIPES
from autograder.objects.recipes import convolution as recipes
from autograder.objects.rule import BannedOperator

ARGUMENTS = [
    dict(stride=stride, padding=padding, dilation=dilation, groups=groups)
    for stride, padding, dilation, groups in itertools.product((1, (2, 1)), (0, (1, 2), "same"), (1, (2, 1)), (1, 2, 4))
    if padding != "same" or stride == 1
]


@pytest.fixture
def standing_in(monkeypatch):
    monkeypatch.setattr(BAN, "standing_in", True)


@pytest.mark.usefixtures("standing_in")
@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("onednn", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_conv2d_stands_in_under_the_ban_with_its_gradients(dtype, onednn):
    """Without oneDNN the convolution is made of other operators, all of which have to be free."""
    before = torch._C._get_mkldnn_enabled()
    torch._C._set_mkldnn_enabled(onednn)
    try:
        for arguments in ARGUMENTS:
            x, bias = torch.randn(2, 4, 9, 8, dtype=dtype), torch.randn(4, dtype=dtype)
            given = [x, torch.randn(4, 4 // arguments["groups"], 3, 2, dtype=dtype), bias]
            given = [t.requires_grad_() for t in given]
            right = F.conv2d(*given, **arguments)
            wanted = torch.autograd.grad(right, given, torch.ones_like(right))
            with BAN.during("convolution"):
                got = recipes.conv2d(*given, **arguments)
                found = torch.autograd.grad(got, given, torch.ones_like(got))
                with pytest.raises(BannedOperator):
                    F.conv2d(*given, **arguments)
            torch.testing.assert_close(got, right)
            torch.testing.assert_close(found, wanted)
    finally:
        torch._C._set_mkldnn_enabled(before)


@pytest.mark.usefixtures("standing_in")
def test_what_is_not_part_of_it_stays_banned_meanwhile():
    x, weight = torch.randn(1, 2, 4, 4), torch.randn(2, 2, 3, 3)
    with BAN.during("convolution"):
        with BAN.lifting():
            assert F.conv2d(x, weight).shape == (1, 2, 2, 2)
            for other in (lambda: F.unfold(x, 3), lambda: F.conv_transpose2d(x, weight), lambda: F.conv1d(x[0], x[0])):
                with pytest.raises(BannedOperator):
                    other()
        with pytest.raises(BannedOperator):
            F.conv2d(x, weight)
    with BAN.lifting():  # where nothing is banned, nothing is lifted
        assert F.conv2d(x, weight).shape == (1, 2, 2, 2)
    assert F.unfold(x, 3).shape == (1, 18, 4)


def test_it_stands_in_for_nobody_afterwards():
    """Code that kept it from the exam in which it stood in gains nothing, nor does what its graphs lead to."""
    x, weight = torch.randn(1, 2, 4, 4, requires_grad=True), torch.randn(2, 2, 3, 3)
    kept = type(recipes.conv2d(x, weight).grad_fn)._forward_cls
    with BAN.during("convolution"):
        for call in (lambda: recipes.conv2d(x, weight), lambda: kept.apply(F.conv2d, x, weight)):
            with pytest.raises(BannedOperator):
                call()


ROWS = [
    ["convolution", torch.randn(4, 3, 3, 2), torch.randn(4), [2, 1], 1, 1],
    ["norm", *torch.rand(4, 4).add(0.5)],
    ["relu", True],
    ["group", ["residual", ["convolution", torch.randn(4, 4, 1, 1), None], ["tanh"]], ["max_pool", 2]],
    ["dropout", 0.5],
    ["average"],
    ["flatten"],
    ["linear", torch.randn(2, 4), torch.randn(2)],
]


def test_a_network_is_made_of_rows():
    """Its layers are PyTorch's, with the numbers of the rows; what is said of it holds for all of it."""
    made = RECIPES["network"](ROWS, training=True, frozen=["0.bias"], gradients=True, hooked=["1"])
    (_, kernel, bias, *_), (_, weight, shift, mean, var) = ROWS[:2]
    x = torch.randn(5, 3, 8, 8)
    first = F.batch_norm(F.conv2d(x, kernel, bias, (2, 1), 1), mean, var, weight, shift).relu()
    second = F.max_pool2d(first + F.conv2d(first, ROWS[3][1][1][1]).tanh(), 2)
    assert all(module.training for module in made.modules())
    torch.testing.assert_close(made.eval()(x), F.linear(second.mean((2, 3)), *ROWS[-1][1:]))
    assert {name for name, p in made.named_parameters() if p.grad is None} == {"0.bias"}
    assert [name for name, p in made.named_parameters() if not p.requires_grad] == ["0.bias"]
    assert [len(layer._forward_hooks) for layer in made.children()] == [0, 1, 0, 0, 0, 0, 0, 0]


def test_networks_of_the_same_rows_share_nothing():
    one, other = RECIPES["network"](ROWS), RECIPES["network"](ROWS)
    one[0].weight.data.zero_()
    one[1].running_mean.zero_()
    assert other[0].weight.all() and other[1].running_mean.all() and ROWS[0][1].all() and ROWS[1][3].all()


def test_a_layer_may_fail():
    with pytest.raises(RuntimeError):
        RECIPES["network"]([["relu"], ["failing"]])(torch.ones(1, 1, 2, 2))
