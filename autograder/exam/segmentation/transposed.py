"""The exam of `conv_transpose2d`. Shapes are written (N, C_in, H, W, C_out, kH, kW)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from inspect import signature
from typing import Any

from autograder.exam.cases import Case, Setup, Shape, choices, convolution_tensors, drawn, grid, grouped, unbiased
from autograder.exam.draw import Draw
from autograder.exam.features import Features, features_of
from autograder.exam.functions import FunctionExam, in_whole_numbers
from autograder.exam.segmentation.mistakes_transposed import TRANSPOSED, transposed
from autograder.exam.segmentation.sentences import SENTENCES

# The plainest calls: one image, one channel, square, no bias.
PLAINEST = unbiased(
    (1, 1, 3, 3, 1, 3, 3), (1, 1, 4, 4, 1, 2, 2), (1, 1, 5, 5, 1, 3, 3), (1, 1, 2, 2, 1, 4, 4),
    (1, 1, 6, 6, 1, 3, 3), (1, 1, 3, 3, 1, 2, 2),
)  # fmt: skip
# Rectangular inputs and kernels, one and many channels and images, a kernel larger than the input, a 1×1 kernel.
SHAPES: list[Shape] = [
    (1, 1, 3, 3, 1, 3, 3), (2, 3, 3, 4, 2, 2, 3), (1, 2, 4, 2, 3, 3, 2), (2, 2, 2, 3, 2, 1, 4), (1, 2, 3, 5, 4, 4, 2),
]  # fmt: skip
PLAIN = [*grid(SHAPES, [{}, {}, {}]), *grid([(3, 1, 4, 4, 2, 1, 1), (1, 4, 1, 1, 2, 3, 2)], [{}, {}])]
STRIDE = grid(SHAPES, choices("stride", 2, 3, 4))
WIDE: list[Shape] = [(1, 1, 5, 4, 1, 3, 3), (2, 3, 4, 5, 2, 4, 3), (1, 2, 4, 6, 3, 3, 5), (2, 1, 6, 5, 2, 3, 4)]
PADDING = [
    *grid(WIDE, choices("padding", 0, 1, 2)),
    *grid([(1, 1, 6, 7, 1, 2, 2), (2, 2, 7, 6, 2, 1, 1)], choices("padding", 2)),
]
DILATION = grid(SHAPES[:4], choices("dilation", 2, 3))
# Beside a stride or a dilation, which it needs.
OUTPUT_PADDING = [
    *grid(
        WIDE,
        [{"stride": s, "padding": p, "output_padding": o} for s, p, o in [(2, 0, 1), (2, 1, 1), (3, 0, 2), (3, 2, 1)]],
    ),
    *grid(SHAPES[:3], [{"dilation": 2, "output_padding": 1}]),
]
PAIRS = [
    *grid(SHAPES[:4], choices("stride", (2, 1), (1, 2), (3, 2))),
    *grid(WIDE, choices("padding", (1, 0), (0, 1), (2, 1))),
    *grid(SHAPES[:4], choices("dilation", (2, 1), (1, 2), (3, 2))),
    *grid(WIDE, [
        {"stride": s, "padding": p, "output_padding": o}
        for s, p, o in [((2, 3), (1, 0), (1, 2)), ((3, 2), 1, (1, 0)), ((2, 3), 2, (0, 2)), (3, 1, (2, 1))]
    ]),
    *grid(SHAPES[1:3], [{"dilation": (1, 3), "output_padding": (0, 2)}]),
]  # fmt: skip
GROUPS = grouped(
    ((2, 4, 3, 3, 4, 3, 3), 2), ((1, 4, 2, 3, 6, 2, 3), 2), ((2, 6, 3, 2, 3, 3, 2), 3), ((1, 6, 3, 4, 6, 2, 2), 3),
    ((2, 3, 3, 4, 3, 3, 3), 3), ((1, 4, 3, 2, 8, 2, 2), 4), ((1, 8, 2, 3, 4, 2, 3), 4),
)  # fmt: skip
TOGETHER = [
    Setup(
        shape,
        {"stride": s, "padding": p, "output_padding": o, "dilation": d, "groups": g},
        i < 1,
        about="with several arguments together",
    )
    for shape, g in [
        ((2, 4, 4, 3, 4, 3, 2), 2), ((1, 3, 3, 5, 3, 2, 3), 3), ((2, 2, 4, 4, 3, 3, 3), 1), ((1, 6, 3, 4, 4, 4, 3), 2),
    ]
    for i, (s, p, o, d) in enumerate([
        (2, 1, 1, 1), ((2, 1), (1, 0), (1, 0), 1), (1, 1, 1, 2), ((1, 3), (0, 1), (0, 2), (2, 1)),
        ((3, 2), (0, 1), 1, (1, 2)), (2, (1, 0), (0, 1), (1, 2)), ((1, 2), 1, (1, 0), (2, 1)), (3, 0, (2, 1), 1),
        ((2, 3), 1, (1, 2), (1, 2)), (1, (1, 0), 0, 2), ((2, 3), (0, 1), 0, (2, 1)), (3, (1, 0), (1, 2), (1, 2)),
        (2, 0, 1, 2), ((3, 1), 1, (2, 0), 1), ((1, 2), 0, 0, (3, 1)), (2, (0, 1), 1, (2, 1)), (3, 1, (0, 2), (2, 3)),
    ])
]  # fmt: skip
tensors = partial(convolution_tensors, transposed=True)
cases = partial(drawn, tensors)


def by_position(draw: Draw) -> Iterator[Case]:
    """All arguments by position, in PyTorch's order: stride, padding, output_padding, groups, dilation."""
    for shape, rest in [
        ((2, 4, 3, 4, 4, 3, 2), (2, 1, 1, 2, 1)),
        ((1, 4, 4, 3, 6, 2, 3), (2, 0, 1, 1, 2)),
        ((2, 4, 3, 3, 4, 2, 2), (2, 0, (1, 0), 4, 1)),
    ]:
        x, weight = tensors(Setup(shape, {"groups": rest[3]}, bias=False), draw)
        yield Case((x, weight, None, *rest), {}, "with all arguments by position")


def refused(draw: Draw) -> Iterator[tuple[Case, str, Case]]:
    """Arguments that cannot be right, each with the mistake of taking them and a lawful call beside it."""
    x, w = draw.normal(1, 4, 3, 3), draw.normal(4, 2, 3, 3)
    too_much: list[tuple[dict[str, Any], Any]] = [
        ({}, 1), ({"stride": 2}, 2), ({"stride": (3, 2)}, (0, 2)), ({"stride": 2, "dilation": 3}, 3),
        ({"dilation": (2, 3)}, (2, 1)),
    ]  # fmt: skip
    for lawful, more in too_much:
        wrong = Case((x, w), lawful | {"output_padding": more}, "an output_padding that is too large")
        yield wrong, "no-refusal-output-padding", Case((x, w), lawful)
    unfit: list[tuple[int, dict[str, Any], tuple[int, ...]]] = [(2, {}, (1, 3, 5)), (1, {"groups": 2}, (2, 8))]
    for images, lawful, some in unfit:
        for channels in some:
            wrong = Case((draw.normal(images, channels, 3, 3), w), lawful, "channels that do not fit")
            yield wrong, "no-refusal-channels", Case((x, w), lawful)


LAID_OUT = [
    PLAINEST[0],
    Setup((2, 3, 4, 5, 2, 3, 2), {"stride": 2}),
    Setup((2, 3, 4, 5, 2, 3, 2), {"padding": 1}, bias=False),
]
DIFFERENTIATED = [
    *PLAINEST[:2], *PLAIN[1:4], STRIDE[1], PADDING[5], DILATION[1], OUTPUT_PADDING[1], GROUPS[0], PAIRS[1],
    *TOGETHER[:4],
]  # fmt: skip


def features(reference: Callable[..., Any], given: Case) -> Features:
    """The plain features of a call, with the weight as a convolution has it: (C_out, C_in / groups, kH, kW)."""
    x, weight, *rest = given.args
    groups = signature(reference).bind(*given.args, **given.kwargs).arguments.get("groups", 1)
    usual = weight.new_ones(weight.shape[1] * max(groups, 1), len(weight) // max(groups, 1), *weight.shape[2:])
    return features_of(reference, replace(given, args=(x, usual, *rest)))


STAMPS = FunctionExam(
    "conv_transpose2d", transposed, TRANSPOSED, SENTENCES, cases(PLAINEST), ban="transposed", features=features
)
conv_transpose2d = STAMPS.exam(
    STAMPS.values("plain", "every input pixel stamps the kernel: channels, batch and bias", 1.0, cases(PLAIN)),
    STAMPS.argument("stride", "stride", 0.5, cases(STRIDE)),
    STAMPS.argument("padding", "padding", 0.5, cases(PADDING)),
    STAMPS.argument("output_padding", "output_padding", 0.5, cases(OUTPUT_PADDING)),
    STAMPS.argument("dilation", "dilation", 0.5, cases(DILATION)),
    STAMPS.values("pairs", "stride, paddings and dilation as pairs", 0.5, cases(PAIRS), plain=in_whole_numbers),
    STAMPS.values("groups", "groups and depthwise", 0.5, cases(GROUPS), about={"groups"}),
    STAMPS.values("together", "all arguments together, in PyTorch's order", 0.5, cases(TOGETHER), by_position),
    STAMPS.kept(0.5, cases([*PLAINEST[:2], *PLAIN[:5]]), cases(LAID_OUT), cases(LAID_OUT[:2])),
    STAMPS.gradients(0.5, cases(DIFFERENTIATED), title="gradients to input, weight and bias"),
    STAMPS.refuses(0.5, refused, title="output_padding that is too large and channels that do not fit are refused"),
)
