"""Visible checks of `avg_pool2d` and `adaptive_avg_pool2d`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from convcourse.checks.core import Check, Slips, keeps_dtype_and_gradients, numbers
from convcourse.checks.pooling.forbidden import POOLINGS


def avg_pool2d(function: Any) -> None:
    """Check `avg_pool2d(x, kernel_size, …)`: (N, C, H, W) → (N, C, H', W')."""
    check = Check("avg_pool2d", POOLINGS)
    x = numbers(1, 2, 3, 7, 8)
    with check("windows side by side"):
        slips: Slips = [
            (lambda: 4 * F.avg_pool2d(x, 2), "Yours is the sum of each window."),
            (
                partial(F.avg_pool2d, x, 2, 1),
                "In yours the stride is 1 by default. It is the kernel's size.",
            ),
        ]
        check.same(check.ask(function, x, 2), F.avg_pool2d(x, 2), "with windows of 2 × 2", slips)
    settings: list[tuple[dict[str, Any], dict[str, Any], str]] = [
        ({"kernel_size": (3, 2)}, {"kernel_size": (2, 3)}, "exchanges the sides of the kernel"),
        ({"kernel_size": 3, "stride": (1, 2)}, {"kernel_size": 3, "stride": (2, 1)}, "exchanges the two strides"),
        ({"kernel_size": 3, "padding": (1, 0)}, {"kernel_size": 3, "padding": (0, 1)}, "exchanges the two paddings"),
    ]
    for arguments, slip, sentence in settings:
        said = ", ".join(f"{key}={value}" for key, value in arguments.items())
        with check(said):
            slips = [
                (partial(F.avg_pool2d, x, **slip), f"Yours {sentence}."),
                (
                    partial(F.avg_pool2d, x, **arguments, count_include_pad=False),
                    "Yours does what count_include_pad=False does.",
                ),
            ]
            check.same(check.ask(function, x, **arguments), F.avg_pool2d(x, **arguments), f"with {said}", slips)
    row = torch.tensor([[[[5.0, 7, 9, 3]]]])
    for counted, wanted in ((True, [4.0, 19 / 3, 1.5]), (False, [6.0, 19 / 3, 3.0])):
        with check(f"the example of the text, count_include_pad={counted}"):
            given: dict[str, Any] = {"stride": 2, "padding": (0, 1), "ceil_mode": True, "count_include_pad": counted}
            slips = [
                (lambda: torch.tensor([[[[4.0, 19 / 3, 1.0]]]]), "Yours divides every sum by the kernel's size."),
                (
                    partial(F.avg_pool2d, row, (1, 3), **{**given, "count_include_pad": not counted}),
                    f"Yours does what count_include_pad={not counted} does.",
                ),
                (partial(F.avg_pool2d, row, (1, 3), **{**given, "ceil_mode": False}), "Yours ignores ceil_mode."),
            ]
            said = f"with the row 5, 7, 9, 3 and count_include_pad={counted}"
            check.same(check.ask(function, row, (1, 3), **given), torch.tensor([[[wanted]]]), said, slips)
    with check("a channels-last tensor"):
        last = x.to(memory_format=torch.channels_last)
        check.same(check.ask(function, last, 2), F.avg_pool2d(x, 2), "with the same numbers, channels-last in memory")
    keeps_dtype_and_gradients(check, lambda x: function(x, 2, 1), lambda x: F.avg_pool2d(x, 2, 1), (1, 2, 3, 4))
    with check("too much padding is refused"):
        check.refuses(function, x, 2, padding=2, why="a padding of 2 with a kernel of 2")


def adaptive_avg_pool2d(function: Any) -> None:
    """Check `adaptive_avg_pool2d(x, output_size)`: (N, C, H, W) → (N, C, *output_size)."""
    check = Check("adaptive_avg_pool2d", POOLINGS)
    row = torch.arange(7.0).reshape(1, 1, 1, 7)
    with check("the example of the text: 7 pixels in 3 bins"):
        slips: Slips = [
            (lambda: torch.tensor([[[[0.5, 2.5, 4.5]]]]), "Yours has equal bins of two pixels."),
            (lambda: torch.tensor([[[[0.5, 2.5, 5.0]]]]), "Yours rounds the ends of the bins down. Round them up."),
        ]
        check.same(check.ask(function, row, (1, 3)), torch.tensor([[[[1.0, 3.0, 5.0]]]]), "the bins overlap", slips)
    with check("more bins than pixels"):
        got = check.ask(function, torch.tensor([[[[2.0, 4.0]]]]), (1, 3))
        check.same(got, torch.tensor([[[[2.0, 3.0, 4.0]]]]), "two pixels in three bins")
    x = numbers(2, 2, 3, 9, 7)
    for size in (3, (2, 5), (None, 3), (4, None)):
        with check(f"output_size={size}"):
            slips = []
            if isinstance(size, tuple):
                slips = [(partial(F.adaptive_avg_pool2d, x, size[::-1]), "Yours exchanges height and width.")]
            got = check.ask(function, x, size)
            check.same(got, F.adaptive_avg_pool2d(x, size), f"with an image of 9×7 and output_size={size}", slips)
    with check("a channels-last tensor"):
        last = x.to(memory_format=torch.channels_last)
        wanted = F.adaptive_avg_pool2d(x, 4)
        check.same(check.ask(function, last, 4), wanted, "with the same numbers, channels-last in memory")
    keeps_dtype_and_gradients(check, lambda x: function(x, 2), lambda x: F.adaptive_avg_pool2d(x, 2), (1, 2, 3, 5))
