"""Visible check of `Inception`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from convcourse.checks.architectures.states import UNKEPT, a_tensor, gradient, own_work
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
Branches = dict[str, torch.Tensor]
Weights = dict[str, tuple[torch.Tensor, torch.Tensor]]  # weight and bias of each, by the words above


def branches(weights: Weights, x: torch.Tensor, *, linear: tuple[str, ...] = (), pool: Any = F.max_pool2d) -> Branches:
    """What the module concatenates. linear: the convolutions whose ReLU is left out; pool: what the fourth branch does
    with the input."""

    def conv(x: torch.Tensor, name: str) -> torch.Tensor:
        weight, bias = weights[name]
        out = F.conv2d(x, weight, bias, padding=weight.shape[2] // 2)
        return out if name in linear else out.relu()

    one, red3, three, red5, five, project = SHAPES
    pooled = conv(pool(x, 3, 1, 1), project) if pool else F.max_pool2d(conv(x, project), 3, 1, 1)
    return {
        "1×1": conv(x, one),
        "3×3": conv(conv(x, red3), three),
        "5×5": conv(conv(x, red5), five),
        "pooling": pooled,
    }


@on_plain_torch
def Inception(made: Any) -> None:
    """Check the class `Inception`: (N, in_channels, H, W) → (N, ch1x1 + ch3x3 + ch5x5 + pool_proj, H, W)."""
    check = Check("Inception")
    said = f"Inception({INPUTS}, {', '.join(map(str, WIDTHS))})"
    with check("six convolutions with biases, and nothing else to learn"):
        net = check.ask(made, INPUTS, *WIDTHS)
        own_work(check, check.ask(lambda: list(net.modules())))
        check.ask(net.eval)
        found = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d)]
        for name, shape in SHAPES.items():
            if not any(tuple(layer.weight.shape) == shape for layer in found):
                theirs = ", ".join(str(tuple(layer.weight.shape)) for layer in found)
                hint = f" {UNKEPT}" if len(found) < len(SHAPES) else ""
                check.fail(
                    f"In {said} {name} must have a weight of shape {shape}. The weights of yours are {theirs}.{hint}"
                )
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
        got, wanted = a_tensor(check, check.ask(net, x)), (2, 24, 6, 7)
        if got.shape != wanted:
            check.fail(f"With {said} an input {tuple(x.shape)} must give {wanted}, and yours gives {tuple(got.shape)}.")
    with check("what the four branches compute, in their order"):
        right = branches(weights, x)
        parts = dict(zip(right, got.split([branch.shape[1] for branch in right.values()], 1)))
        for name, ours in right.items():
            if not close(parts[name], ours) and _holds(got, ours):
                check.fail(f"The {name} branch stands at another place. The order is 1×1, 3×3, 5×5, pooling.")
        for name, ours in right.items():
            slips: Slips = [
                (partial(_branch, name, weights, x, linear=linear), f"Yours has no ReLU after {' and '.join(linear)}.")
                for linear in [*((one,) for one in SHAPES), *zip(list(SHAPES)[1:5:2], list(SHAPES)[2:5:2])]
            ]
            slips += [(partial(_branch, name, weights, x, pool=pool), sentence) for sentence, pool in POOLS.items()]
            check.same(parts[name], ours, f"with given weights, in the {name} branch", slips)
    with check("gradients arrive through all branches"):
        leaf = x.clone().requires_grad_()
        (wanted_gradient,) = torch.autograd.grad(torch.cat([*branches(weights, leaf).values()], 1).sum(), leaf)
        check.same(gradient(check, net, x), wanted_gradient, "with the gradient of the sum asked for")


POOLS: dict[str, Any] = {
    "Yours takes the average. It must take the maximum.": F.avg_pool2d,
    "Yours does not pool.": lambda x, *_: x,
    "Yours pools after the 1×1 convolution. It must pool the input.": None,
}


def _branch(name: str, *args: Any, **other: Any) -> torch.Tensor:
    """One branch of the module with one thing wrong."""
    return branches(*args, **other)[name]


def _holds(whole: torch.Tensor, part: torch.Tensor) -> bool:
    """Do these channels stand anywhere in a row among the others?"""
    many, few = whole.shape[1], part.shape[1]
    return any(close(whole[:, i : i + few], part) for i in range(many - few + 1))
