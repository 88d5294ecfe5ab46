"""Visible check of `Inception`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from convcourse.checks.architectures.states import own_work
from convcourse.checks.core import Check, Slips, close, numbers, on_plain_torch

WIDTHS = (4, 6, 8, 2, 5, 7)  # ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj
INPUTS = 9
SHAPES = {
    "the 1×1 convolution": (4, INPUTS, 1, 1),
    "the reduction before the 3×3": (6, INPUTS, 1, 1),
    "the 3×3 convolution": (8, 6, 3, 3),
    "the reduction before the 5×5": (2, INPUTS, 1, 1),
    "the 5×5 convolution": (5, 2, 5, 5),
    "the 1×1 after the pooling": (7, INPUTS, 1, 1),
}
Weights = dict[str, tuple[torch.Tensor, torch.Tensor]]  # weight and bias of each, by the words above


def module(weights: Weights, x: torch.Tensor, *, relu: str = "", pool: Any = F.max_pool2d) -> list[torch.Tensor]:
    """The four branches. relu: the convolution whose ReLU is left out; pool: what is done in the fourth branch."""

    def conv(x: torch.Tensor, name: str) -> torch.Tensor:
        weight, bias = weights[name]
        out = F.conv2d(x, weight, bias, padding=weight.shape[2] // 2)
        return out if name == relu else out.relu()

    one, red3, three, red5, five, project = SHAPES
    pooled = pool(x, 3, 1, 1)
    return [conv(x, one), conv(conv(x, red3), three), conv(conv(x, red5), five), conv(pooled, project)]


def joined(weights: Weights, x: torch.Tensor, **other: Any) -> torch.Tensor:
    """The branches as the module returns them."""
    return torch.cat(module(weights, x, **other), 1)


@on_plain_torch
def Inception(made: Any) -> None:
    """Check the class `Inception`: (N, in_channels, H, W) → (N, ch1x1 + ch3x3 + ch5x5 + pool_proj, H, W)."""
    check, said = Check("Inception"), f"Inception({INPUTS}, {', '.join(map(str, WIDTHS))})"
    with check("six convolutions with biases, and nothing else to learn"):
        net = check.ask(made, INPUTS, *WIDTHS)
        own_work(check, check.ask(lambda: list(net.modules())))
        check.ask(net.eval)
        found = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d)]
        for name, shape in SHAPES.items():
            if not any(tuple(layer.weight.shape) == shape for layer in found):
                theirs = ", ".join(str(tuple(layer.weight.shape)) for layer in found)
                check.fail(f"In {said} {name} must have a weight of shape {shape}. The weights of yours are {theirs}.")
        if len(found) != 6 or any(layer.bias is None for layer in found):
            check.fail(f"{said} must have six `nn.Conv2d`, each with a bias.")
        if len(net.state_dict()) != 12:
            check.fail("There is more in its state than six weights and six biases. It has no normalisation.")
    weights = {
        name: (numbers(10 + i, *shape) / shape[1] ** 0.5, 0.1 * numbers(20 + i, shape[0]))
        for i, (name, shape) in enumerate(SHAPES.items())
    }
    for layer in found:
        name = next(name for name, shape in SHAPES.items() if tuple(layer.weight.shape) == shape)
        layer.weight.data, layer.bias.data = (tensor.clone() for tensor in weights[name])  # type: ignore[union-attr]
    x = numbers(3, 2, INPUTS, 6, 7)
    with check("height and width stay"):
        got, wanted = check.ask(net, x), (2, 24, 6, 7)
        found_shape = tuple(got.shape) if isinstance(got, torch.Tensor) else type(got).__name__
        if found_shape != wanted:
            check.fail(f"With {said} an input {tuple(x.shape)} must give {wanted}, and yours gives {found_shape}.")
    with check("what the four branches compute, in their order"):
        branches = module(weights, x)
        names = ("1×1", "3×3", "5×5", "pooling")
        for name, theirs, ours in zip(names, got.split([branch.shape[1] for branch in branches], 1), branches):
            if not close(theirs, ours) and _holds(got, ours):
                check.fail(f"The {name} branch stands at another place. The order is 1×1, 3×3, 5×5, pooling.")
        slips: Slips = [(partial(joined, weights, x, relu=name), f"Yours has no ReLU after {name}.") for name in SHAPES]
        others = {
            "The pooling of yours takes the average. It must take the maximum.": F.avg_pool2d,
            "The fourth branch of yours does not pool.": lambda x, *_: x,
        }
        slips += [(partial(joined, weights, x, pool=pool), sentence) for sentence, pool in others.items()]
        check.same(got, torch.cat(branches, 1), "with given weights", slips)


def _holds(whole: torch.Tensor, part: torch.Tensor) -> bool:
    """Do these channels stand anywhere in a row among the others?"""
    many, few = whole.shape[1], part.shape[1]
    return any(close(whole[:, i : i + few], part) for i in range(many - few + 1))
