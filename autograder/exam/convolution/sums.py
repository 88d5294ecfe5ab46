"""The exams of `conv2d` and `conv2d_naive`: a fixed skeleton of cases, stratified by hand.

The seed fills in values and order only, so every implementation meets the same shapes and arguments whatever it is.
Shapes are written (N, C_in, H, W, C_out, kH, kW). They are tiny on purpose: plain Python loops must get through.
"""

from __future__ import annotations

from typing import Any

import torch

from autograder.exam.cases import Case, Cases, Setup, Shape, choices, convolution_tensors, drawn, grid
from autograder.exam.convolution.mistakes import VALUES
from autograder.exam.convolution.mistakes import conv2d as reference
from autograder.exam.convolution.sentences import SENTENCES
from autograder.exam.draw import Draw
from autograder.exam.functions import FunctionExam


def cases(*setups: list[Setup]) -> Cases:
    """The cases of these setups."""
    return drawn(convolution_tensors, *setups)


# Square and not, one and many channels, a 1×1 kernel, a kernel as large as the image.
SHAPES: list[Shape] = [(1, 1, 5, 5, 1, 3, 3), (2, 3, 5, 6, 2, 2, 3), (1, 2, 6, 5, 3, 3, 2), (2, 2, 6, 7, 2, 1, 2)]
PLAIN = [
    *(Setup(shape, {}, bias) for shape in SHAPES for bias in (False, True)),
    *(Setup(shape) for shape in [(3, 1, 4, 4, 2, 1, 1), (2, 2, 3, 4, 3, 3, 4)]),
    *(Setup(shape) for shape in [(1, 4, 5, 3, 2, 5, 1), (1, 1, 3, 7, 1, 1, 3)]),
    *(Setup(shape, dtype=torch.float64) for shape in SHAPES),
]  # fmt: skip
STRIDE = grid(SHAPES, choices("stride", 2, 3, (2, 1), (1, 2), (3, 2), (2, 3)))
PADDING = grid(SHAPES, choices("padding", 1, 2, (1, 0), (0, 1), (2, 1)))
DILATION = grid(
    [(1, 1, 7, 7, 1, 3, 3), (2, 3, 6, 8, 2, 2, 3), (1, 2, 8, 6, 3, 3, 2)],
    choices("dilation", 2, (2, 1), (1, 2), (3, 2)),
)
GROUPS = [
    Setup(shape, {"groups": g}, i % 2 == 0, torch.float64 if i % 4 == 3 else torch.float32, f"with {about}")
    for i, (shape, g, about) in enumerate(
        [
            ((2, 4, 5, 5, 4, 3, 3), 2, "2 groups"),
            ((1, 4, 4, 5, 6, 2, 3), 2, "2 groups"),
            ((2, 6, 4, 4, 3, 3, 2), 3, "3 groups"),
            ((1, 6, 5, 4, 6, 2, 2), 3, "3 groups"),
            ((2, 3, 5, 6, 3, 3, 3), 3, "as many groups as channels"),
            ((1, 4, 5, 4, 4, 2, 2), 4, "as many groups as channels"),
            ((2, 2, 4, 5, 6, 3, 2), 2, "as many groups as channels, three outputs each"),
            ((1, 3, 5, 5, 6, 3, 3), 3, "as many groups as channels, two outputs each"),
            ((2, 4, 4, 4, 2, 1, 1), 2, "2 groups"),
            ((1, 8, 4, 4, 4, 2, 3), 4, "4 groups"),
            ((2, 4, 5, 5, 8, 3, 3), 4, "as many groups as channels, two outputs each"),
            ((1, 6, 4, 5, 4, 3, 3), 2, "2 groups"),
        ]
    )
]
TOGETHER = [
    Setup(shape, arguments, i % 3 != 1, torch.float64 if i % 3 == 2 else torch.float32, "with several arguments")
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
TINY = [
    Setup((1, 1, 2, 3, 1, 2, 2), {"stride": (1, 2), "padding": (0, 1)}, dtype=torch.float64),
    Setup((1, 2, 1, 2, 2, 1, 2), {"groups": 2}, dtype=torch.float64),
]
LAID_OUT = [
    Setup((2, 3, 5, 6, 2, 3, 2), {"stride": (3, 2), "padding": 1}),
    Setup((2, 3, 6, 5, 2, 3, 2)),
    Setup((3, 2, 5, 5, 2, 3, 2), {"dilation": 2}),
]


def refused(draw: Draw) -> list[tuple[Case, str]]:
    """Arguments that cannot be right, each with the mistake of taking them."""
    x, w, b = draw.normal(1, 4, 5, 5), draw.normal(4, 4, 3, 3), draw.normal(4)
    grouped = draw.normal(4, 2, 3, 3)
    wrong: list[tuple[str, tuple, dict[str, Any]]] = [
        ("channels", (draw.normal(1, 3, 5, 5), w, b), {}),
        ("channels", (draw.normal(1, 1, 5, 5), w, b), {}),
        ("channels", (draw.normal(1, 5, 5, 5), w, b), {}),
        ("channels", (x, grouped), {}),
        ("groups", (draw.normal(1, 6, 5, 5), draw.normal(4, 1, 3, 3)), {"groups": 4}),
        ("groups", (x, draw.normal(3, 2, 3, 3)), {"groups": 2}),
        ("kernel", (x, draw.normal(4, 4, 6, 3)), {}),
        ("kernel", (x, draw.normal(4, 4, 3, 8), b), {"padding": 1}),
        ("kernel", (x, w), {"dilation": 3}),
        ("bias", (x, w, draw.normal(1)), {}),
        ("bias", (x, w, draw.normal(5)), {}),
        ("stride", (x, w, b), {"stride": 0}),
        ("stride", (x, w, b), {"stride": (1, -1)}),
        ("stride", (x, w, b), {"groups": 0}),
        ("padding", (x, w, b), {"padding": "full"}),
        ("padding", (x, w, b), {"padding": "same", "stride": 2}),
    ]
    return [(Case(args, kwargs), f"no-refusal-{what}") for what, args, kwargs in wrong]


BESIDE = PLAIN[:4] + STRIDE[1:2] + PADDING[1:2] + DILATION[1:2] + GROUPS[:2] + WORDS[:1]
ALL_THREE = "gradients to input, weight and bias"

CONV = FunctionExam("conv2d", reference, VALUES, SENTENCES, ban="convolution")
conv2d = CONV.exam(
    CONV.values("plain", "one window after the other: channels, batch and bias", 1.0, cases(PLAIN)),
    CONV.values("stride", "stride, also a pair", 1.0, cases(STRIDE)),
    CONV.values("padding", "padding, also a pair", 1.0, cases(PADDING)),
    CONV.values("dilation", "dilation, also a pair", 1.0, cases(DILATION)),
    CONV.values("groups", "groups and depthwise", 1.0, cases(GROUPS)),
    CONV.values("together", "all of these together, kernels as large as the image", 0.5, cases(TOGETHER, LARGE)),
    CONV.values("words", 'padding "same" and "valid"', 0.5, cases(WORDS)),
    CONV.layouts(0.5, cases(LAID_OUT)),
    CONV.gradients(1.0, cases(TOGETHER[::9]), tiny=cases(TINY), title=ALL_THREE),
    CONV.refuses(0.5, refused, beside=cases(BESIDE)),
)

# Fewer and smaller ones, since plain loops over all axes take milliseconds for each.
SMALL: list[Shape] = [(1, 1, 4, 3, 1, 3, 2), (2, 3, 3, 4, 2, 2, 3), (1, 2, 4, 3, 3, 3, 2), (2, 2, 3, 4, 2, 1, 2)]
NAIVE = [
    *(Setup(shape, bias=bias) for shape, bias in zip(SMALL, (False, True, False, True), strict=True)),
    *(Setup(shape) for shape in [SMALL[0], (3, 1, 3, 2, 2, 1, 1), (2, 2, 2, 3, 3, 2, 3)]),
]
NAIVE_FLOAT64 = [Setup(shape, dtype=torch.float64) for shape in SMALL[1:3]]

LOOPS = FunctionExam("conv2d_naive", reference, VALUES, SENTENCES, ban="convolution")
conv2d_naive = LOOPS.exam(
    LOOPS.values("values", "the formula: every window, channel, image and bias", 2.0, cases(NAIVE)),
    LOOPS.values("float64", "the input's dtype is kept", 0.5, cases(NAIVE_FLOAT64)),
    LOOPS.layouts(0.5, cases([Setup((2, 2, 3, 4, 2, 3, 2))])),
    LOOPS.gradients(1.0, cases(NAIVE[1:3]), title=ALL_THREE),
)
