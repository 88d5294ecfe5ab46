"""The exams of `upsample_nearest` and `upsample_bilinear`, and the mistakes people make in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F

from autograder.exam.cases import Case, Cases
from autograder.exam.compare import ask_all, judge, named
from autograder.exam.core import Criterion, Wrong
from autograder.exam.draw import Draw
from autograder.exam.functions import FunctionExam
from autograder.exam.mistakes import always, care_mistakes, misconception, pair, pair_mistakes, with_arguments
from autograder.exam.segmentation.sentences import SENTENCES
from autograder.exam.subject import Subject

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


# Square and not, one and many channels and images, sides of one pixel.
SHAPES: list[Shape] = [(1, 1, 3, 3), (2, 3, 2, 4), (3, 1, 4, 2), (1, 2, 1, 3), (2, 1, 3, 1), (1, 1, 1, 1)]
LAID_OUT: Shape = (2, 3, 4, 5)


def float64_at_times(i: int) -> torch.dtype:
    """Every third case is in float64."""
    return torch.float64 if i % 3 == 2 else torch.float32


def scaled(scales: list[Pair], about: str) -> Cases:
    """Every shape by every scale."""

    def cases(draw: Draw) -> Iterator[Case]:
        for i, scale in enumerate(scales):
            for j, shape in enumerate(SHAPES):
                yield Case((draw.normal(*shape, dtype=float64_at_times(i + j)), scale), {}, f"{about} ({scale})")

    return cases


def by_hand(shape: Shape, *rest: tuple, dtype: torch.dtype = torch.float32) -> Cases:
    """Inputs of one shape with each of these further arguments."""
    return lambda draw: [Case((draw.normal(*shape, dtype=dtype), *more)) for more in rest]


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
INTS = scaled([2, 3, 1], "by a whole number")
PAIRS = scaled([(2, 3), (1, 2), (3, 1), 2], "by a pair")

BLOCKS = FunctionExam("upsample_nearest", nearest, NEAREST, SENTENCES, ban="upsampling")
upsample_nearest = BLOCKS.exam(
    BLOCKS.values("values", "every pixel becomes a block", 1.0, INTS),
    BLOCKS.values("pairs", "another scale for height and width", 0.5, PAIRS),
    BLOCKS.layouts(0.5, by_hand(LAID_OUT, (2,), ((1, 3),))),
    BLOCKS.gradients(0.5, INTS, tiny=by_hand((1, 2, 2, 3), ((2, 1),), dtype=torch.float64)),
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
        for i, (shape, size) in enumerate(chosen):
            for j, aligned in enumerate(corners):
                x = draw.normal(*shape, dtype=float64_at_times(i + j))
                given = {} if aligned is None else {"align_corners": aligned}
                yield Case((x, size), given, f"{about}, align_corners={bool(aligned)},")

    return cases


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
SPREAD = resized(RESIZED[1:4], (True, False), "beside ordinary sizes")
NARROW = resized(ONE_PIXEL, (True, False), "with sides of one pixel")


def one_pixel(subject: Subject, draw: Draw) -> None:
    """Sides of one pixel, beside ordinary ones: who is right only on the ordinary ones divided by zero, or the like."""
    ordinary, narrow = (
        ask_all(
            subject, [(case, bilinear(*case.args, **case.kwargs), None) for case in draw.shuffled(list(some(draw)))]
        )
        for some in (SPREAD, NARROW)
    )
    judge(subject.name, ordinary, BILINEAR)
    wrong = [c for c in narrow if c.fault]
    if wrong and not named(wrong, [*ordinary, *(c for c in narrow if not c.fault)], BILINEAR):
        raise Wrong("one-pixel-side", wrong[0].evidence)
    judge(subject.name, narrow, BILINEAR)


TINY = lambda draw: [
    Case((draw.normal(1, 2, 2, 3, dtype=torch.float64), (3, 2)), {"align_corners": aligned})
    for aligned in (True, False)
]

MIXED = FunctionExam("upsample_bilinear", bilinear, BILINEAR, SENTENCES, ban="upsampling")
upsample_bilinear = MIXED.exam(
    MIXED.values("half", "larger, align_corners=False", 1.0, resized(RESIZED, (None, False), "to a larger size")),
    MIXED.values("corners", "larger, align_corners=True", 1.0, resized(RESIZED, (True,), "to a larger size")),
    MIXED.values(
        "smaller",
        "to smaller sizes, without antialiasing",
        0.5,
        resized(SHRUNK, (True, False), "to a smaller size"),
    ),
    Criterion("one", "sides of one pixel", 0.5, one_pixel),
    MIXED.layouts(0.5, by_hand(LAID_OUT, (7,), ((3, 9), True))),
    MIXED.gradients(0.5, SPREAD, tiny=TINY),
)
