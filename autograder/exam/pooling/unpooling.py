"""The exams of `max_unpool2d` and of the optional blur-pool. A shape (N, C, H, W, kH, kW) is that of a pooled image."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from math import comb
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.cases import Case, Cases, Setup, Shape, choices, drawn, grid
from autograder.exam.draw import Draw
from autograder.exam.features import Features, holding
from autograder.exam.functions import FunctionExam
from autograder.exam.mistakes import (
    IN_PLACE,
    always,
    care_mistakes,
    misconception,
    pair,
    pair_mistakes,
    with_arguments,
    with_changes,
)
from autograder.exam.pooling import windows as w
from autograder.exam.pooling.sentences import SENTENCES

T = torch.Tensor
Size = tuple[int, int]


def unpooled(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """PyTorch's, as a function whose arguments have names."""
    return F.max_unpool2d(x, indices, kernel_size, stride, padding, output_size)


def usual_size(x: T, kernel_size: Any, stride: Any, padding: Any) -> Size:
    """The output's height and width where no `output_size` is given."""
    given = map(pair, (kernel_size, kernel_size if stride is None else stride, padding))
    rows, columns = ((n - 1) * s - 2 * p + k for n, k, s, p in zip(x.shape[2:], *given, strict=True))
    return rows, columns


def by_hand(put: Callable[..., T], sized: bool = True) -> Callable[..., T]:
    """Unpooling that puts values by `put(flat zeros, x, indices, size)`; unless `sized` into the usual plane."""

    def mutant(x, indices, kernel_size, stride=None, padding=0, output_size=None):
        usual = usual_size(x, kernel_size, stride, padding)
        h, width = usual if output_size is None or not sized else tuple(output_size)[-2:]
        flat = x.new_zeros(*x.shape[:2], h * width)
        return put(flat, x, indices, (h, width)).reshape(*x.shape[:2], h, width)

    return mutant


def written(flat: T, x: T, indices: T, size: Size) -> T:
    """Values are written where they belong; PyTorch refuses an index past the plane."""
    return flat.scatter(2, indices.flatten(2), x.flatten(2))


def added(flat: T, x: T, indices: T, size: Size) -> T:
    """Values that fall on one pixel are added up."""
    return flat.scatter_add(2, indices.flatten(2), x.flatten(2))


def by_columns(flat: T, x: T, indices: T, size: Size) -> T:
    """An index counts down the columns."""
    rows, columns = indices % size[0], indices // size[0]
    return flat.scatter(2, (rows * size[1] + columns).flatten(2), x.flatten(2))


def at_corners(x, indices, kernel_size, stride=None, padding=0, output_size=None, whole=False):
    """Each value stands in the first pixel of its window, or in all of them, wherever it came from."""
    (sh, sw), (h, width) = pair(kernel_size if stride is None else stride), usual_size(x, kernel_size, stride, padding)
    h, width = (h, width) if output_size is None else tuple(output_size)[-2:]
    out = x.repeat_interleave(sh, 2).repeat_interleave(sw, 3)
    if not whole:
        rows, columns = torch.arange(out.shape[2]) % sh == 0, torch.arange(out.shape[3]) % sw == 0
        out = out * (rows[:, None] & columns)
    return F.pad(out, (0, width - out.shape[3], 0, h - out.shape[2]))


def in_each_pixel(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Each value fills its window."""
    return at_corners(x, indices, kernel_size, stride, padding, output_size, whole=True)


def no_four(output_size: Any, **rest: Any) -> dict[str, Any]:
    """An output_size of four numbers is refused."""
    if output_size is not None and len(output_size) == 4:
        raise ValueError("four numbers")
    return {}


unchecked = by_hand(written)  # PyTorch's, without its check of `output_size`
UNPOOL = (
    *IN_PLACE,
    misconception("unpool-adds", by_hand(added)),
    misconception("unpool-ignores-indices", at_corners, in_each_pixel),
    misconception("unpool-by-columns", by_hand(by_columns)),
    misconception("unpool-one-plane", with_arguments(unpooled, indices=lambda i: i[:, :1].expand(i.shape))),
    misconception("unpool-size-ignored", with_arguments(unpooled, output_size=always(None))),
    misconception("unpool-four-refused", with_changes(unpooled, no_four), raises=True),
    misconception("stride-default", with_changes(unchecked, w.stride_of_one), raises=True),
    misconception("stride-ignored", with_arguments(unchecked, stride=always(None))),
    misconception("padding-ignored", with_arguments(unchecked, padding=always(0))),
    *pair_mistakes(unchecked, ("kernel_size",), kernel_size="kernel", stride="stride", padding="padding"),
    *care_mistakes(unpooled),
)


def tensors(setup: Setup, draw: Draw) -> tuple:
    """What pooling an image gives: the largest values, their indices, and the kernel."""
    image, kernel = w.tensors(setup, draw)
    pooling = {key: value for key, value in setup.arguments.items() if key != "output_size"}
    return *F.max_pool2d(image, kernel, **pooling, return_indices=True), kernel


def cases(*setups: list[Setup]) -> Cases:
    """The cases of these setups."""
    return drawn(tensors, *setups)


# Windows that fit: the usual size is the image's.
PLAIN = grid(
    [
        (2, 3, 6, 8, 2, 2),
        (1, 2, 9, 6, 3, 3),
        (3, 1, 8, 4, 4, 4),
        (1, 4, 6, 6, 2, 2),
        (2, 2, 4, 10, 2, 2),
        (2, 1, 5, 5, 5, 5),
    ],
    [{}, {}, {}],
)


def fitting(shapes: list[Shape], wanted: Callable[[int, int, int], bool]) -> list[Setup]:
    """These images with every kernel, stride and padding for which windows fit, and which are `wanted`."""
    return [
        Setup((*shape, k, k), {"stride": s} | ({"padding": p} if p else {}), (k + s) % 2 == 0, about=f"with stride {s}")
        for shape in shapes
        for k, s, p in product((1, 2, 3, 4), (1, 2, 3, 4), (0, 1, 2))
        if wanted(k, s, p) and all(n + 2 * p >= k and (n + 2 * p - k) % s == 0 for n in shape[2:])
    ]


SIDES: list[Shape] = [(1, 1, 7, 7), (2, 3, 9, 5), (1, 2, 10, 7), (2, 1, 5, 13), (1, 2, 8, 6), (3, 1, 11, 9)]
STRIDE = fitting(SIDES, lambda k, s, p: s > k and not p)
OVERLAPPING = fitting(SIDES, lambda k, s, p: s < k and not p)
PADDING = fitting([*SIDES, (3, 1, 6, 4)], lambda k, s, p: 0 < 2 * p <= k)
PAIRS = [
    *grid([(2, 2, 6, 9, 2, 3), (1, 3, 8, 4, 4, 2), (1, 2, 5, 6, 1, 3), (2, 1, 6, 5, 3, 5)], [{}] * 3),
    *grid([(1, 2, 7, 8, 3, 2), (2, 2, 9, 6, 3, 2)], choices("stride", (2, 1), (2, 2), (1, 2))),
    *grid([(1, 1, 6, 8, 2, 2), (2, 3, 4, 6, 2, 2)], choices("padding", (1, 0), (0, 1), (1, 1))),
]


def sized(setups: list[tuple[w.Shape, dict[str, Any]]]) -> list[Setup]:
    """These, whose windows do not fit, with the image's size as a pair or as all four numbers."""
    return [
        Setup(shape, arguments | {"output_size": size}, about="with an output_size")
        for shape, arguments in setups
        for size in (shape[2:4], (shape[0], shape[1], *shape[2:4]))
    ]


SIZED = sized([
    ((1, 1, 7, 7, 2, 2), {}), ((2, 3, 7, 9, 2, 2), {}), ((1, 2, 8, 10, 3, 3), {}), ((2, 1, 11, 7, 4, 4), {}),
    ((1, 1, 8, 8, 3, 3), {"stride": 2}), ((2, 2, 6, 9, 2, 2), {"stride": 3}), ((1, 2, 6, 6, 2, 2), {}),
    ((1, 3, 8, 6, 3, 3), {"stride": 2, "padding": 1}), ((2, 2, 7, 5, 3, 3), {"padding": 1}),
    ((3, 1, 9, 5, 4, 4), {"stride": 3}), ((1, 4, 10, 7, 3, 3), {"stride": 2}), ((2, 1, 5, 9, 2, 2), {"padding": 1}),
])  # fmt: skip


def unpaired(case: Case) -> Case:
    """A call of the same kind in whole numbers, which fit."""
    image = torch.arange(96.0).sin().reshape(2, 3, 4, 4)
    values, indices = F.max_pool2d(image, 2, return_indices=True)
    return Case((values, indices, 2), dict.fromkeys(case.kwargs, 0) if "padding" in case.kwargs else {})


def refused(draw: Draw) -> Iterator[tuple[Case, str, Case]]:
    """An index past the plane that it should be written into, beside the same with a lawful one."""
    sizes: list[tuple[int, dict[str, Any]]] = [
        (36, {}), (36, {}), (49, {"output_size": (7, 7)}), (30, {"output_size": (5, 6)}), (42, {"output_size": (7, 6)}),
    ]  # fmt: skip
    for i, (pixels, more) in enumerate(sizes):
        lawful = torch.stack([torch.tensor(draw.shuffled(range(pixels))[:9]) for _ in range(4)]).reshape(2, 2, 3, 3)
        past = lawful.clone()
        past[0, i % 2, i % 3, -1] = pixels + i
        x = draw.normal(2, 2, 3, 3)
        yield Case((x, past, 2), more, "an index past the plane"), "no-refusal-index", Case((x, lawful, 2), more)


def features(reference: Callable[..., Any], given: Case) -> Features:
    """The plain features of a call of `max_unpool2d`; indices are equal where windows have their largest in common."""
    x, indices, kernel, *rest = given.args
    flat = indices.flatten(2).sort(2).values
    ties = {"ties": bool((flat[..., 1:] == flat[..., :-1]).any())}
    of = Case((x, kernel, *rest), given.kwargs)
    plain = lambda x, kernel_size, stride=None, padding=0, output_size=None: x
    return w.features(plain, of) | holding(ties)


LAID_OUT = [w.PLAINEST[0], Setup((2, 3, 6, 8, 2, 2)), Setup((1, 2, 8, 5, 2, 2), {"stride": 3})]
BACK = FunctionExam("max_unpool2d", unpooled, UNPOOL, SENTENCES, cases(w.PLAINEST), ban="pooling", features=features)
max_unpool2d = BACK.exam(
    BACK.values("values", "every value back at its position, zeros elsewhere", 1.0, cases(PLAIN)),
    BACK.argument("stride", "windows that stand apart: stride", 0.5, cases(STRIDE)),
    BACK.values("overlapping", "equal indices: written, not added", 0.5, cases(OVERLAPPING)),
    BACK.argument("padding", "padding", 0.5, cases(PADDING)),
    BACK.values("output_size", "output_size, of two numbers or of four", 0.5, cases(SIZED), about={"output_size"}),
    BACK.values("pairs", "kernel, stride and padding as pairs", 0.5, cases(PAIRS), plain=unpaired),
    BACK.kept(0.5, cases([*w.PLAINEST[:2], *PLAIN[:3]]), cases(LAID_OUT), cases(LAID_OUT[:2])),
    BACK.gradients(0.5, cases([*w.PLAINEST[:2], *PLAIN[:4], *STRIDE[2:4], PAIRS[1], *SIZED[:3]])),
    BACK.refuses(0.5, refused, title="an index past the plane is refused"),
)  # fmt: skip


# ---------------------------------------------------------------- optional: blur-pool (Zhang 2019)
def blur(mode: str = "reflect", average: bool = False, scaled: bool = True, late: bool = False, first: bool = False):
    """Blur-pool of x (N, C, H, W); the options are the mistakes."""

    def mutant(x, size=3, stride=2):
        row = torch.tensor([1.0 if average else comb(size - 1, i) for i in range(size)], dtype=x.dtype)
        kernel = torch.outer(row, row) / (row.sum() ** 2 if scaled else 1)
        start, end = (size // 2, (size - 1) // 2) if first else ((size - 1) // 2, size // 2)
        x = x[..., ::stride, ::stride] if late else x
        padded = F.pad(x, (start, end, start, end), mode=mode).flatten(0, 1)[:, None]
        return F.conv2d(padded, kernel[None, None], stride=1 if late else stride).unflatten(0, x.shape[:2])[:, :, 0]

    return mutant


blurred = blur()
BLUR = (
    misconception("blur-border", blur("constant"), blur("replicate"), blur("circular")),
    misconception("blur-average", blur(average=True)),
    misconception("blur-sum", blur(scaled=False)),
    misconception("blur-after-sampling", blur(late=True)),
    misconception("blur-pads-first", blur(first=True)),
    *care_mistakes(blurred),
)


def images(shapes: list[tuple[int, ...]], *rest: dict[str, int]) -> Cases:
    """Images of these shapes with each of these arguments."""
    about = {0: ""}
    return lambda draw: [
        Case((draw.normal(*shape),), dict(given), about.get(len(given), "with another size or stride"))
        for given in rest
        for shape in shapes
    ]


OTHER = [{"size": 5}, {"size": 2}, {"size": 4}, {"size": 3, "stride": 3}, {"size": 1}, {"stride": 1}]
BLURRED = FunctionExam(
    "bonus", blurred, BLUR, SENTENCES, images([(1, 1, 6, 6), (1, 1, 8, 8), (1, 1, 7, 7)], {}, {}), title="blur_pool",
    defines="blur_pool", bonus=True,
)  # fmt: skip
bonus = BLURRED.exam(
    BLURRED.values(
        "values", "blurred by 1, 2, 1 and sampled", 1.0, images([(2, 3, 6, 9), (1, 2, 7, 5)], {}, {}), intact=True
    ),
    BLURRED.values("size", "other sizes and strides", 0.5, images([(1, 2, 8, 8), (2, 1, 6, 9)], *OTHER)),
    BLURRED.dtypes(0.5, images([(1, 1, 6, 6), (1, 2, 7, 5)], {}), title="the input's type is kept"),
)  # fmt: skip
