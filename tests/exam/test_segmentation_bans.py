"""What assignment 06 bans is refused under every name; what it leaves free works, gradients of gradients included."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from autograder.objects.ban import BAN
from autograder.objects.rule import BannedOperator

X, W = torch.randn(2, 4, 6, 7), torch.randn(4, 3, 3, 2)
aten = torch.ops.aten

TRANSPOSED = {
    "F.conv_transpose2d": lambda: F.conv_transpose2d(X, W),
    "with gradient": lambda: F.conv_transpose2d(X.clone().requires_grad_(), W),
    "nn.ConvTranspose2d": lambda: nn.ConvTranspose2d(4, 3, 2)(X),
    "torch.conv_transpose2d": lambda: torch.conv_transpose2d(X, W),
    "conv_transpose1d": lambda: F.conv_transpose1d(X[:, :, 0], W[..., 0]),
    "conv_transpose3d": lambda: F.conv_transpose3d(X[:, :, None], W[:, :, None]),
    "F.fold": lambda: F.fold(torch.randn(1, 12, 4), 3, 2),
    "nn.Fold": lambda: nn.Fold(3, 2)(torch.randn(1, 12, 4)),
    "aten.convolution": lambda: aten.convolution(X, W, None, [1, 1], [0, 0], [1, 1], True, [0, 0], 1),
    "aten._convolution": lambda: aten._convolution(
        X, W, None, [1, 1], [0, 0], [1, 1], True, [0, 0], 1, False, False, True, True
    ),
    "aten.convolution_backward": lambda: aten.convolution_backward(
        torch.randn(2, 3, 8, 8), X, W, [0], [1, 1], [0, 0], [1, 1], True, [0, 0], 1, [True, False, False]
    ),
}
RESIZING = {
    **{
        f"interpolate {mode}": lambda mode=mode: F.interpolate(X, scale_factor=2, mode=mode)
        for mode in ("nearest", "nearest-exact", "bilinear", "bicubic")
    },
    "antialias": lambda: F.interpolate(X, size=(3, 3), mode="bilinear", antialias=True),
    "linear": lambda: F.interpolate(X[0], size=9, mode="linear"),
    "nn.Upsample": lambda: nn.Upsample(scale_factor=2)(X),
    "nn.UpsamplingBilinear2d": lambda: nn.UpsamplingBilinear2d(scale_factor=2)(X),
    "with gradient": lambda: F.interpolate(X.clone().requires_grad_(), size=(9, 9), mode="bilinear"),
    "aten": lambda: aten.upsample_nearest2d(X, [12, 14]),
}


@pytest.mark.parametrize("grad", [torch.enable_grad, torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize(
    ("name", "call"),
    [("transposed", call) for call in TRANSPOSED] + [("upsampling", call) for call in RESIZING],
)
def test_is_refused(name, call, grad):
    act = (TRANSPOSED if name == "transposed" else RESIZING)[call]
    with BAN.during(name), grad(), pytest.raises(BannedOperator, match="write it yourself"):
        act()
    act()


def through_autograd(x, weight):
    """A transposed convolution as the gradient of a convolution: free."""
    at = torch.zeros(x.shape[0], weight.shape[1], x.shape[2] + 2, x.shape[3] + 1, dtype=x.dtype, requires_grad=True)
    return torch.autograd.grad(F.conv2d(at, weight), at, x, create_graph=True)[0]


def test_convolution_and_its_gradients_are_free():
    x, weight = (t.double().requires_grad_() for t in (X, W))
    with BAN.during("transposed"):
        got = through_autograd(x, weight)
        gradients = torch.autograd.grad(got.square().sum(), (x, weight))
    expected = F.conv_transpose2d(x, weight)
    torch.testing.assert_close(got, expected)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected.square().sum(), (x, weight)))


@pytest.mark.parametrize("grad", [torch.enable_grad, torch.no_grad, torch.inference_mode])
def test_a_plain_convolution_is_free_in_every_mode(grad):
    with grad():
        expected = F.conv2d(X, W.transpose(0, 1))
        with BAN.during("transposed"):
            torch.testing.assert_close(F.conv2d(X, W.transpose(0, 1)), expected)


def test_the_gradient_of_unfold_is_free_though_it_is_a_fold():
    x = X.double().requires_grad_()
    with BAN.during("transposed"):
        assert torch.autograd.gradcheck(lambda t: F.unfold(t, (3, 2), padding=1, stride=2), (x[:1, :1, :3, :3],))
    with BAN.during("transposed"), pytest.raises(BannedOperator):
        F.fold(torch.randn(1, 12, 4), 3, 2)
