"""Visible checks of `max_pool2d` and `max_unpool2d`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from convcourse.checks.core import Check, Slips, keeps_dtype_and_gradients, numbers
from convcourse.checks.pooling.forbidden import POOLINGS

T = torch.Tensor


def max_pool2d(function: Any) -> None:
    """Check `max_pool2d(x, kernel_size, …)`: (N, C, H, W) → (N, C, H', W')."""
    check = Check("max_pool2d", POOLINGS)
    x = numbers(1, 2, 3, 7, 8)
    with check("windows side by side"):
        slips: Slips = [
            (
                partial(F.max_pool2d, x, 2, 1),
                "In yours the stride is 1 by default. It is the kernel's size.",
            ),
            (lambda: F.max_pool2d(x, 2).clamp(min=0), "In yours nothing is below 0. Pixels can be negative."),
            (partial(F.avg_pool2d, x, 2), "Yours is the mean of each window."),
        ]
        check.same(check.ask(function, x, 2), F.max_pool2d(x, 2), "with windows of 2 × 2", slips)
    below = -x.abs() - 1
    settings: list[tuple[T, dict[str, Any], dict[str, Any], str]] = [
        (x, {"kernel_size": (3, 2)}, {"kernel_size": (2, 3)}, "exchanges the sides of the kernel"),
        (x, {"kernel_size": 3, "stride": (1, 2)}, {"kernel_size": 3, "stride": (2, 1)}, "exchanges the two strides"),
        (below, {"kernel_size": 3, "padding": (1, 0)}, {"kernel_size": 3, "padding": (0, 1)}, "exchanges the paddings"),
        (x, {"kernel_size": 2, "stride": 1, "dilation": 3}, {"kernel_size": 2, "stride": 1}, "ignores the dilation"),
        (x, {"kernel_size": 3, "ceil_mode": True}, {"kernel_size": 3}, "ignores ceil_mode"),
    ]
    for image, arguments, slip, sentence in settings:
        said = ", ".join(f"{key}={value}" for key, value in arguments.items())
        with check(said):
            more: Slips = [(partial(F.max_pool2d, image, **slip), f"Yours {sentence}.")]
            if "padding" in arguments:
                around = F.pad(image, (0, 0, 1, 1))
                more.append((partial(F.max_pool2d, around, 3), "Yours pads with zeros. Outside the image is −∞."))
            check.same(check.ask(function, image, **arguments), F.max_pool2d(image, **arguments), f"with {said}", more)
    with check("ceil_mode, where a window would start after the image"):
        row = torch.arange(6.0).reshape(1, 1, 1, 6)
        got = check.ask(function, row, (1, 2), 3, ceil_mode=True)
        check.same(got, F.max_pool2d(row, (1, 2), 3, ceil_mode=True), "6 pixels have two windows of 2 with stride 3")
    with check("indices"):
        found = check.ask(function, x, 3, 2, 1, return_indices=True)
        if not isinstance(found, tuple | list) or len(found) != 2:
            check.fail("With return_indices=True it must return a pair: values and indices.")
        values, indices = F.max_pool2d(x, 3, 2, 1, return_indices=True)
        padded = F.max_pool2d(F.pad(x, (1, 1, 1, 1), value=-torch.inf), 3, 2, return_indices=True)[1]
        more = [(lambda: padded, "Yours count the pixels of the padded image. They must count those of the image.")]
        check.same(found[0], values, "with return_indices=True the first result is the values")
        check.same(found[1], indices, "with kernel 3, stride 2, padding 1 and return_indices=True", more)
        tie = torch.tensor([[[[1.0, 3.0], [3.0, 2.0]]]])
        got = check.ask(function, tie, 2, return_indices=True)[1]
        check.same(got, torch.tensor([[[[1]]]]), "of equal pixels the first is named")
    with check("a channels-last tensor"):
        last = x.to(memory_format=torch.channels_last)
        check.same(check.ask(function, last, 2), F.max_pool2d(x, 2), "with the same numbers, channels-last in memory")
    keeps_dtype_and_gradients(check, lambda x: function(x, 2, 1), lambda x: F.max_pool2d(x, 2, 1), (1, 2, 3, 4))
    with check("too much padding is refused"):
        check.refuses(function, x, 2, padding=2, why="a padding of 2 with a kernel of 2")


def max_unpool2d(function: Any) -> None:
    """Check `max_unpool2d(x, indices, kernel_size, …)`: values and indices (N, C, h, w) → (N, C, H, W)."""
    check = Check("max_unpool2d", POOLINGS)
    x, indices = torch.tensor([[[[6.0, 8], [9, 7]]]]), torch.tensor([[[[5, 7], [8, 14]]]])
    with check("the example of the text"):
        wanted = F.max_unpool2d(x, indices, (2, 2))
        slips: Slips = [
            (lambda: x.repeat_interleave(2, 2).repeat_interleave(2, 3), "Yours fills whole windows."),
            (lambda: wanted.transpose(2, 3), "Yours counts down the columns. An index is row · width + column."),
        ]
        check.same(check.ask(function, x, indices, 2), wanted, "each value goes to the pixel of its index", slips)
    image = numbers(2, 2, 3, 7, 9)
    for title, pooling in (
        ("many channels and images", {"kernel_size": (1, 3)}),
        ("overlapping windows", {"kernel_size": 3, "stride": 2}),
        ("padding", {"kernel_size": 3, "stride": 2, "padding": 1}),
    ):
        with check(title):
            values, places = F.max_pool2d(image, **pooling, return_indices=True)
            wanted = F.max_unpool2d(values, places, **pooling)
            flat = torch.zeros_like(wanted).flatten(2)
            added = flat.scatter_add(2, places.flatten(2), values.flatten(2)).reshape(wanted.shape)
            slips = [(partial(torch.clone, added), "Yours adds up values with equal indices. Write them.")]
            said = ", ".join(f"{key}={value}" for key, value in pooling.items())
            check.same(check.ask(function, values, places, **pooling), wanted, f"with {said}", slips)
    with check("output_size, of two numbers and of four"):
        values, places = F.max_pool2d(image, 2, return_indices=True)
        for size in ((7, 9), image.shape):
            wanted = F.max_unpool2d(values, places, (2, 2), output_size=(7, 9))
            got = check.ask(function, values, places, 2, output_size=tuple(size))
            check.same(got, wanted, f"with output_size={tuple(size)}")
    keeps_dtype_and_gradients(
        check, lambda x: function(x, indices, 2), lambda x: F.max_unpool2d(x, indices, (2, 2)), (1, 1, 2, 2)
    )
    with check("an index past the plane is refused"):
        check.refuses(function, x, indices + 2, 2, why="an index of 16 in a plane of 4 × 4")
