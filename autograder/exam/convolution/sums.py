"""The exams of `conv2d` and `conv2d_naive`: a fixed skeleton of cases, stratified by hand.

The seed fills in values and order only, so every implementation meets the same shapes and arguments whatever it is.
Shapes are written (N, C_in, H, W, C_out, kH, kW). They are tiny on purpose: plain Python loops must get through.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from autograder.exam.cases import Case, Setup, Shape, choices, convolution_tensors, drawn, grid, grouped, unbiased
from autograder.exam.convolution.mistakes import VALUES
from autograder.exam.convolution.mistakes import conv2d as reference
from autograder.exam.convolution.sentences import SENTENCES
from autograder.exam.draw import Draw
from autograder.exam.functions import FunctionExam, in_whole_numbers, leaving_out

cases = partial(drawn, convolution_tensors)
# The plainest calls: one image, one channel, square, no bias.
PLAINEST = unbiased(
    (1, 1, 5, 5, 1, 3, 3), (1, 1, 6, 6, 1, 2, 2), (1, 1, 7, 7, 1, 3, 3), (1, 1, 7, 7, 1, 4, 4),
    (1, 1, 9, 9, 1, 5, 5), (1, 1, 5, 5, 1, 2, 2),
)  # fmt: skip
# Those of the gradients and of the layer: the kernel is square, and the image need not be.
DOOR = unbiased(
    *((1, 1, h, w, 1, k, k) for h, w, k in [(5, 5, 3), (4, 6, 3), (6, 4, 3), (5, 4, 2), (3, 5, 2), (6, 6, 4)])
)
# Square and not, one and many channels, a 1×1 kernel, a kernel as large as the image.
SHAPES: list[Shape] = [(1, 1, 5, 5, 1, 3, 3), (2, 3, 5, 6, 2, 2, 3), (1, 2, 6, 5, 3, 3, 2), (2, 2, 6, 7, 2, 1, 2)]
PLAIN = [
    *(Setup(shape, {}, bias) for shape in SHAPES for bias in (False, True)),
    *(Setup(shape) for shape in [(3, 1, 4, 4, 2, 1, 1), (2, 2, 3, 4, 3, 3, 4)]),
    *(Setup(shape) for shape in [(1, 4, 5, 3, 2, 5, 1), (1, 1, 3, 7, 1, 1, 3), (5, 2, 14, 4, 9, 2, 2)]),
]  # fmt: skip
TALL: list[Shape] = [
    (1, 1, 7, 7, 1, 3, 3), (2, 3, 8, 9, 2, 2, 3), (1, 2, 9, 8, 3, 3, 2), (1, 1, 7, 8, 1, 1, 3), (1, 2, 8, 7, 1, 3, 1),
]  # fmt: skip
STRIDE = grid(SHAPES, choices("stride", 2, 3, 7))
PADDING = grid(SHAPES, choices("padding", 0, 1, 2, 4))
DILATION = grid(TALL, choices("dilation", 2, 3))
PAIRS = [
    *grid(SHAPES, choices("stride", (2, 1), (1, 2), (3, 2), (2, 2))),
    *grid(SHAPES, choices("padding", (1, 0), (0, 1), (2, 1), (1, 1))),
    *grid(TALL, choices("dilation", (2, 1), (1, 2), (3, 2))),
]
GROUPS = grouped(
    ((2, 4, 5, 5, 4, 3, 3), 2), ((1, 4, 4, 5, 6, 2, 3), 2), ((2, 6, 4, 4, 3, 3, 2), 3), ((1, 6, 5, 4, 6, 2, 2), 3),
    ((2, 3, 5, 6, 3, 3, 3), 3), ((1, 4, 5, 4, 4, 2, 2), 4), ((2, 2, 4, 5, 6, 3, 2), 2), ((1, 3, 5, 5, 6, 3, 3), 3),
    ((2, 4, 4, 4, 2, 1, 1), 2), ((1, 8, 4, 4, 4, 2, 3), 4), ((2, 4, 5, 5, 8, 3, 3), 4), ((1, 6, 4, 5, 4, 3, 3), 2),
)  # fmt: skip
TOGETHER = [
    Setup(shape, arguments, i < 1, about="with several arguments")
    for i, (shape, arguments) in enumerate(
        (shape, {"stride": s, "padding": p, "dilation": d, "groups": g})
        for shape, g in [((2, 4, 7, 6, 4, 3, 2), 2), ((1, 3, 8, 7, 3, 2, 3), 3), ((2, 2, 6, 8, 3, 3, 3), 1)]
        for s, p, d in [
            (2, 1, 1), ((2, 1), (1, 2), 1), (1, 2, 2), ((1, 3), 1, (2, 1)), ((3, 2), (0, 2), (1, 2)),
            (2, (2, 0), (1, 2)), ((1, 2), (2, 1), (2, 1)), (3, 2, 1), ((2, 3), 1, (1, 2)), (1, (1, 2), (2, 2)),
            (2, "valid", 1), ((2, 1), (2, 2), 2),
        ]
    )
]  # fmt: skip
LARGE = [
    Setup((1, 2, 3, 4, 2, 3, 4), {}, about="with a kernel as large as the image"),
    Setup((2, 1, 3, 3, 2, 5, 4), {"padding": 1}, about="with a kernel as large as the padded image"),
    Setup(
        (1, 2, 4, 5, 1, 3, 3), {"padding": (1, 0), "dilation": 2}, about="with a kernel as large as the padded image"
    ),
]
WORDS = [
    Setup(shape, {"padding": word, "dilation": d, "groups": g}, i % 2 == 0, about=f'with padding "{word}"{more}')
    for i, (word, shape, d, g, more) in enumerate(
        [
            ("same", (1, 1, 5, 5, 1, 3, 3), 1, 1, ""),
            ("same", (2, 2, 4, 6, 3, 5, 3), 1, 1, ""),
            ("same", (1, 3, 5, 4, 2, 1, 1), 1, 1, ""),
            ("same", (1, 2, 5, 6, 2, 2, 4), 1, 1, " and an even kernel"),
            ("same", (2, 1, 6, 5, 2, 4, 3), 1, 1, " and an even kernel"),
            ("same", (1, 2, 6, 6, 2, 3, 3), 2, 1, " and dilation"),
            ("same", (1, 2, 7, 8, 1, 2, 4), (1, 3), 1, " and dilation"),
            ("same", (2, 4, 5, 6, 4, 3, 2), (2, 1), 2, " and groups"),
            ("valid", (1, 2, 6, 5, 2, 3, 2), 1, 1, ""),
            ("valid", (2, 4, 6, 6, 2, 2, 3), (2, 1), 2, " and groups"),
        ]
    )
]
WORDS.append(Setup((1, 1, 5, 5, 1, 3, 3), {"padding": "same", "stride": (1, 1)}, about='with padding "same"'))
LAID_OUT = [
    PLAINEST[0],
    Setup((1, 1, 5, 6, 1, 3, 2), bias=False),
    Setup((2, 3, 6, 5, 2, 3, 2)),
    Setup((2, 3, 5, 6, 2, 3, 2), {"stride": 2, "padding": 1}),
]
DIFFERENTIATED = [
    *PLAINEST[:2], *PLAIN[:4:2], *PLAIN[3:6:2], STRIDE[1], PADDING[5], DILATION[1], GROUPS[0], PAIRS[1],
    *TOGETHER[::9],
]  # fmt: skip


def otherwise_called(draw: Draw) -> Iterator[Case]:
    """All arguments by position, and all that have a default by name."""
    (case,) = cases([Setup((2, 4, 7, 8, 6, 3, 2))])(draw)
    x, weight, bias = case.args
    options = {"stride": 2, "padding": 1, "dilation": 1, "groups": 2}
    yield Case((x, weight[:, :2], bias, *options.values()), {}, "with all arguments by position")
    yield Case((x, weight[:, :2]), {"bias": bias, **options}, "with its arguments by name")


REFUSED = {
    "channels": "channels that do not fit",
    "groups": "groups that do not divide the channels",
    "kernel": "a kernel larger than the padded image",
    "bias": "a bias of the wrong length",
    "stride": "a stride or groups below 1",
    "padding": 'an unknown padding word, or "same" with a stride,',
}


def refused(draw: Draw) -> list[tuple[Case, str, Case]]:
    """Arguments that cannot be right, each with the mistake of taking them and a lawful call beside it."""
    x, w, b = draw.normal(1, 4, 5, 5), draw.normal(4, 4, 3, 3), draw.normal(4)
    grouped = draw.normal(4, 2, 3, 3)
    plain, with_bias, in_groups = Case((x, w)), Case((x, w, b)), Case((x, grouped), {"groups": 2})
    wrong: list[tuple[str, tuple, dict[str, Any], Case]] = [
        *(("channels", (draw.normal(1, c, 5, 5), w), {}, plain) for c in (3, 1, 5)),
        ("channels", (x, grouped), {}, plain),
        ("groups", (draw.normal(1, 6, 5, 5), draw.normal(4, 1, 3, 3)), {"groups": 4}, in_groups),
        ("groups", (x, draw.normal(3, 2, 3, 3)), {"groups": 2}, in_groups),
        ("kernel", (x, draw.normal(4, 4, 6, 3)), {}, plain),
        ("kernel", (x, draw.normal(4, 4, 8, 8)), {"padding": 1}, Case((x, w), {"padding": 1})),
        ("kernel", (x, w), {"dilation": 3}, Case((x, w), {"dilation": 2})),
        ("bias", (x, w, draw.normal(1)), {}, with_bias),
        ("bias", (x, w, draw.normal(5)), {}, with_bias),
        ("stride", (x, w), {"stride": 0}, Case((x, w), {"stride": 2})),
        ("stride", (x, w), {"stride": (1, -1)}, Case((x, w), {"stride": (1, 2)})),
        ("stride", (x, w), {"groups": 0}, in_groups),
        ("padding", (x, w), {"padding": "full"}, Case((x, w), {"padding": "valid"})),
        ("padding", (x, w), {"padding": "same", "stride": 2}, Case((x, w), {"padding": "same"})),
        ("padding", (x, w), {"padding": "same", "stride": (1, 2)}, Case((x, w), {"padding": "same", "stride": (1, 1)})),
        ("channels", (draw.normal(1, 2, 5, 5), grouped), {"groups": 2}, in_groups),
    ]
    return [(Case(args, kwargs, REFUSED[what]), f"no-refusal-{what}", lawful) for what, args, kwargs, lawful in wrong]


ALL_THREE = "gradients to input, weight and bias"
CONV = FunctionExam("conv2d", reference, VALUES, SENTENCES, cases(PLAINEST), ban="convolution")
conv2d = CONV.exam(
    CONV.values("plain", "one window after the other: channels, batch and bias", 1.0, cases(PLAIN, LARGE[:1])),
    CONV.argument("stride", "stride", 0.5, cases(STRIDE)),
    CONV.argument("padding", "padding", 0.5, cases(PADDING, LARGE[1:2])),
    CONV.argument("dilation", "dilation", 0.5, cases(DILATION)),
    CONV.values("pairs", "stride, padding and dilation as pairs", 1.0, cases(PAIRS), plain=in_whole_numbers),
    CONV.values("groups", "groups and depthwise", 1.0, cases(GROUPS), about={"groups"}),
    CONV.values(
        "together", "all of these together, kernels as large as the image", 0.5,
        cases(TOGETHER, LARGE[2:]), otherwise_called,
    ),
    CONV.values(
        "words", 'padding "same" and "valid"', 0.5, cases(WORDS), about={"padding"}, plain=leaving_out("padding")
    ),
    CONV.dtypes(0.5, cases([*PLAINEST[:2], *PLAIN[:6]])),
    CONV.layouts(0.5, cases(LAID_OUT)),
    CONV.gradients(1.0, cases(DIFFERENTIATED), title=ALL_THREE),
    CONV.refuses(0.5, refused),
)  # fmt: skip

# Fewer and smaller ones, since plain loops over all axes take milliseconds for each.
SMALLEST = unbiased(
    (1, 1, 4, 4, 1, 3, 3), (1, 1, 3, 3, 1, 2, 2), (1, 1, 4, 4, 1, 2, 2), (1, 1, 6, 6, 1, 3, 3),
    (1, 1, 5, 5, 1, 3, 3), (1, 1, 5, 5, 1, 2, 2),
)  # fmt: skip
SIDES: list[Shape] = [(1, 1, 4, 3, 1, 3, 2), (1, 1, 3, 5, 1, 2, 3), (1, 1, 3, 4, 1, 1, 1), (1, 1, 2, 3, 1, 2, 3)]
SMALL: list[Shape] = [(2, 3, 3, 4, 2, 2, 3), (1, 2, 4, 3, 3, 3, 2), (2, 2, 3, 4, 2, 1, 2), (3, 1, 3, 2, 2, 1, 1)]
NAIVE_SIDES, NAIVE = unbiased(*SIDES), unbiased(*SMALL)
BIASED = [Setup(shape) for shape in (SIDES[0], SIDES[1], *SMALL)]

LOOPS = FunctionExam("conv2d_naive", reference, VALUES, SENTENCES, cases(SMALLEST), ban="convolution")
conv2d_naive = LOOPS.exam(
    LOOPS.values("values", "the formula: every window of an image", 1.0, cases(SMALLEST, NAIVE_SIDES)),
    LOOPS.values("channels", "every channel and every image", 0.5, cases(NAIVE)),
    LOOPS.values("bias", "the bias, where there is one", 0.5, cases(BIASED)),
    LOOPS.dtypes(0.5, cases([SMALLEST[1], NAIVE_SIDES[0], BIASED[2]])),
    LOOPS.layouts(0.5, cases([Setup((1, 1, 3, 4, 1, 2, 3), bias=False), Setup((2, 2, 3, 4, 2, 3, 2))])),
    LOOPS.gradients(1.0, cases([SMALLEST[0], NAIVE_SIDES[0], NAIVE[0], BIASED[3]]), title=ALL_THREE),
)
