"""The exams of `avg_pool2d` and `adaptive_avg_pool2d`, and the mistakes people make in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.cases import Case, Cases, Setup
from autograder.exam.draw import Draw
from autograder.exam.features import Features, features_of, holding
from autograder.exam.functions import FunctionExam, in_whole_numbers
from autograder.exam.mistakes import (
    IN_PLACE,
    always,
    care_mistakes,
    misconception,
    no_pair,
    pair,
    swapped,
    with_all_arguments,
    with_arguments,
    with_changes,
)
from autograder.exam.pooling import windows as w
from autograder.exam.pooling.sentences import SENTENCES

T = torch.Tensor
Size = int | tuple[int | None, int | None]


def means(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """PyTorch's, as a function whose arguments have names."""
    return F.avg_pool2d(x, kernel_size, stride, padding, ceil_mode, count_include_pad)


def by_hand(count: w.Count = w.windows, divisor: str = "right", empty: float = torch.nan) -> Callable[..., T]:
    """Average pooling by its taps; the options are the mistakes. divisor: of a window also "kernel", its area, or
    "none". empty: the mean of a window that holds no pixel."""

    def mutant(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        given = kernel_size, kernel_size if stride is None else stride
        sums = w.taps(x, *given, padding, 1, ceil_mode, 0.0, count).sum(0)
        kh, kw = pair(kernel_size)
        if divisor != "right":
            return sums / (kh * kw if divisor == "kernel" else 1)
        ones, (ph, pw) = torch.ones_like(x[:1, :1]), pair(padding)
        if count_include_pad:
            ones = F.pad(ones, (pw, pw, ph, ph), value=1.0)
            fixed = iter(sums.shape[2:])
            area = w.taps(ones, *given, 0, 1, ceil_mode, 0.0, lambda *axis: next(fixed)).sum(0)
        else:
            area = w.taps(ones, *given, padding, 1, ceil_mode, 0.0, count).sum(0)
        return torch.where(area > 0, sums / area, empty)

    return mutant


AVERAGE = (
    *IN_PLACE,
    misconception("avg-sum", by_hand(divisor="none")),
    misconception("ceil-rounds-up", *(by_hand(w.rounded_up, empty=empty) for empty in (torch.nan, 0.0))),
    misconception("ceil-starts-in-padding", by_hand(w.padded_first)),
    misconception("overhang-counted", by_hand(divisor="kernel")),
    misconception(
        "count-ignored",
        with_arguments(means, count_include_pad=always(True)),
        with_arguments(means, count_include_pad=always(False)),
        with_arguments(means, count_include_pad=lambda counted: not counted),
    ),
    *w.common(means, 0.0),
)  # fmt: skip

UNCOUNTED = [
    Setup(setup.shape, setup.arguments | {"count_include_pad": False}, setup.bias, about="with count_include_pad=False")
    for setup in w.PADDING
]
TOGETHER = [
    Setup(
        shape,
        {"stride": s, "padding": p, "ceil_mode": c, "count_include_pad": i},
        about="with several arguments",
    )
    for shape in [(2, 2, 9, 8, 3, 3), (1, 3, 8, 10, 2, 4), (1, 1, 12, 10, 4, 3)]
    for s, p, c, i in [
        (2, 1, True, True), (2, 1, True, False), ((2, 1), (1, 0), True, False), ((1, 3), (0, 1), False, False),
        (3, 1, True, False), ((3, 2), 1, True, True), ((2, 3), (0, 1), True, False), (4, 1, True, False),
        (4, (1, 0), True, True), (None, 1, True, False),
    ]
]  # fmt: skip


BY_POSITION = w.by_position((2, 1, True, False), ((1, 2), (0, 1), False, False), (3, 1, True, True))
DIFFERENTIATED = [*w.DIFFERENTIATED, UNCOUNTED[5], *TOGETHER[:4]]

MEAN = FunctionExam("avg_pool2d", means, AVERAGE, SENTENCES, w.cases(w.PLAINEST), ban="pooling", features=w.features)
avg_pool2d = MEAN.exam(
    MEAN.values("windows", "the mean of each window: any sides, channels, images", 1.0, w.cases(w.PLAIN)),
    MEAN.argument("stride", "stride", 0.5, w.cases(w.STRIDE)),
    MEAN.argument("padding", "zeros around, which count", 0.5, w.cases(w.PADDING)),
    MEAN.argument("count_include_pad", "count_include_pad=False: zeros that do not count", 1.0, w.cases(UNCOUNTED)),
    MEAN.argument("ceil_mode", "ceil_mode: windows that hang over, by what they hold", 1.0, w.cases(w.ceiled(w.CEIL))),
    MEAN.values("pairs", "kernel, stride and padding as pairs", 0.5, w.cases(w.PAIRS), plain=in_whole_numbers),
    MEAN.values(
        "together", "all arguments together, in PyTorch's order", 0.5,
        w.cases(TOGETHER, w.ceiled(w.CEIL_PADDED), w.ceiled(w.CEIL_PADDED, count_include_pad=False)), BY_POSITION,
    ),
    MEAN.dtypes(0.5, w.cases([*w.PLAINEST[:2], *w.PLAIN[:4]])),
    MEAN.layouts(0.5, w.cases(w.LAID_OUT)),
    MEAN.gradients(0.5, w.cases(DIFFERENTIATED)),
    MEAN.refuses(0.5, w.refused(), title="a padding over half the kernel is refused"),
)  # fmt: skip


# ---------------------------------------------------------------- bins; what becomes what: (N, C, H, W), output_size
def binned(x, output_size):
    """PyTorch's, as a function whose arguments have names."""
    return F.adaptive_avg_pool2d(x, output_size)


def sides(x: T, size: Size) -> tuple[int, int]:
    """The output's height and width; None leaves a side as it is."""
    given = (size, size) if isinstance(size, int) else size
    rows, columns = (n if m is None else m for n, m in zip(x.shape[2:], given, strict=True))
    return rows, columns


def by_bounds(start: Callable[[int, int, int], int], end: Callable[[int, int, int], int]) -> Callable[..., T]:
    """Means over the bins `start(i, n, m)` … `end(i, n, m)` of n pixels."""

    def mutant(x, output_size):
        for axis, m in zip((2, 3), sides(x, output_size), strict=True):
            n = x.shape[axis]
            bins = [(start(i, n, m), end(i, n, m)) for i in range(m)]
            x = torch.stack([x.narrow(axis, a, b - a).mean(axis) for a, b in bins], axis)
        return x

    return mutant


def no_none(x: T, output_size: Size) -> dict[str, Any]:
    """None is refused."""
    if isinstance(output_size, tuple) and None in output_size:
        raise TypeError("None")
    return {}


def fewer_bins(x: T, output_size: Size) -> dict[str, Any]:
    """More bins than pixels are refused."""
    if any(m > n for m, n in zip(sides(x, output_size), x.shape[2:], strict=True)):
        raise RuntimeError("more bins than pixels")
    return {}


def resized(function: Any, x: T, output_size: Size) -> T:
    """Pixels are interpolated, or one in a bin is taken."""
    return F.interpolate(x, sides(x, output_size), mode="nearest")


ADAPTIVE = (
    *IN_PLACE,
    misconception(
        "bins-equal",
        by_bounds(lambda i, n, m: i * (n // m), lambda i, n, m: (i + 1) * (n // m)),
        by_bounds(lambda i, n, m: i * (n // m), lambda i, n, m: i * (n // m) + n - (m - 1) * (n // m)),
        by_bounds(lambda i, n, m: i * (n // m), lambda i, n, m: (i + 1) * (n // m) if i < m - 1 else n),
        by_bounds(lambda i, n, m: i * -(-n // m), lambda i, n, m: min(n, (i + 1) * -(-n // m))),
    ),
    misconception(
        "bins-end-rounded-down",
        by_bounds(lambda i, n, m: i * n // m, lambda i, n, m: (i + 1) * n // m),
        by_bounds(lambda i, n, m: i * n // m, lambda i, n, m: max((i + 1) * n // m, i * n // m + 1)),
    ),
    misconception(
        "bins-start-rounded-up",
        by_bounds(lambda i, n, m: -(-i * n // m), lambda i, n, m: -(-(i + 1) * n // m)),
        by_bounds(lambda i, n, m: min(-(-i * n // m), -(-(i + 1) * n // m) - 1), lambda i, n, m: -(-(i + 1) * n // m)),
    ),
    misconception("bins-sampled", with_all_arguments(binned, resized)),
    misconception("bins-swapped", with_arguments(binned, output_size=swapped)),
    misconception("bins-none-refused", with_changes(binned, no_none), raises=True),
    misconception("pairs-refused", with_arguments(binned, output_size=no_pair), raises=True),
    misconception("bins-more-refused", with_changes(binned, fewer_bins), raises=True),
    *care_mistakes(binned),
)  # fmt: skip

EVEN: list[tuple[w.Shape, Any]] = [
    ((1, 1, 4, 4), 2), ((1, 1, 6, 6), 2), ((1, 1, 6, 6), 3), ((1, 1, 8, 8), 2), ((1, 1, 8, 8), 4), ((1, 1, 9, 9), 3),
]  # fmt: skip
FEW: list[w.Shape] = [(2, 3, 6, 6), (1, 2, 12, 6), (3, 1, 6, 12), (1, 4, 12, 12), (2, 2, 5, 5)]
DIVIDING = [(shape, m) for shape in FEW[:4] for m in (1, 2, 3, 6)] + [(FEW[4], m) for m in (1, 5)]
UNEVEN: list[tuple[w.Shape, Any]] = [
    (shape, m)
    for shape in [
        (1, 1, 7, 7), (2, 2, 8, 10), (1, 3, 11, 9), (2, 1, 13, 8), (1, 2, 5, 9), (1, 1, 10, 10), (3, 1, 6, 11),
        (1, 2, 9, 7),
    ]
    for m in (2, 3, 4, 5)
]  # fmt: skip
BEYOND: list[tuple[w.Shape, Any]] = [
    (shape, m)
    for shape in [(1, 1, 3, 3), (2, 2, 2, 4), (1, 3, 4, 3), (1, 1, 1, 1), (2, 1, 5, 2)]
    for m in (5, 6, 7, 9, 11)
]
PAIRED: list[tuple[w.Shape, Any]] = [
    (shape, pair_of)
    for shape in [(1, 1, 7, 7), (2, 3, 8, 10), (1, 2, 9, 6), (2, 1, 3, 12), (1, 2, 12, 5)]
    for pair_of in [(2, 3), (3, 2), (1, 4), (5, 1), (4, 4), (7, 2), (2, 8), (6, 3), (3, 5), (8, 1), (1, 7)]
]
NONES: list[tuple[w.Shape, Any]] = [
    (shape, pair_of)
    for shape in [(1, 1, 6, 6), (2, 3, 7, 5), (1, 2, 4, 9), (3, 1, 8, 3)]
    for pair_of in [(None, 2), (3, None), (None, None), (None, 1), (1, None), (2, None)]
]


def to_bins(chosen: list[tuple[w.Shape, Any]], about: str = "") -> Cases:
    """Images of these shapes, to these sizes."""
    return lambda draw: [Case((draw.normal(*shape), size), {}, about) for shape, size in draw.shuffled(chosen)]


def by_name(draw: Draw) -> Iterator[Case]:
    """The size by its name."""
    for shape, size in PAIRED[:4]:
        yield Case((draw.normal(*shape),), {"output_size": size}, "with a pair")


def without_none(case: Case) -> Case:
    """The same with the side itself in the place of None."""
    return Case((case.args[0], sides(*case.args)))


def bin_features(reference: Callable[..., Any], given: Case) -> Features:
    """The plain features of a call of `adaptive_avg_pool2d`."""
    x, size = given.args[0], given.args[1] if len(given.args) > 1 else given.kwargs["output_size"]
    steps = list(zip(x.shape[2:], sides(x, size), strict=True))
    facts = {
        "overlapping": any(n % m for n, m in steps),
        "more bins": any(m > n for n, m in steps),
        "none": isinstance(size, tuple) and None in size,
    }
    return features_of(reference, given) - {"output_size", "by position"} | holding(facts)


BINS = FunctionExam(
    "adaptive_avg_pool2d", binned, ADAPTIVE, SENTENCES, to_bins(EVEN), ban="pooling", features=bin_features
)
adaptive_avg_pool2d = BINS.exam(
    BINS.values("dividing", "bins that divide the sides", 0.5, to_bins(DIVIDING)),
    BINS.values("overlapping", "bins that overlap, since they do not divide the sides", 1.0, to_bins(UNEVEN)),
    BINS.values("beyond", "more bins than pixels", 0.5, to_bins(BEYOND, "with more bins than pixels")),
    BINS.values(
        "pairs", "another size for height and width", 0.5,
        to_bins(PAIRED, "with a pair"), by_name, plain=in_whole_numbers,
    ),
    BINS.values(
        "none", "None in a pair leaves that side as it is", 0.5,
        to_bins(NONES, "with None in the pair"), plain=without_none,
    ),
    BINS.kept(
        0.5, to_bins(EVEN[:2] + UNEVEN[:4]), to_bins([((2, 3, 6, 8), 2), ((2, 3, 7, 5), 3)]), to_bins(UNEVEN[2:4])
    ),
    BINS.gradients(0.5, to_bins(EVEN[:2] + DIVIDING[:3] + UNEVEN[::4] + BEYOND[::5] + PAIRED[::6])),
)  # fmt: skip
