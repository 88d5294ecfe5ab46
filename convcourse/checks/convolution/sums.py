"""Visible checks of `conv2d_naive` and `conv2d`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from convcourse.checks.convolution.forbidden import CONVOLUTIONS
from convcourse.checks.core import Check, keeps_dtype_and_gradients, numbers, on_plain_torch


def first_steps(check: Check, function: Any) -> None:
    """What holds for `conv2d_naive` and `conv2d` alike."""
    with check("a 1×1 kernel multiplies"):
        x, two = numbers(1, 1, 1, 4, 5), torch.full((1, 1, 1, 1), 2.0)
        rule = "for a 1×1 kernel the result must be the input times that number"
        check.same(check.ask(function, x, two), 2 * x, rule)
    with check("the kernel is not flipped"):
        dot = torch.zeros(1, 1, 5, 5)
        dot[0, 0, 2, 2] = 1.0
        kernel = torch.arange(1.0, 10).reshape(1, 1, 3, 3)
        check.same(
            check.ask(function, dot, kernel),
            kernel.flip(2, 3),
            "a single bright pixel must show the kernel flipped along both axes",
            [
                (lambda: kernel, "Yours shows it as it is, because you flip the kernel. Cross-correlation does not."),
                (lambda: kernel.mT.flip(2, 3), "Yours exchanges the kernel's rows and columns."),
            ],
        )
    with check("height and width are distinguished"):
        x, weight = numbers(2, 1, 1, 5, 7), numbers(3, 1, 1, 3, 2)
        check.same(check.ask(function, x, weight), F.conv2d(x, weight), "with an image of 5×7 and a kernel of 3×2")
    with check("input channels are summed, output channels and images stay apart"):
        x, weight = numbers(4, 2, 3, 5, 6), numbers(5, 4, 3, 3, 3)
        check.same(
            check.ask(function, x, weight),
            F.conv2d(x, weight),
            "with 2 images of 3 channels and 4 output channels",
            [
                (lambda: F.conv2d(x, weight) / 3, "Yours is the mean over the input channels. The formula has a sum."),
                (lambda: F.conv2d(x[:, :1], weight[:, :1]), "In yours only the first input channel counts."),
                (
                    lambda: F.conv2d(x[:, -1:], weight[:, -1:]),
                    "In yours only the last input channel counts. Use `+=`.",
                ),
            ],
        )
    with check("channels-last tensors"):
        last = x.to(memory_format=torch.channels_last), weight.to(memory_format=torch.channels_last)
        check.same(check.ask(function, *last), F.conv2d(x, weight), "with the same tensors, channels-last in memory")
    with check("the bias is added once"):
        x, weight, bias = numbers(6, 2, 2, 5, 3), numbers(7, 3, 2, 3, 1), numbers(8, 3)
        check.same(
            check.ask(function, x, weight, bias),
            F.conv2d(x, weight, bias),
            "each output channel adds its own number of `bias`, once",
            [
                (lambda: F.conv2d(x, weight), "Yours adds none."),
                (lambda: F.conv2d(x, weight, 2 * bias), "Yours adds it once for each input channel."),
                (lambda: F.conv2d(x, weight) + bias, "Yours runs along the last axis, the width. Channels are axis 1."),
            ],
        )


@on_plain_torch
def conv2d_naive(function: Any) -> None:
    """Check `conv2d_naive(x, weight, bias)`: x (N, C_in, H, W), weight (C_out, C_in, kH, kW), bias (C_out,)."""
    check = Check("conv2d_naive", CONVOLUTIONS)
    first_steps(check, function)
    keeps_dtype_and_gradients(check, function, F.conv2d, (1, 2, 4, 4), (2, 2, 3, 3), (2,))


@on_plain_torch
def conv2d(function: Any) -> None:
    """Check `conv2d(x, weight, bias, …)`: x (N, C_in, H, W), weight (C_out, C_in / groups, kH, kW), bias (C_out,)."""
    check = Check("conv2d", CONVOLUTIONS)
    first_steps(check, function)
    x, weight, bias = numbers(30, 2, 4, 8, 9), numbers(31, 6, 4, 3, 3), numbers(32, 6)
    settings: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("a stride", {"stride": 2}, {"stride": 1}),
        ("a stride for each axis", {"stride": (2, 1)}, {"stride": (1, 2)}),
        ("padding", {"padding": 1}, {"padding": 0}),
        ("padding for each axis", {"padding": (2, 1)}, {"padding": (1, 2)}),
        ("dilation", {"dilation": (2, 3)}, {"dilation": (3, 2)}),
        ('padding="same"', {"padding": "same"}, {"padding": "valid"}),
        ('padding="valid"', {"padding": "valid"}, {"padding": "same"}),
    ]
    for title, arguments, other in settings:
        with check(title):
            said = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
            slip = ", ".join(f"{key}={value!r}" for key, value in other.items())
            check.same(
                check.ask(function, x, weight, bias, **arguments),
                F.conv2d(x, weight, bias, **arguments),
                f"with {said}",
                [(partial(F.conv2d, x, weight, bias, **other), f"Yours answers as if it were {slip}.")],
            )
    with check("groups"):
        weight = numbers(33, 6, 2, 3, 2)
        dealt = x[:, [0, 2, 1, 3]]
        check.same(
            check.ask(function, x, weight, groups=2),
            F.conv2d(x, weight, groups=2),
            "with 2 groups",
            [(lambda: F.conv2d(dealt, weight, groups=2), "Yours deals the channels out in turn. A group is a block.")],
        )
        weight = numbers(34, 4, 1, 3, 3)
        check.same(
            check.ask(function, x, weight, groups=4), F.conv2d(x, weight, groups=4), "with as many groups as channels"
        )
    keeps_dtype_and_gradients(check, function, F.conv2d, (1, 2, 4, 4), (2, 2, 3, 3), (2,))
    with check("what cannot be right is refused"):
        check.refuses(function, x, numbers(35, 6, 3, 3, 3), why="a weight for 3 channels on an image of 4")
        check.refuses(function, x, numbers(36, 6, 4, 9, 3), why="a kernel of 9×3 on an image of 8×9")
