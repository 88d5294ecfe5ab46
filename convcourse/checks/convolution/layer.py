"""Visible checks of `Conv2d`."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from convcourse.checks.convolution.forbidden import CONVOLUTIONS
from convcourse.checks.core import Check, numbers, on_plain_torch


@on_plain_torch
def Conv2d(made: Any) -> None:
    """Check the layer class `Conv2d`: input (N, C_in, H, W) → (N, C_out, H', W')."""
    check = Check("Conv2d", CONVOLUTIONS)
    x = numbers(50, 2, 4, 7, 8)
    with check("its parameters are called `weight` and `bias` and have PyTorch's shapes"):
        layer = check.ask(made, 4, 6, (3, 2), groups=2)
        if isinstance(layer, nn.Conv2d):
            check.fail("It inherits from PyTorch's nn.Conv2d. Inherit from nn.Module, and write the layer yourself.")
        weight, bias = check.attribute(layer, "weight"), check.attribute(layer, "bias")
        for name, tensor, shape in (("weight", weight, (6, 2, 3, 2)), ("bias", bias, (6,))):
            if tuple(tensor.shape) != shape:
                check.fail(
                    f"`{name}` of Conv2d(4, 6, (3, 2), groups=2) must be {shape}, and yours is {tuple(tensor.shape)}."
                )
        if set(check.ask(layer.state_dict)) != {"weight", "bias"}:
            found = ", ".join(check.ask(layer.state_dict)) or "nothing"
            check.fail(f"`state_dict()` must hold weight and bias, and yours holds {found}. Are they nn.Parameters?")
    with check("its first weights are drawn as PyTorch draws them"):
        bound = (2 * 3 * 2) ** -0.5
        most = check.ask(lambda: check.ask(made, 64, 64, (3, 2), groups=32).weight).abs().max().item()
        if not 0.95 * bound < most <= bound * 1.0001:
            check.fail(f"With fan_in = 12 weights are uniform up to 1/√12 = {bound:.3f}. Your largest is {most:.3f}.")
    for title, arguments in (
        ("it computes what conv2d computes", {}),
        ("stride, padding, dilation and groups are passed on", dict(stride=2, padding=(2, 1), dilation=2, groups=2)),
        ('padding="same"', dict(padding="same")),
    ):
        with check(title):
            layer = check.ask(made, 4, 6, 3, **arguments)
            weight, bias = check.attribute(layer, "weight"), check.attribute(layer, "bias")
            said = ", ".join(f"{key}={value!r}" for key, value in arguments.items()) or "no further arguments"
            check.same(check.ask(layer, x), F.conv2d(x, weight, bias, **arguments), f"with {said}")
    with check("channels-last images"):
        layer = check.ask(made, 4, 6, 3)
        expected = F.conv2d(x, check.attribute(layer, "weight"), check.attribute(layer, "bias"))
        last = x.to(memory_format=torch.channels_last)
        check.same(check.ask(layer, last), expected, "with the same images, channels-last in memory")
    with check("without a bias"):
        layer = check.ask(made, 4, 6, 3, bias=False)
        if check.attribute(layer, "bias") is not None:
            check.fail("With bias=False `bias` must be None.")
        check.same(check.ask(layer, x), F.conv2d(x, check.attribute(layer, "weight")), "with bias=False")
    for mode in ("reflect", "replicate", "circular"):
        with check(f'padding_mode="{mode}"'):
            layer = check.ask(made, 4, 6, 3, padding=1, padding_mode=mode)
            weight, bias = check.attribute(layer, "weight"), check.attribute(layer, "bias")
            expected = F.conv2d(F.pad(x, (1, 1, 1, 1), mode=mode), weight, bias)
            zeros = lambda weight=weight, bias=bias: F.conv2d(x, weight, bias, padding=1)
            slips = [(zeros, "Yours pads zeros.")]
            check.same(check.ask(layer, x), expected, f'with padding=1 and padding_mode="{mode}"', slips)
    with check("what cannot be right is refused when the layer is made"):
        check.refuses(made, 4, 6, 3, groups=4, why="6 output channels in 4 groups")
        check.refuses(made, 4, 6, 3, padding_mode="mirror", why='the word padding_mode="mirror"')
