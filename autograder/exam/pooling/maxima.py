"""The exam of `max_pool2d`, and the mistakes people make in it. Shapes are written (N, C, H, W, kH, kW)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.cases import Case, Setup, choices, grid
from autograder.exam.draw import Draw
from autograder.exam.functions import FunctionExam, in_whole_numbers
from autograder.exam.mistakes import (
    IN_PLACE,
    always,
    misconception,
    pair,
    with_arguments,
    with_result,
)
from autograder.exam.pooling import windows as w
from autograder.exam.pooling.sentences import SENTENCES

T = torch.Tensor
Mutant = Callable[..., Any]
Where = Callable[[T, Any], T]  # of x and padding: what each pixel, padded or not, is called as an index


def maxima(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """PyTorch's, as a function whose arguments have names."""
    return F.max_pool2d(x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def numbered(shape: torch.Size) -> T:
    """0, 1, 2, … in this shape."""
    return torch.arange(shape.numel()).reshape(shape)


def in_its_plane(x: T, padding: Any) -> T:
    """Row-major in the unpadded plane of their channel: what is right."""
    return numbered(x.shape[2:]).expand(x.shape)


def in_padded_plane(x: T, padding: Any) -> T:
    """Row-major in the plane with its padding."""
    (ph, pw), (rows, columns) = pair(padding), x.shape[2:]
    whole = numbered(torch.Size([rows + 2 * ph, columns + 2 * pw]))
    return whole[ph : ph + rows, pw : pw + columns].expand(x.shape)


def in_columns(x: T, padding: Any) -> T:
    """Column by column."""
    return numbered(torch.Size([x.shape[3], x.shape[2]])).T.expand(x.shape)


def in_the_batch(x: T, padding: Any) -> T:
    """Row-major in the whole tensor."""
    return numbered(x.shape)


def in_the_image(x: T, padding: Any) -> T:
    """Row-major in all channels of an image."""
    return numbered(x.shape[1:]).expand(x.shape)


def by_hand(
    fill: float = -torch.inf,
    count: w.Count = w.windows,
    where: Where | None = in_its_plane,
    last: bool = False,
    column_first: bool = False,
) -> Mutant:
    """Max pooling by its taps; the options are the mistakes. Without `where` an index is the tap's number."""

    def mutant(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
        given = kernel_size, kernel_size if stride is None else stride, padding, dilation, ceil_mode
        found = w.taps(x, *given, fill, count)
        if column_first:
            kh, kw = pair(kernel_size)
            order = numbered(torch.Size([kh, kw])).T.flatten()
            found = found[order]
        tap = (len(found) - 1 - found.flip(0).max(0).indices) if last else found.max(0).indices
        values = found.gather(0, tap[None])[0]
        if not return_indices:
            return values
        if where is None:
            return values, tap
        called = w.taps(where(x, padding), *given, 0, count)
        return values, (called[order] if column_first else called).gather(0, tap[None])[0]

    return mutant


STARTS_AT_ZERO = with_result(
    maxima, lambda got: (got[0].clamp(min=0), got[1]) if isinstance(got, tuple) else got.clamp(min=0)
)
MAX = (
    *IN_PLACE,
    misconception("indices-always", with_arguments(maxima, return_indices=always(True))),
    misconception("max-starts-at-zero", STARTS_AT_ZERO),
    misconception(
        "padding-zeros", by_hand(0.0), by_hand(0.0, where=in_padded_plane), by_hand(0.0, w.padded_first),
        by_hand(0.0, w.padded_first, in_padded_plane),
    ),
    misconception("dilation-ignored", with_arguments(maxima, dilation=always(1))),
    misconception("ceil-rounds-up", by_hand(count=w.rounded_up)),
    misconception("ceil-starts-in-padding", by_hand(count=w.padded_first)),
    misconception("indices-missing", with_arguments(maxima, return_indices=always(False))),
    misconception("indices-padded", by_hand(where=in_padded_plane)),
    misconception("indices-in-window", by_hand(where=None)),
    misconception("indices-of-all-channels", by_hand(where=in_the_batch), by_hand(where=in_the_image)),
    misconception("indices-column-first", by_hand(where=in_columns)),
    misconception("indices-last-tie", by_hand(last=True), by_hand(column_first=True)),
    *w.common(maxima, -torch.inf, dilation="dilation"),
)  # fmt: skip

DILATION = grid(
    [(1, 1, 9, 9, 3, 3), (2, 2, 9, 8, 2, 2), (1, 3, 10, 7, 3, 3)],
    [{"dilation": 2}, {"dilation": 3}, {"dilation": 2, "stride": 1}],
)
PAIRS = [*w.PAIRS, *grid([(1, 1, 9, 10, 3, 3), (2, 2, 10, 9, 2, 2)], choices("dilation", (2, 1), (1, 3)))]
TOGETHER = [
    Setup(shape, {"stride": s, "padding": p, "dilation": d, "ceil_mode": c}, i % 2 == 0, about="with several arguments")
    for shape in [(2, 2, 9, 8, 3, 3), (1, 3, 8, 10, 2, 4), (1, 1, 12, 10, 4, 3)]
    for i, (s, p, d, c) in enumerate([
        (2, 1, 1, True), ((2, 1), (1, 0), 1, True), (1, 1, 2, False), ((1, 3), (0, 1), (2, 1), False), (3, 1, 1, True),
        ((3, 2), (1, 1), 1, True), (2, (0, 1), (1, 2), True), ((2, 3), 0, 2, True), (4, (1, 0), 1, True),
    ])
]  # fmt: skip
POSITIONS: list[dict[str, Any]] = [{}, {"stride": 1}, {"stride": 2}]
MOVED: list[dict[str, Any]] = [{"padding": 1}, {"stride": 1, "padding": 1}, {"dilation": 2, "stride": 1}]


def indexed(arguments: list[dict[str, Any]], shapes: list[w.Shape]) -> list[Setup]:
    """Every shape with these arguments and `return_indices`."""
    return [
        Setup(shape, chosen | {"return_indices": True}, about="with return_indices")
        for chosen in arguments
        for shape in shapes
    ]


def tied(draw: Draw) -> Iterator[Case]:
    """Images of few whole values, so that the largest stands several times in a window."""
    for setup in indexed([{}, {"stride": 1}], [*w.SHAPES, *w.WIDE[1:]]):
        x, kernel = w.tensors(setup, draw)
        yield Case((draw.integers(-2, 1, *x.shape).float(), kernel), dict(setup.arguments), "where pixels are equal")


BY_POSITION = w.by_position((2, 1, 1, True), ((1, 2), (0, 1), 2, False), (3, 0, 1, True), (2, 1, 1, True, True))
REFUSED = w.refused((2, {"padding": 3, "dilation": 2}, {"padding": 1, "dilation": 2}))
DIFFERENTIATED = [*w.DIFFERENTIATED, DILATION[1], *TOGETHER[:4]]

LARGEST = FunctionExam("max_pool2d", maxima, MAX, SENTENCES, w.cases(w.PLAINEST), ban="pooling", features=w.features)
max_pool2d = LARGEST.exam(
    LARGEST.values("windows", "the largest of each window: any sides, channels, images", 1.0, w.cases(w.PLAIN)),
    LARGEST.argument("stride", "stride", 0.5, w.cases(w.STRIDE)),
    LARGEST.argument("padding", "padding, which is never the largest", 1.0, w.cases(w.PADDING)),
    LARGEST.argument("dilation", "dilation", 0.5, w.cases(DILATION)),
    LARGEST.argument("ceil_mode", "ceil_mode: windows that hang over", 1.0, w.cases(w.ceiled(w.CEIL))),
    LARGEST.values("pairs", "kernel, stride, padding, dilation as pairs", 0.5, w.cases(PAIRS), plain=in_whole_numbers),
    LARGEST.values(
        "indices", "indices in the unpadded plane", 1.0,
        w.cases(indexed(POSITIONS, w.SHAPES), indexed(MOVED, w.WIDE)), about={"return_indices"},
    ),
    LARGEST.values("ties", "of equal pixels the first", 0.5, tied),
    LARGEST.values(
        "together", "all arguments together, in PyTorch's order", 0.5,
        w.cases(TOGETHER, w.ceiled(w.CEIL_PADDED)), BY_POSITION,
    ),
    LARGEST.kept(
        0.5, w.cases([*w.PLAINEST[:2], *w.PLAIN[:4]]), w.cases(w.LAID_OUT), w.cases(w.LAID_OUT[:2])
    ),
    LARGEST.gradients(0.5, w.cases(DIFFERENTIATED)),
    LARGEST.refuses(0.5, REFUSED, title="a padding over half the kernel is refused"),
)  # fmt: skip
