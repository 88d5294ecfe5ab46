"""Visible check of `output_size`."""

from __future__ import annotations

from typing import Any

from convcourse.checks.core import Check, article, plain

# (n, kernel_size, stride, padding, dilation) and how many windows that makes, counted on paper.
WINDOWS = [
    ((5, 3, 1, 0, 1), 3),
    ((5, 5, 1, 0, 1), 1),
    ((9, 3, 2, 0, 1), 4),
    ((10, 3, 4, 0, 1), 2),
    ((7, 3, 1, 1, 1), 7),
    ((10, 3, 1, 0, 2), 6),
    ((10, 3, 2, 1, 2), 4),
]


def output_size(function: Any) -> None:
    """Check `output_size(n, kernel_size, stride, padding, dilation)` → int."""
    check = Check("output_size")
    with check("seven rows of pixels, and a whole number each time"):
        for (n, kernel_size, stride, padding, dilation), windows in WINDOWS:
            got = plain(check.ask(function, n, kernel_size, stride=stride, padding=padding, dilation=dilation))
            row = f"{n} pixels, kernel size {kernel_size}, stride {stride}, padding {padding}, dilation {dilation}"
            if got != windows:
                check.fail(f"With {row}, {windows} windows fit, and yours says {got}. Draw the row, and count.")
            if type(got) is not int:
                check.fail(
                    f"With {row}, the size must be a whole number, and yours is {article(type(got).__name__)}. "
                    "`//` keeps ints ints."
                )
    with check("stride 1, no padding and no dilation are the defaults"):
        if check.ask(function, 7, 3) != 5:
            check.fail("`output_size(7, 3)` must be 5: with stride 1 and no padding 5 windows of 3 fit into 7 pixels.")
