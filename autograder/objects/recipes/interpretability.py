"""What assignment 05's exams have built: networks whose answer is known, as the text's functions may meet them.

A network is a list of rows, each the kind of a layer and what it is made of, so that both sides build the same one: the
candidate for the student's function, the exam for its own. `names` below are PyTorch's: "0", "2.1", "0.weight".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

T = torch.Tensor
Row = Sequence[Any]


class Failing(nn.Module):
    """A layer that raises."""

    def forward(self, x: T) -> T:
        raise RuntimeError("this layer does not accept its input")


class Residual(nn.Sequential):
    """The input, and what its layers make of it."""

    def forward(self, x: T) -> T:
        return x + super().forward(x)


def convolution(weight: T, bias: T | None, stride: Any = 1, padding: Any = 0, dilation: Any = 1) -> nn.Conv2d:
    """A convolution with this weight (C_out, C_in, kH, kW) and bias (C_out,)."""
    out, inputs, height, width = weight.shape
    layer = nn.Conv2d(inputs, out, (height, width), stride, padding, dilation, bias=bias is not None)
    return _with(layer, weight=weight, bias=bias)


def linear(weight: T, bias: T | None) -> nn.Linear:
    """A linear layer with this weight (out, in) and bias (out,)."""
    return _with(nn.Linear(weight.shape[1], len(weight), bias is not None), weight=weight, bias=bias)


def norm(weight: T, bias: T, mean: T, var: T) -> nn.BatchNorm2d:
    """A batch norm with these parameters and statistics (C,)."""
    return _with(nn.BatchNorm2d(len(weight)), weight=weight, bias=bias, running_mean=mean, running_var=var)


def _with(layer: Any, **values: T | None) -> Any:
    """The layer with copies of these values in its parameters and buffers."""
    with torch.no_grad():
        for name, value in values.items():
            if value is not None:
                getattr(layer, name).copy_(value)
    return layer


KINDS: dict[str, Callable[..., nn.Module]] = {
    "convolution": convolution,
    "linear": linear,
    "norm": norm,
    "relu": lambda inplace=False: nn.ReLU(inplace),
    "leaky": lambda slope=0.1: nn.LeakyReLU(slope),
    "random_leaky": nn.RReLU,
    "tanh": nn.Tanh,
    "dropout": nn.Dropout,
    "max_pool": nn.MaxPool2d,
    "average": lambda: nn.AdaptiveAvgPool2d(1),
    "flatten": nn.Flatten,
    "group": lambda *rows: sequence(rows),
    "residual": lambda *rows: Residual(*sequence(rows)),
    "failing": Failing,
}


def sequence(rows: Sequence[Row]) -> nn.Sequential:
    """The layers of these rows, one after the other."""
    return nn.Sequential(*(KINDS[kind](*about) for kind, *about in rows))


def network(
    rows: Sequence[Row],
    training: bool = False,
    frozen: Sequence[str] = (),
    gradients: bool = False,
    hooked: Sequence[str] = (),
) -> nn.Sequential:
    """A network of these rows, wholly in train or wholly in eval mode.

    frozen: parameters that ask for no gradient. gradients: has each of the others one from before? hooked: layers with
    hooks of their own, which change nothing.
    """
    made = sequence(rows).train(training)
    for name, parameter in made.named_parameters():
        parameter.requires_grad_(name not in frozen)
        if gradients and parameter.requires_grad:
            parameter.grad = torch.full_like(parameter, 0.25)
    for name in hooked:
        made.get_submodule(name).register_forward_hook(lambda layer, given, out: None)
        made.get_submodule(name).register_forward_pre_hook(lambda layer, given: None)
    return made


RECIPES: dict[str, Callable[..., Any]] = {
    "network": network,
    "tensor": torch.clone,  # to be looked at afterwards
}
