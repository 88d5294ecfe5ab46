"""The exam of `output_size`."""

from __future__ import annotations

from collections.abc import Iterator

from autograder.exam.compare import Case, compare_values
from autograder.exam.convolution.mistakes import misconception
from autograder.exam.core import Criterion, Exam
from autograder.exam.draw import Draw
from autograder.exam.subject import Subject


def size(n: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    return (n + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


MISTAKES = (
    misconception("plus-one-missing", lambda n, k, stride=1, padding=0, dilation=1: size(n, k, stride, padding, dilation) - 1),
    misconception("plus-one-inside", lambda n, k, stride=1, padding=0, dilation=1: size(n, k, 1, padding, dilation) // stride),
    misconception("ceil-for-floor", lambda n, k, stride=1, padding=0, dilation=1: 1 - (1 - size(n, k, 1, padding, dilation)) // stride),
    misconception("stride-ignored", lambda n, k, stride=1, padding=0, dilation=1: size(n, k, 1, padding, dilation)),
    misconception("padding-one-side", lambda n, k, stride=1, padding=0, dilation=1: size(n + padding, k, stride, 0, dilation)),
    misconception("padding-ignored", lambda n, k, stride=1, padding=0, dilation=1: size(n, k, stride, 0, dilation)),
    misconception("dilation-ignored", lambda n, k, stride=1, padding=0, dilation=1: size(n, k, stride, padding)),
    misconception(
        "dilation-off-by-one",
        lambda n, k, stride=1, padding=0, dilation=1: size(n + 1 - dilation, k, stride, padding, dilation),
        lambda n, k, stride=1, padding=0, dilation=1: size(n, k, stride, padding, dilation + 1),
    ),
    misconception(
        "size-not-int",
        lambda n, k, stride=1, padding=0, dilation=1: float(size(n, k, stride, padding, dilation)),
        lambda n, k, stride=1, padding=0, dilation=1: (size(n, k, 1, padding, dilation) - 1) / stride + 1,
    ),
)  # fmt: skip

# (kernel size, stride, padding, dilation, what the last window leaves over)
Skeleton = tuple[int, int, int, int, int]
PLAIN: list[Skeleton] = [(3, 1, 0, 1, 0), (1, 1, 0, 1, 0), (2, 1, 0, 1, 0), (5, 1, 0, 1, 0)]
STRIDE: list[Skeleton] = [
    (3, 2, 0, 1, 0), (3, 2, 0, 1, 1), (2, 2, 0, 1, 1), (1, 3, 0, 1, 1), (5, 3, 0, 1, 2), (3, 3, 0, 1, 0), (4, 7, 0, 1, 6),
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
    for i, (k, s, p, d, rest) in enumerate(draw.shuffled(chosen)):
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
