"""The exams of `upsample_nearest` and `upsample_bilinear`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.compare import Case, ask, describe, judge, named
from autograder.exam.core import Criterion, Exam
from autograder.exam.draw import Draw
from autograder.exam.segmentation.common import gradients, layouts, misconception, mistake, values
from autograder.exam.subject import Subject

Pair = int | tuple[int, int]
Shape = tuple[int, int, int, int]


def pair(value: Pair) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def nearest(x: torch.Tensor, scale: Pair) -> torch.Tensor:
    """Every pixel becomes a block of `scale`."""
    down, right = pair(scale)
    return x.repeat_interleave(down, 2).repeat_interleave(right, 3)


def bilinear(x: torch.Tensor, size: Pair, align_corners: bool = False) -> torch.Tensor:
    return F.interpolate(x, pair(size), mode="bilinear", align_corners=align_corners)


# (N, C, H, W): square and not, one and many channels and images, sides of one pixel.
SHAPES: list[Shape] = [(1, 1, 3, 3), (2, 3, 2, 4), (3, 1, 4, 2), (1, 2, 1, 3), (2, 1, 3, 1), (1, 1, 1, 1)]


def nearest_cases(scales: list[Pair], about: str) -> Callable[[Draw], Iterator[Case]]:
    def cases(draw: Draw) -> Iterator[Case]:
        for i, scale in enumerate(scales):
            for j, shape in enumerate(SHAPES):
                dtype = torch.float64 if (i + j) % 3 == 2 else torch.float32
                yield Case((draw.normal(*shape, dtype=dtype), scale), {}, f"{about} ({scale})")

    return cases


def filled(x: torch.Tensor, scale: Pair) -> torch.Tensor:
    """A bed of nails: the first pixel of each block, zeros elsewhere."""
    down, right = pair(scale)
    out = x.new_zeros(*x.shape[:2], x.shape[2] * down, x.shape[3] * right)
    out[..., ::down, ::right] = x
    return out


def only_first(change: Callable[..., Any]) -> Callable[..., torch.Tensor]:
    return lambda x, value, *rest, **kw: change(x, value if isinstance(value, int) else value[0], *rest, **kw)


def swapped(change: Callable[..., Any]) -> Callable[..., torch.Tensor]:
    return lambda x, value, *rest, **kw: change(x, pair(value)[::-1], *rest, **kw)


def without_pairs(change: Callable[..., Any]) -> Callable[..., torch.Tensor]:
    def mutant(x, value, *rest, **kwargs):
        if not isinstance(value, int):
            raise TypeError("a pair")
        return change(x, value, *rest, **kwargs)

    return mutant


def in_float32(change: Callable[..., Any]) -> Callable[..., torch.Tensor]:
    return lambda x, *args, **kwargs: change(x.float(), *args, **kwargs)


def scaled(x: torch.Tensor, scale: Pair) -> tuple[int, int]:
    return x.shape[2] * pair(scale)[0], x.shape[3] * pair(scale)[1]


NEAREST = (
    misconception("nearest-tiled", lambda x, scale: x.repeat(1, 1, *pair(scale))),
    misconception("nearest-zeros", filled),
    misconception(
        "nearest-mixed",
        lambda x, scale: bilinear(x, scaled(x, scale)),
        lambda x, scale: bilinear(x, scaled(x, scale), True),
        lambda x, scale: F.interpolate(x, scaled(x, scale), mode="bicubic"),
    ),
    misconception("scale-swapped", swapped(nearest)),
    misconception("scale-first-only", only_first(nearest)),
    misconception("pairs-refused", without_pairs(nearest), raises=True),
    misconception("float32-result", in_float32(nearest)),
    misconception("precision-lost", rough=True),
)

INTS = nearest_cases([2, 3, 1], "by a whole number")
PAIRS = nearest_cases([(2, 3), (1, 2), (3, 1), 2], "by a pair")
TINY_NEAREST = lambda draw: [Case((draw.normal(1, 2, 2, 3, dtype=torch.float64), (2, 1)))]

upsample_nearest = Exam(
    "upsample_nearest",
    "upsample_nearest",
    (
        Criterion("values", "every pixel becomes a block", 1.0, values(nearest, INTS, NEAREST)),
        Criterion("pairs", "another scale for height and width", 0.5, values(nearest, PAIRS, NEAREST)),
        Criterion(
            "layouts",
            "inputs in any memory layout, none of them changed",
            0.5,
            layouts(nearest, lambda draw: [((2,), {}), (((1, 3),), {})], NEAREST),
        ),
        Criterion("gradients", "gradients to the input", 0.5, gradients(nearest, INTS, NEAREST, TINY_NEAREST)),
    ),
    ban="upsampling",
)

# What is resized to what: larger, smaller, sizes that divide and that do not, one pixel before or after.
RESIZED: list[tuple[Shape, Pair]] = [
    ((1, 1, 3, 3), 6), ((2, 3, 3, 4), (6, 8)), ((1, 2, 4, 4), (5, 7)), ((2, 1, 5, 3), (7, 8)), ((1, 3, 2, 5), (9, 6)),
    ((1, 1, 4, 6), (8, 7)), ((2, 2, 3, 5), (3, 5)), ((1, 2, 2, 2), 7),
]  # fmt: skip
SHRUNK: list[tuple[Shape, Pair]] = [
    ((1, 1, 6, 6), 3), ((2, 2, 8, 6), (4, 2)), ((1, 3, 7, 5), (3, 4)), ((1, 1, 9, 4), (2, 7)), ((2, 1, 8, 8), 3),
]  # fmt: skip
ONE_PIXEL: list[tuple[Shape, Pair]] = [
    ((1, 2, 1, 1), 4), ((2, 1, 1, 3), (3, 6)), ((1, 1, 4, 1), (7, 2)), ((1, 2, 4, 5), 1), ((2, 1, 3, 4), (1, 6)),
    ((1, 1, 5, 3), (4, 1)), ((1, 1, 1, 1), 1),
]  # fmt: skip


def resized(chosen: list[tuple[Shape, Pair]], corners: tuple[bool | None, ...], about: str):
    """The sizes with each `align_corners`; None leaves the argument at its default."""

    def cases(draw: Draw) -> Iterator[Case]:
        for i, (shape, size) in enumerate(chosen):
            for j, aligned in enumerate(corners):
                x = draw.normal(*shape, dtype=torch.float64 if (i + j) % 3 == 2 else torch.float32)
                told = {} if aligned is None else {"align_corners": aligned}
                yield Case((x, size), told, f"{about}, align_corners={bool(aligned)},")

    return cases


def sampled(place: Callable, weight: Callable = lambda f: f, clamp: bool = True) -> Callable[..., torch.Tensor]:
    """Interpolation along each axis at the places `place(i, n, m, align_corners)` of n old pixels, for m new ones."""

    def along(x: torch.Tensor, m: int, axis: int, aligned: bool) -> torch.Tensor:
        n = x.shape[axis]
        at = place(torch.arange(m, dtype=torch.float64), n, m, aligned)
        if clamp:
            at = at.clamp(0, n - 1)
        low = at.floor().clamp(0, max(n - 2, 0)) if not clamp else at.floor()
        part = weight(at - low).to(x.dtype).reshape(-1, *[1] * (3 - axis))
        first = x.index_select(axis, low.long())
        second = x.index_select(axis, (low.long() + 1).clamp(max=n - 1))
        return first * (1 - part) + second * part

    def mutant(x, size, align_corners=False):
        h, w = pair(size)
        return along(along(x, h, 2, align_corners), w, 3, align_corners)

    return mutant


def centres(i, n, m, aligned):
    return i * ((n - 1) / (m - 1) if m > 1 else 0.0) if aligned else (i + 0.5) * n / m - 0.5


BILINEAR = (
    misconception(
        "corners-ignored",
        lambda x, size, align_corners=False: bilinear(x, size, not align_corners),
        lambda x, size, align_corners=False: bilinear(x, size),
        lambda x, size, align_corners=False: bilinear(x, size, True),
    ),
    misconception("half-pixel-missing", sampled(lambda i, n, m, a: centres(i, n, m, a) if a else i * n / m)),
    misconception("border-extrapolated", sampled(centres, clamp=False)),
    misconception("bilinear-weights-swapped", sampled(centres, lambda f: 1 - f)),
    misconception(
        "bilinear-nearest",
        sampled(centres, torch.round),
        sampled(centres, lambda f: 0 * f),
        sampled(centres, lambda f: (f >= 0.5).to(f.dtype)),
        lambda x, size, align_corners=False: F.interpolate(x, pair(size), mode="nearest"),
        lambda x, size, align_corners=False: F.interpolate(x, pair(size), mode="nearest-exact"),
    ),
    misconception(
        "antialiased",
        lambda x, size, align_corners=False: F.interpolate(
            x, pair(size), mode="bilinear", align_corners=align_corners, antialias=True
        ),
        lambda x, size, align_corners=False: (
            F.adaptive_avg_pool2d(x, pair(size)) if pair(size) < x.shape[2:] else bilinear(x, size, align_corners)
        ),
    ),
    misconception("scale-swapped", swapped(bilinear)),
    misconception("scale-first-only", only_first(bilinear)),
    misconception("pairs-refused", without_pairs(bilinear), raises=True),
    misconception("float32-result", in_float32(bilinear)),
    misconception("precision-lost", rough=True),
)


def one_pixel(subject: Subject, draw: Draw) -> None:
    """Sides of one pixel, beside ordinary ones: who is right only on the ordinary ones divided by zero, or the like."""
    seen = [ask(subject, case, bilinear(*case.args, **case.kwargs)) for case in SPREAD(draw)]
    judge(subject.name, seen, BILINEAR)
    narrow = [ask(subject, case, bilinear(*case.args, **case.kwargs)) for case in draw.shuffled(list(NARROW(draw)))]
    wrong = [s for s in narrow if s.fault]
    if wrong and not named(wrong, [*seen, *(s for s in narrow if not s.fault)], BILINEAR):
        raise mistake("one-pixel-side", describe(wrong[0].case), "PyTorch's values", str(wrong[0].fault))
    judge(subject.name, narrow, BILINEAR)


SPREAD = resized(RESIZED[1:4], (True, False), "beside ordinary sizes")
NARROW = resized(ONE_PIXEL, (True, False), "with sides of one pixel")
TINY_BILINEAR = lambda draw: [
    Case((draw.normal(1, 2, 2, 3, dtype=torch.float64), (3, 2)), {"align_corners": aligned})
    for aligned in (True, False)
]
HALF = resized(RESIZED, (None, False), "to a larger size")
CORNERS = resized(RESIZED, (True,), "to a larger size")
SMALLER = resized(SHRUNK, (True, False), "to a smaller size")

upsample_bilinear = Exam(
    "upsample_bilinear",
    "upsample_bilinear",
    (
        Criterion("half", "larger, align_corners=False", 1.0, values(bilinear, HALF, BILINEAR)),
        Criterion("corners", "larger, align_corners=True", 1.0, values(bilinear, CORNERS, BILINEAR)),
        Criterion("smaller", "to smaller sizes, without antialiasing", 0.5, values(bilinear, SMALLER, BILINEAR)),
        Criterion("one", "sides of one pixel", 0.5, one_pixel),
        Criterion(
            "layouts",
            "inputs in any memory layout, none of them changed",
            0.5,
            layouts(bilinear, lambda draw: [((7,), {}), (((3, 9), True), {})], BILINEAR),
        ),
        Criterion("gradients", "gradients to the input", 0.5, gradients(bilinear, SPREAD, BILINEAR, TINY_BILINEAR)),
    ),
    ban="upsampling",
)
