"""The exams of `upsample_nearest` and `upsample_bilinear`, and the mistakes people make in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.cases import Case, Cases
from autograder.exam.draw import Draw
from autograder.exam.features import Features, features_of, holding
from autograder.exam.functions import FunctionExam, in_whole_numbers
from autograder.exam.mistakes import always, care_mistakes, misconception, pair, pair_mistakes, with_arguments
from autograder.exam.segmentation.sentences import SENTENCES

T = torch.Tensor
Pair = int | tuple[int, int]
Shape = tuple[int, int, int, int]  # N, C, H, W


def nearest(x: T, scale: Pair) -> T:
    """Every pixel of x (N, C, H, W) becomes a block of `scale`."""
    down, right = pair(scale)
    return x.repeat_interleave(down, 2).repeat_interleave(right, 3)


def bilinear(x: T, size: Pair, align_corners: bool = False) -> T:
    """x (N, C, H, W) at another size."""
    return F.interpolate(x, pair(size), mode="bilinear", align_corners=align_corners)


# The plainest calls: one image, one channel, square, a whole number.
SQUARE: list[tuple[Shape, int]] = [
    ((1, 1, 3, 3), 2), ((1, 1, 4, 4), 2), ((1, 1, 2, 2), 3), ((1, 1, 5, 5), 2), ((1, 1, 3, 3), 3), ((1, 1, 6, 6), 2),
]  # fmt: skip
# Square and not, one and many channels and images, sides of one pixel.
SHAPES: list[Shape] = [(1, 1, 3, 3), (2, 3, 2, 4), (3, 1, 4, 2), (1, 2, 1, 3), (2, 1, 3, 1), (1, 1, 1, 1)]
LAID_OUT: Shape = (2, 3, 4, 5)


def scaled(scales: list[Pair], about: str) -> Cases:
    """Every shape by every scale."""
    return lambda draw: [
        Case((draw.normal(*shape),), {"scale": scale}, f"{about} {scale}") for scale in scales for shape in SHAPES
    ]


def by_hand(shape: Shape, *rest: tuple) -> Cases:
    """Inputs of one shape with each of these further arguments."""
    return lambda draw: [Case((draw.normal(*shape), *more)) for more in rest]


def larger(draw: Draw) -> list[Case]:
    """The plainest calls of `upsample_nearest`."""
    return [Case((draw.normal(*shape), scale)) for shape, scale in SQUARE]


def nails(x: T, scale: Pair) -> T:
    """A bed of nails: the first pixel of each block, zeros elsewhere."""
    down, right = pair(scale)
    out = x.new_zeros(*x.shape[:2], x.shape[2] * down, x.shape[3] * right)
    out[..., ::down, ::right] = x
    return out


def mixed(x: T, scale: Pair, **how) -> T:
    """Interpolated to the right size."""
    down, right = pair(scale)
    return F.interpolate(x, (x.shape[2] * down, x.shape[3] * right), **how)


NEAREST = (
    misconception("nearest-tiled", lambda x, scale: x.repeat(1, 1, *pair(scale))),
    misconception("nearest-zeros", nails),
    misconception(
        "nearest-mixed",
        lambda x, scale: mixed(x, scale, mode="bilinear"),
        lambda x, scale: mixed(x, scale, mode="bilinear", align_corners=True),
        lambda x, scale: mixed(x, scale, mode="bicubic"),
    ),
    *pair_mistakes(nearest, {"scale"}, scale="scale"),
    *care_mistakes(nearest),
)
INTS = scaled([2, 3, 1], "by the scale")
PAIRS = scaled([(2, 3), (1, 2), (3, 1), (2, 2)], "by the pair")

BLOCKS = FunctionExam("upsample_nearest", nearest, NEAREST, SENTENCES, larger, ban="upsampling")
upsample_nearest = BLOCKS.exam(
    BLOCKS.values("values", "every pixel becomes a block", 0.5, INTS),
    BLOCKS.values("pairs", "another scale for height and width", 0.5, PAIRS, plain=in_whole_numbers),
    BLOCKS.dtypes(0.5, larger, by_hand(LAID_OUT, (2,))),
    BLOCKS.layouts(0.5, by_hand(SHAPES[0], (2,)), by_hand(LAID_OUT, (2,), ((1, 3),))),
    BLOCKS.gradients(0.5, larger, INTS),
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


def resized(chosen: list[tuple[Shape, Pair]], corners: tuple[bool | None, ...], about: str) -> Cases:
    """The sizes with each `align_corners`; None leaves the argument at its default."""

    def cases(draw: Draw) -> Iterator[Case]:
        for shape, size in chosen:
            for aligned in corners:
                given = {} if aligned is None else {"align_corners": aligned}
                yield Case(
                    (draw.normal(*shape),), {"size": size, **given}, f"{about} with align_corners={bool(aligned)}"
                )

    return cases


def doubled(draw: Draw) -> list[Case]:
    """The plainest calls of `upsample_bilinear`."""
    return [Case((draw.normal(*shape), scale * shape[2])) for shape, scale in SQUARE]


def sampled(place: Callable[..., T], weight: Callable[[T], T] = lambda f: f, clamp: bool = True) -> Callable[..., T]:
    """Interpolation along each axis at the places `place(i, n, m, align_corners)` of n old pixels, for m new ones."""

    def along(x: T, m: int, axis: int, aligned: bool) -> T:
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


def centres(i: T, n: int, m: int, aligned: bool) -> T:
    """Where the new pixels i of m look among n old ones."""
    return i * ((n - 1) / (m - 1) if m > 1 else 0.0) if aligned else (i + 0.5) * n / m - 0.5


def antialiased(x: T, size: Pair, align_corners: bool = False) -> T:
    """Shrinking averages over more than four pixels."""
    return F.interpolate(x, pair(size), mode="bilinear", align_corners=align_corners, antialias=True)


def averaged(x: T, size: Pair, align_corners: bool = False) -> T:
    """Shrinking averages over cells."""
    return F.adaptive_avg_pool2d(x, pair(size)) if pair(size) < x.shape[2:] else bilinear(x, size, align_corners)


BILINEAR = (
    misconception(
        "corners-ignored",
        with_arguments(bilinear, align_corners=lambda aligned: not aligned),
        with_arguments(bilinear, align_corners=always(False)),
        with_arguments(bilinear, align_corners=always(True)),
    ),
    misconception("half-pixel-missing", sampled(lambda i, n, m, a: centres(i, n, m, a) if a else i * n / m)),
    misconception("border-extrapolated", sampled(centres, clamp=False)),
    misconception("bilinear-weights-swapped", sampled(centres, lambda f: 1 - f)),
    misconception(
        "bilinear-nearest",
        sampled(centres, torch.round),
        sampled(lambda *where: centres(*where).round()),
        sampled(centres, lambda f: 0 * f),
        sampled(centres, lambda f: (f >= 0.5).to(f.dtype)),
        lambda x, size, align_corners=False: F.interpolate(x, pair(size), mode="nearest"),
        lambda x, size, align_corners=False: F.interpolate(x, pair(size), mode="nearest-exact"),
    ),
    misconception("antialiased", antialiased, averaged),
    *pair_mistakes(bilinear, {"size"}, size="scale"),
    *care_mistakes(bilinear),
)
WHOLE: list[tuple[Shape, Pair]] = [
    ((1, 1, 3, 3), 6), ((1, 1, 4, 4), 7), ((2, 3, 3, 5), 8), ((1, 2, 2, 2), 7), ((3, 1, 2, 4), 5),
    ((1, 1, 11, 11), 15),
]  # fmt: skip
SHRUNK_WHOLE: list[tuple[Shape, Pair]] = [
    ((1, 1, 6, 6), 3), ((2, 1, 8, 8), 3), ((1, 3, 7, 5), 4), ((1, 1, 9, 4), 3), ((2, 2, 5, 6), 4),
    ((1, 1, 17, 17), 7),
]  # fmt: skip
ONE_WHOLE: list[tuple[Shape, Pair]] = [((1, 2, 1, 1), 4), ((1, 2, 4, 5), 1), ((2, 1, 1, 3), 4), ((1, 1, 1, 1), 1)]
LARGER = "to a larger size"


def on_ordinary_sides(case: Case) -> Case:
    """The same from and to more than one pixel."""
    n, c = case.args[0].shape[:2]
    picture = torch.arange(n * c * 12.0).sin().reshape(n, c, 3, 4)
    return Case((picture,), case.kwargs | {"size": 6 if isinstance(case.kwargs["size"], int) else (5, 6)})


def features(reference: Callable[..., Any], given: Case) -> Features:
    """The plain features of a call of `upsample_bilinear`."""
    x, size = given.args[0], pair(given.args[1] if len(given.args) > 1 else given.kwargs["size"])
    smaller = any(new < old for new, old in zip(size, x.shape[2:], strict=True))
    return features_of(reference, given) | holding({"one-pixel side": 1 in size, "smaller": smaller})


MIXED = FunctionExam("upsample_bilinear", bilinear, BILINEAR, SENTENCES, doubled, ban="upsampling", features=features)
upsample_bilinear = MIXED.exam(
    MIXED.values("half", "larger, align_corners=False", 0.5, resized(WHOLE, (None, False), LARGER)),
    MIXED.values(
        "corners", "larger, align_corners=True", 0.5, resized(WHOLE, (True,), LARGER), about={"align_corners"}
    ),
    MIXED.values(
        "pairs", "another size for height and width", 0.5,
        resized(RESIZED + SHRUNK, (True, False), "to a pair"), plain=in_whole_numbers,
    ),
    MIXED.values(
        "smaller", "to smaller sizes, without antialiasing", 0.5,
        resized(SHRUNK_WHOLE, (None, True), "to a smaller size"),
    ),
    MIXED.values(
        "one", "sides of one pixel", 0.5,
        resized(ONE_WHOLE + ONE_PIXEL, (None, True), "with sides of one pixel"),
        plain=on_ordinary_sides, tells="one-pixel-side",
    ),
    MIXED.dtypes(0.5, doubled, resized(WHOLE[2:4], (None, True), LARGER)),
    MIXED.layouts(0.5, by_hand(SHAPES[0], (7,)), by_hand(LAID_OUT, (7,), ((3, 9), True))),
    MIXED.gradients(0.5, doubled, resized(RESIZED[1:4], (True, False), LARGER), resized(ONE_WHOLE, (None,), LARGER)),
)  # fmt: skip
