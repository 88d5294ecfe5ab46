"""The exam of `output_size`."""

from __future__ import annotations

from collections.abc import Iterator

from autograder.exam.cases import Case, Cases
from autograder.exam.convolution.sentences import SENTENCES
from autograder.exam.draw import Draw
from autograder.exam.functions import FunctionExam
from autograder.exam.mistakes import (
    always,
    misconception,
    with_all_arguments,
    with_arguments,
    with_changes,
    with_result,
)


def size(n: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """The number of windows along an axis of n pixels."""
    return (n + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


MISTAKES = (
    misconception("plus-one-missing", with_result(size, lambda n: n - 1)),
    misconception(
        "plus-one-inside",
        with_all_arguments(size, lambda function, stride, **rest: function(stride=1, **rest) // stride),
    ),
    misconception(
        "ceil-for-floor",
        with_all_arguments(size, lambda function, stride, **rest: 1 - (1 - function(stride=1, **rest)) // stride),
    ),
    misconception("stride-ignored", with_arguments(size, stride=always(1))),
    misconception("padding-one-side", with_changes(size, lambda n, padding, **rest: {"n": n + padding, "padding": 0})),
    misconception("padding-ignored", with_arguments(size, padding=always(0))),
    misconception("dilation-ignored", with_arguments(size, dilation=always(1))),
    misconception(
        "dilation-off-by-one",
        with_changes(size, lambda n, dilation, **rest: {"n": n + 1 - dilation}),
        with_arguments(size, dilation=lambda d: d + 1),
    ),
    misconception(
        "size-not-int",
        with_result(size, float),
        with_all_arguments(size, lambda function, stride, **rest: (function(stride=1, **rest) - 1) / stride + 1),
    ),
)

# (kernel size, stride, padding, dilation, what the last window leaves over)
Skeleton = tuple[int, int, int, int, int]
PLAIN: list[Skeleton] = [(3, 1, 0, 1, 0), (1, 1, 0, 1, 0), (2, 1, 0, 1, 0), (5, 1, 0, 1, 0)]
STRIDE: list[Skeleton] = [
    (3, 2, 0, 1, 0), (3, 2, 0, 1, 1), (2, 2, 0, 1, 1), (1, 3, 0, 1, 1), (5, 3, 0, 1, 2), (3, 3, 0, 1, 0),
    (4, 7, 0, 1, 6),
]  # fmt: skip
PADDING: list[Skeleton] = [
    (3, 1, 1, 1, 0), (5, 1, 2, 1, 0), (2, 1, 1, 1, 0), (3, 2, 1, 1, 1), (7, 2, 3, 1, 0), (4, 3, 2, 1, 1),
]  # fmt: skip
DILATION: list[Skeleton] = [
    (3, 1, 0, 2, 0), (3, 1, 2, 2, 0), (2, 1, 0, 5, 0), (1, 1, 0, 4, 0), (5, 2, 1, 3, 1), (3, 3, 4, 2, 2),
]  # fmt: skip
PLAINEST: list[Skeleton] = [*PLAIN, (3, 1, 0, 1, 0), (7, 1, 0, 1, 0)]


def cases(chosen: list[Skeleton]) -> Cases:
    """Arguments by place or by name, defaults left out; the seed draws how many windows fit."""

    def drawn(draw: Draw) -> Iterator[Case]:
        for i, (k, s, p, d, rest) in draw.shuffled(list(enumerate(chosen))):
            windows = int(draw.integers(6, 40))
            n = d * (k - 1) + 1 + (windows - 1) * s + rest - 2 * p
            options = {"stride": s, "padding": p, "dilation": d}
            given = {key: value for key, value in options.items() if value != (0 if key == "padding" else 1)}
            yield Case((n, k, s, p, d)) if i % 2 else Case((n, k), given)

    return drawn


SIZE = FunctionExam("output_size", size, MISTAKES, SENTENCES, cases(PLAINEST))
output_size = SIZE.exam(
    SIZE.values("plain", "how many windows fit side by side", 1.0, cases(PLAIN)),
    SIZE.values("stride", "with a stride, the last window whole or left out", 1.0, cases(STRIDE), about={"stride"}),
    SIZE.values("padding", "with padding", 0.5, cases(PADDING), about={"padding"}),
    SIZE.values("dilation", "with dilation", 0.5, cases(DILATION), about={"dilation"}),
)
