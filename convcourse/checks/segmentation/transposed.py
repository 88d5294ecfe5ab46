"""Visible check of `conv_transpose2d`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from convcourse.checks.core import Check, keeps_dtype_and_gradients, numbers
from convcourse.checks.segmentation.forbidden import TRANSPOSED

T = torch.Tensor


def conv_transpose2d(function: Any) -> None:
    """Check `conv_transpose2d(x, weight, bias, …)`: x (N, C_in, H, W), weight (C_in, C_out / groups, kH, kW)."""
    check = Check("conv_transpose2d", TRANSPOSED)
    with check("one pixel stamps the kernel"):
        dot, kernel = torch.full((1, 1, 1, 1), 2.0), torch.arange(1.0, 7).reshape(1, 1, 2, 3)
        slips = [(lambda: 2 * kernel.flip(2, 3), "Yours flips the kernel along both axes.")]
        check.same(
            check.ask(function, dot, kernel), 2 * kernel, "a single pixel of 2 must give twice the kernel", slips
        )
    with check("the example of the text: stamps two pixels apart, which add up"):
        row, kernel = torch.tensor([[[[1.0, 10.0]]]]), torch.tensor([[[[1.0, 2.0, 3.0]]]])
        slips = [
            (
                lambda: torch.tensor([[[[1.0, 2.0, 10.0, 20.0, 30.0]]]]),
                "In yours the later stamp overwrites the earlier one.",
            ),
            (lambda: F.conv_transpose2d(row, kernel), "In yours the stamps are one pixel apart."),
        ]
        wanted = torch.tensor([[[[1.0, 2.0, 13.0, 20.0, 30.0]]]])
        check.same(
            check.ask(function, row, kernel, stride=2), wanted, "with inputs 1 and 10 and the kernel 1, 2, 3", slips
        )
    x, weight, bias = numbers(3, 2, 4, 3, 5), numbers(4, 4, 6, 3, 2), numbers(5, 6)
    many = {"stride": 3, "padding": 2, "output_padding": 2, "dilation": 2}
    settings: list[tuple[dict[str, Any], dict[str, Any], str]] = [
        ({}, {"bias": None}, "adds no bias"),
        ({"stride": (2, 3)}, {"stride": (3, 2)}, "exchanges the two strides"),
        ({"padding": (1, 0)}, {"padding": (0, 1)}, "exchanges the two paddings"),
        ({"stride": 3, "padding": 1}, {"stride": 3}, "cuts nothing off, but padding cuts off every side"),
        ({"stride": 3, "output_padding": (2, 1)}, {"stride": 3}, "ignores output_padding"),
        ({"dilation": (2, 3)}, {"dilation": (3, 2)}, "exchanges the two dilations"),
        (many, {"stride": 3, "padding": 2}, "ignores the last two"),
    ]
    for arguments, slip, sentence in settings:
        said = ", ".join(f"{key}={value}" for key, value in arguments.items()) or "channels, images and a bias"
        with check(said):
            expected = F.conv_transpose2d(x, weight, bias, **arguments)
            slips = [
                (partial(F.conv_transpose2d, x, weight, **{"bias": bias, **slip}), f"Yours {sentence}."),
                (partial(_empty_rows, x, weight, bias, **arguments), "In yours no stamp reaches the added rows."),
            ]
            check.same(check.ask(function, x, weight, bias, **arguments), expected, f"with {said}", slips)
    with check("groups"):
        weight = numbers(6, 4, 3, 3, 2)
        expected = F.conv_transpose2d(x, weight, groups=2)
        dealt = lambda: F.conv_transpose2d(x[:, [0, 2, 1, 3]], weight, groups=2)
        slips = [(dealt, "Yours deals the channels out in turn. A group is a block of neighbours.")]
        check.same(
            check.ask(function, x, weight, groups=2), expected, "with 2 groups of 2 input and 3 output channels", slips
        )
    with check("channels-last tensors"):
        last = [tensor.to(memory_format=torch.channels_last) for tensor in (x, weight)]
        check.same(check.ask(function, *last, groups=2), expected, "with the same numbers, channels-last in memory")
    stride_2 = lambda call: lambda x, weight, bias: call(x, weight, bias, stride=2)
    keeps_dtype_and_gradients(check, stride_2(function), stride_2(F.conv_transpose2d), (1, 2, 2, 3), (2, 2, 3, 3), (2,))
    with check("what cannot be right is refused"):
        weight = numbers(7, 4, 6, 3, 2)
        check.refuses(function, x, weight, stride=2, output_padding=2, why="output_padding=2 with stride 2")
        check.refuses(function, x, weight[:3], why="a weight for 3 channels on an image of 4")


def _empty_rows(x: T, weight: T, bias: T, output_padding: Any = 0, **arguments: Any) -> T:
    """As if the rows of `output_padding` were added after the stamps are cut."""
    down, right = (output_padding,) * 2 if isinstance(output_padding, int) else output_padding
    cut = F.conv_transpose2d(x, weight, **arguments)
    return F.pad(cut, (0, right, 0, down)) + bias[:, None, None]
