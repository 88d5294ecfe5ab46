"""What assignment 02 bans is refused under every name; what it leaves free works, gradients included."""

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from autograder.objects.ban import BAN
from autograder.objects.rule import BannedOperator

X = torch.randn(2, 3, 6, 8)
VALUES, INDICES = F.max_pool2d(X, 2, return_indices=True)
aten = torch.ops.aten

REFUSED = {
    "F.max_pool2d": lambda: F.max_pool2d(X, 2),
    "with indices": lambda: F.max_pool2d(X, 2, return_indices=True),
    "with gradient": lambda: F.max_pool2d(X.clone().requires_grad_(), 2),
    "nn.MaxPool2d": lambda: nn.MaxPool2d(2)(X),
    "max_pool1d": lambda: F.max_pool1d(X[:, :, 0], 2),
    "max_pool3d": lambda: F.max_pool3d(X[:, None], (1, 2, 2)),
    "fractional": lambda: F.fractional_max_pool2d(X, 2, output_size=(3, 4)),
    "adaptive max": lambda: F.adaptive_max_pool2d(X, 2),
    "F.avg_pool2d": lambda: F.avg_pool2d(X, 2),
    "nn.AvgPool2d": lambda: nn.AvgPool2d(2)(X),
    "avg_pool1d": lambda: F.avg_pool1d(X[:, :, 0], 2),
    "avg_pool3d": lambda: F.avg_pool3d(X[:, None], (1, 2, 2)),
    "lp_pool2d": lambda: F.lp_pool2d(X.abs(), 1, 2),
    "F.adaptive_avg_pool2d": lambda: F.adaptive_avg_pool2d(X, (2, 3)),
    "adaptive to one": lambda: F.adaptive_avg_pool2d(X, 1),
    "mode area": lambda: F.interpolate(X, size=(2, 3), mode="area"),
    "F.max_unpool2d": lambda: F.max_unpool2d(VALUES, INDICES, 2),
    "nn.MaxUnpool2d": lambda: nn.MaxUnpool2d(2)(VALUES, INDICES),
    "roi_pool": lambda: torchvision.ops.roi_pool(X, [torch.tensor([[0.0, 0, 5, 5]])] * 2, 2),
    "roi_align": lambda: torchvision.ops.roi_align(X, [torch.tensor([[0.0, 0, 5, 5]])] * 2, 2),
    "aten.max_pool2d": lambda: aten.max_pool2d_with_indices(X, [2, 2]),
    "aten.avg_pool2d": lambda: aten.avg_pool2d(X, [2, 2]),
    "aten._adaptive_avg_pool2d": lambda: aten._adaptive_avg_pool2d(X, [2, 2]),
}
FREE = {
    "unfold": lambda x: x.unfold(2, 2, 2).unfold(3, 2, 2).amax((-1, -2)),
    "F.unfold": lambda x: F.unfold(x, 2, stride=2),
    "F.pad": lambda x: F.pad(x, (1, 1, 1, 1), value=-1.0),
    "F.conv2d": lambda x: F.conv2d(x, torch.ones(3, 1, 2, 2), stride=2, groups=3),
    "max over an axis": lambda x: x.flatten(2).max(2).values,
    "scatter": lambda x: torch.zeros(2, 3, 48).scatter(2, torch.arange(48).expand(2, 3, 48), x.flatten(2)),
    "interpolate nearest": lambda x: F.interpolate(x, scale_factor=2, mode="nearest"),
}


@pytest.mark.parametrize("grad", [torch.enable_grad, torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("call", REFUSED)
def test_is_refused(call, grad):
    with BAN.during("pooling"), grad(), pytest.raises(BannedOperator, match="write it yourself"):
        REFUSED[call]()
    REFUSED[call]()


@pytest.mark.parametrize("call", FREE)
def test_is_free_forward_and_backward(call):
    x = X.clone().requires_grad_()
    expected = torch.autograd.grad(FREE[call](x).square().sum(), x)[0]
    with BAN.during("pooling"):
        got = torch.autograd.grad(FREE[call](x).square().sum(), x)[0]
    torch.testing.assert_close(got, expected)
