"""The exam of `output_size`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from autograder.exam.compare import Case, compare_values
from autograder.exam.convolution.mistakes import misconception
from autograder.exam.core import Criterion, Exam
from autograder.exam.draw import Draw
from autograder.exam.subject import Subject


def size(n: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    return (n + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


def changed(change: Callable[..., Any]) -> Callable[..., Any]:
    """A rule for `output_size`'s arguments, from one that takes them all, by their initials."""
    return lambda n, kernel_size, stride=1, padding=0, dilation=1: change(n, kernel_size, stride, padding, dilation)


MISTAKES = (
    misconception("plus-one-missing", changed(lambda n, k, s, p, d: size(n, k, s, p, d) - 1)),
    misconception("plus-one-inside", changed(lambda n, k, s, p, d: size(n, k, 1, p, d) // s)),
    misconception("ceil-for-floor", changed(lambda n, k, s, p, d: 1 - (1 - size(n, k, 1, p, d)) // s)),
    misconception("stride-ignored", changed(lambda n, k, s, p, d: size(n, k, 1, p, d))),
    misconception("padding-one-side", changed(lambda n, k, s, p, d: size(n + p, k, s, 0, d))),
    misconception("padding-ignored", changed(lambda n, k, s, p, d: size(n, k, s, 0, d))),
    misconception("dilation-ignored", changed(lambda n, k, s, p, d: size(n, k, s, p))),
    misconception(
        "dilation-off-by-one",
        changed(lambda n, k, s, p, d: size(n + 1 - d, k, s, p, d)),
        changed(lambda n, k, s, p, d: size(n, k, s, p, d + 1)),
    ),
    misconception(
        "size-not-int",
        changed(lambda n, k, s, p, d: float(size(n, k, s, p, d))),
        changed(lambda n, k, s, p, d: (size(n, k, 1, p, d) - 1) / s + 1),
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
    (3, 1, 1, 1, 0),
    (5, 1, 2, 1, 0),
    (2, 1, 1, 1, 0),
    (3, 2, 1, 1, 1),
    (7, 2, 3, 1, 0),
    (4, 3, 2, 1, 1),
]
DILATION: list[Skeleton] = [
    (3, 1, 0, 2, 0),
    (3, 1, 2, 2, 0),
    (2, 1, 0, 5, 0),
    (1, 1, 0, 4, 0),
    (5, 2, 1, 3, 1),
    (3, 3, 4, 2, 2),
]


def cases(chosen: list[Skeleton], draw: Draw) -> Iterator[Case]:
    """Arguments by place or by name, defaults left out; the seed draws how many windows fit."""
    for i, (k, s, p, d, rest) in draw.shuffled(list(enumerate(chosen))):
        windows = int(draw.integers(6, 40))
        n = d * (k - 1) + 1 + (windows - 1) * s + rest - 2 * p
        options = {"stride": s, "padding": p, "dilation": d}
        given = {key: value for key, value in options.items() if value != (0 if key == "padding" else 1)}
        yield Case((n, k, s, p, d)) if i % 2 else Case((n, k), given)


def sizes(chosen: list[Skeleton]):
    def check(subject: Subject, draw: Draw) -> None:
        compare_values(subject, size, cases(chosen, draw), MISTAKES)

    return check


output_size = Exam(
    "output_size",
    "output_size",
    (
        Criterion("plain", "how many windows fit side by side", 1.0, sizes(PLAIN)),
        Criterion("stride", "with a stride, the last window whole or left out", 1.0, sizes(STRIDE)),
        Criterion("padding", "with padding", 0.5, sizes(PADDING)),
        Criterion("dilation", "with dilation", 0.5, sizes(DILATION)),
    ),
)
