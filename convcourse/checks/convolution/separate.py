"""Visible check of `separate`."""

from __future__ import annotations

from typing import Any

import torch

from convcourse.checks.core import Check, article, close, numbers, on_plain_torch


@on_plain_torch
def separate(function: Any) -> None:
    """Check `separate(kernel)`: kernel (kH, kW) of rank 1 → column (kH,) and row (kW,)."""
    check = Check("separate")
    for title, scale in (("the column times the row is the kernel", 1), ("also where its entries are thousands", 1000)):
        with check(title):
            product_is_kernel(check, function, scale * torch.outer(numbers(60, 5), numbers(61, 3)))
    with check("a kernel that is no such product is refused"):
        check.refuses(function, torch.eye(3), why="the 3×3 identity matrix, which is no column times a row,")
        check.refuses(function, 1e-6 * torch.eye(3), why="a millionth of the 3×3 identity matrix")


def product_is_kernel(check: Check, function: Any, kernel: torch.Tensor) -> None:
    """The answer for a kernel (kH, kW) of rank 1 is a column (kH,) and a row (kW,) whose product is this kernel."""
    got = check.ask(function, kernel)
    if not isinstance(got, tuple | list) or len(got) != 2:
        check.fail(f"It must return (column, row). Yours returned {article(type(got).__name__)}.")
    for name, part, length in zip(("column", "row"), got, kernel.shape):
        if tuple(part.shape) != (length,):
            check.fail(f"The {name} of a 5×3 kernel must have the shape ({length},). Yours has {tuple(part.shape)}.")
    product = torch.outer(*got)
    ratio = (product / kernel).mean()
    if not close(product, kernel) and close(product, ratio * kernel):
        check.fail(f"Your column times your row is the kernel times {ratio:.3g}.")
    check.same(product, kernel, "the column times the row must be the kernel")
