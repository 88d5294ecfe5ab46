"""Visible checks of `upsample_nearest`, `upsample_bilinear` and `conv_transpose2d`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from convcourse.checks.core import Check, numbers

Slips = list[tuple[Callable[[], torch.Tensor], str]]


def care(check: Check, function: Any, reference: Callable[..., torch.Tensor], *shapes: Sequence[int]) -> None:
    """float64 stays float64, and gradients reach each of the tensors, which have these shapes."""
    leaves = [numbers(60 + i, *shape, dtype=torch.float64).requires_grad_() for i, shape in enumerate(shapes)]
    with check("float64 stays float64, and gradients arrive"):
        got = check.ask(function, *leaves)
        expected = reference(*leaves)
        check.same(got, expected, "a float64 input")
        if not got.requires_grad:
            check.fail("the result is cut off from autograd; compute with tensors, not with `.data` or `.item()`.")
        along = torch.linspace(1, 2, got.numel(), dtype=torch.float64).reshape(got.shape)
        theirs = check.ask(torch.autograd.grad, (got * along).sum(), leaves, allow_unused=True)
        for their, our in zip(theirs, torch.autograd.grad((expected * along).sum(), leaves)):
            if their is None:
                check.fail("no gradient reaches an input: somewhere it is detached, or turned into plain numbers.")
            check.same(their, our, "the gradient to an input")


def upsample_nearest(function: Any) -> None:
    check = Check("upsample_nearest")
    x = torch.arange(1.0, 5).reshape(1, 1, 2, 2)
    with check("the example of the text"):
        expected = x.repeat_interleave(2, 2).repeat_interleave(3, 3)
        slips = [
            (
                lambda: x.repeat(1, 1, 2, 3),
                "Yours repeats the whole picture side by side, not each pixel in its place.",
            ),
            (lambda: x.repeat_interleave(3, 2).repeat_interleave(2, 3), "Yours exchanges the two scales."),
        ]
        check.same(check.ask(function, x, (2, 3)), expected, "scale (2, 3) repeats rows twice, columns 3 times", slips)
    with check("one number for both axes, many channels and images"):
        x = numbers(1, 2, 3, 4, 5)
        expected = x.repeat_interleave(3, 2).repeat_interleave(3, 3)
        check.same(check.ask(function, x, 3), expected, "scale 3")
    doubled = lambda x: x.repeat_interleave(2, 2).repeat_interleave(2, 3)
    care(check, lambda x: function(x, 2), doubled, (1, 2, 3, 2))


def upsample_bilinear(function: Any) -> None:
    check = Check("upsample_bilinear")
    resize = partial(F.interpolate, mode="bilinear")
    ramp = torch.tensor([[[[0.0, 4.0]]]])
    rows = {False: [0.0, 1.0, 3.0, 4.0], True: [0.0, 4 / 3, 8 / 3, 4.0]}
    for aligned, why in (
        (False, "the new centres lie at −¼, ¼, ¾ and 1¼; beyond the outermost centres nothing changes"),
        (True, "the corners stay where they are, and the others divide the way between them"),
    ):
        with check(f"from two pixels to four, align_corners={aligned}"):
            other = torch.tensor([[[rows[not aligned]]]])
            slips: Slips = [
                (partial(torch.clone, other), f"Yours does what align_corners={not aligned} does."),
                (lambda: F.interpolate(ramp, (1, 4)), "Yours copies one pixel; bilinear mixes two along each axis."),
            ]
            got = check.ask(function, ramp, (1, 4), align_corners=aligned)
            check.same(got, torch.tensor([[[rows[aligned]]]]), why, slips)
    x = numbers(2, 2, 3, 5, 7)
    for title, size in (("larger", (9, 12)), ("a square", (11, 11)), ("smaller", (3, 4)), ("a single row", (1, 6))):
        with check(title):
            for aligned in (False, True):
                given = 11 if title == "a square" else size
                got = check.ask(function, x, given, align_corners=aligned)
                slips = [
                    (partial(resize, x, size[::-1], align_corners=aligned), "Yours exchanges height and width."),
                    (partial(resize, x, size, antialias=True), "Yours averages over more than four neighbours."),
                ]
                rule = f"from 5×7 to size {given}, align_corners={aligned}"
                check.same(got, resize(x, size, align_corners=aligned), rule, slips)
    care(check, lambda x: function(x, (5, 4)), lambda x: resize(x, (5, 4)), (1, 2, 3, 2))


def conv_transpose2d(function: Any) -> None:
    check = Check("conv_transpose2d")
    with check("one pixel stamps the kernel"):
        dot, kernel = torch.full((1, 1, 1, 1), 2.0), torch.arange(1.0, 7).reshape(1, 1, 2, 3)
        slips = [(lambda: 2 * kernel.flip(2, 3), "Yours stamps it turned by 180°.")]
        check.same(
            check.ask(function, dot, kernel), 2 * kernel, "a single pixel of 2 must give twice the kernel", slips
        )
    with check("the example of the text: stamps two pixels apart, which add up"):
        row, kernel = torch.tensor([[[[1.0, 10.0]]]]), torch.tensor([[[[1.0, 2.0, 3.0]]]])
        slips = [
            (
                lambda: torch.tensor([[[[1.0, 2.0, 10.0, 20.0, 30.0]]]]),
                "In yours the later stamp covers the earlier one.",
            ),
            (lambda: F.conv_transpose2d(row, kernel), "In yours the stamps stand one pixel apart."),
        ]
        wanted = torch.tensor([[[[1.0, 2.0, 13.0, 20.0, 30.0]]]])
        check.same(check.ask(function, row, kernel, stride=2), wanted, "1 and 10 with the kernel 1, 2, 3", slips)
    x, weight, bias = numbers(3, 2, 4, 3, 5), numbers(4, 4, 6, 3, 2), numbers(5, 6)
    many = {"stride": 2, "padding": 2, "output_padding": 1, "dilation": 2}
    settings: list[tuple[dict[str, Any], dict[str, Any], str]] = [
        ({}, {"bias": None}, "adds no bias"),
        ({"stride": (2, 3)}, {"stride": (3, 2)}, "exchanges the two strides"),
        ({"padding": (1, 0)}, {"padding": (0, 1)}, "exchanges the two paddings"),
        ({"stride": 3, "padding": 1}, {"stride": 3}, "cuts nothing off; padding cuts off every side"),
        ({"stride": 3, "output_padding": (2, 1)}, {"stride": 3}, "ignores output_padding"),
        ({"dilation": (2, 3)}, {"dilation": (3, 2)}, "exchanges the two dilations"),
        (many, {"stride": 2, "padding": 2}, "ignores the last two"),
    ]
    for arguments, slip, sentence in settings:
        said = ", ".join(f"{key}={value}" for key, value in arguments.items()) or "channels, images and a bias"
        with check(said):
            expected = F.conv_transpose2d(x, weight, bias, **arguments)
            slips = [(partial(F.conv_transpose2d, x, weight, **{"bias": bias, **slip}), f"Yours {sentence}.")]
            check.same(check.ask(function, x, weight, bias, **arguments), expected, said, slips)
    with check("groups"):
        weight = numbers(6, 4, 3, 3, 2)
        expected = F.conv_transpose2d(x, weight, groups=2)
        dealt = lambda: F.conv_transpose2d(x[:, [0, 2, 1, 3]], weight, groups=2)
        slips = [(dealt, "Yours deals channels out in turn; a group is a block of neighbours.")]
        check.same(
            check.ask(function, x, weight, groups=2), expected, "2 groups of 2 input and 3 output channels", slips
        )
    stride_2 = lambda call: lambda x, weight, bias: call(x, weight, bias, stride=2)
    care(check, stride_2(function), stride_2(F.conv_transpose2d), (1, 2, 2, 3), (2, 2, 3, 3), (2,))
    with check("what cannot be right is refused"):
        weight = numbers(7, 4, 6, 3, 2)
        check.refuses(function, x, weight, stride=2, output_padding=2, why="output_padding=2 with stride 2")
        check.refuses(function, x, weight[:3], why="a weight for 3 channels on an image of 4")
