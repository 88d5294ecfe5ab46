"""Visible check of the optional part, `blur_pool`."""

from __future__ import annotations

from typing import Any

import torch

from convcourse.checks.core import Check, Slips, numbers


def blur_pool(function: Any) -> None:
    """Check `blur_pool(x, size, stride)`: (N, C, H, W) → (N, C, H', W')."""
    check = Check("blur_pool")
    with check("a single bright pixel"):
        dot = torch.zeros(1, 1, 5, 5)
        dot[..., 2, 2] = 16
        wanted = torch.zeros(1, 1, 3, 3)
        wanted[..., 1, 1] = 4
        slips: Slips = [
            (lambda: wanted * 4, "The weights of yours sum to 16. Divide them by their sum."),
            (lambda: wanted * 4 / 9 + 0, "In yours all weights are equal."),
        ]
        check.same(check.ask(function, dot), wanted, "16 · 4/16 of it is kept", slips)
    with check("an even image stays as it is, up to the border"):
        one = torch.ones(2, 3, 7, 6)
        check.same(check.ask(function, one), torch.ones(2, 3, 4, 3), "the weights sum to 1, and the border reflects")
    with check("other sizes and strides"):
        x = numbers(1, 2, 3, 8, 9)
        for size, stride in ((2, 2), (5, 1), (4, 3)):
            wanted_shape = (2, 3, 7 // stride + 1, 8 // stride + 1)
            got = check.ask(function, x, size=size, stride=stride)
            if not isinstance(got, torch.Tensor) or tuple(got.shape) != wanted_shape:
                check.fail(f"With size={size} and stride={stride} the shape must be {wanted_shape}.")
