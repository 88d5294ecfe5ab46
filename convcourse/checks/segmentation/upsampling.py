"""Visible checks of `upsample_nearest` and `upsample_bilinear`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from convcourse.checks.core import Check, Slips, keeps_dtype_and_gradients, numbers
from convcourse.checks.segmentation.forbidden import RESIZING


def upsample_nearest(function: Any) -> None:
    """Check `upsample_nearest(x, scale)`: (N, C, H, W) → (N, C, scale · H, scale · W)."""
    check = Check("upsample_nearest", RESIZING)
    x = torch.arange(1.0, 5).reshape(1, 1, 2, 2)
    with check("the example of the text"):
        expected = x.repeat_interleave(2, 2).repeat_interleave(3, 3)
        slips = [
            (
                lambda: x.repeat(1, 1, 2, 3),
                "Yours repeats the whole image side by side, not each pixel at its position.",
            ),
            (lambda: x.repeat_interleave(3, 2).repeat_interleave(2, 3), "Yours exchanges the two scales."),
        ]
        check.same(check.ask(function, x, (2, 3)), expected, "scale (2, 3) repeats rows twice, columns 3 times", slips)
    with check("one number for both axes, many channels and images"):
        x = numbers(1, 2, 3, 4, 5)
        expected = x.repeat_interleave(3, 2).repeat_interleave(3, 3)
        check.same(check.ask(function, x, 3), expected, "with scale 3")
    with check("a channels-last tensor"):
        last = x.to(memory_format=torch.channels_last)
        check.same(check.ask(function, last, 3), expected, "with the same numbers, channels-last in memory")
    doubled = lambda x: x.repeat_interleave(2, 2).repeat_interleave(2, 3)
    keeps_dtype_and_gradients(check, lambda x: function(x, 2), doubled, (1, 2, 3, 2))


def upsample_bilinear(function: Any) -> None:
    """Check `upsample_bilinear(x, size, align_corners)`: (N, C, H, W) → (N, C, *size)."""
    check = Check("upsample_bilinear", RESIZING)
    resize = partial(F.interpolate, mode="bilinear")
    ramp = torch.tensor([[[[0.0, 4.0]]]])
    rows = {False: [0.0, 1.0, 3.0, 4.0], True: [0.0, 4 / 3, 8 / 3, 4.0]}
    for aligned, why in (
        (False, "the new centres are at −¼, ¼, ¾ and 1¼, and values outside the outermost centres are repeated"),
        (True, "the corners keep their positions, and the others are evenly spaced between them"),
    ):
        with check(f"from two pixels to four, align_corners={aligned}"):
            other = torch.tensor([[[rows[not aligned]]]])
            slips: Slips = [
                (partial(torch.clone, other), f"Yours does what align_corners={not aligned} does."),
                (lambda: F.interpolate(ramp, (1, 4)), "Yours copies one pixel. Bilinear mixes two along each axis."),
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
                rule = f"with an image of 5×7, size {given} and align_corners={aligned}"
                check.same(got, resize(x, size, align_corners=aligned), rule, slips)
    with check("a channels-last tensor"):
        last = x.to(memory_format=torch.channels_last)
        check.same(check.ask(function, last, 4), resize(x, (4, 4)), "with the same numbers, channels-last in memory")
    keeps_dtype_and_gradients(check, lambda x: function(x, (5, 4)), lambda x: resize(x, (5, 4)), (1, 2, 3, 2))
