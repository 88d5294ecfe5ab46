"""The exam of `conv_transpose2d`. Shapes are written (N, C_in, H, W, C_out, kH, kW)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.cases import Case, Cases, Setup, Shape, choices, convolution_tensors, drawn, grid
from autograder.exam.compare import ask_all, describe, judge
from autograder.exam.core import Criterion, Evidence, Wrong
from autograder.exam.draw import Draw
from autograder.exam.functions import FunctionExam, in_turn
from autograder.exam.segmentation.mistakes_transposed import TRANSPOSED, transposed
from autograder.exam.segmentation.sentences import SENTENCES
from autograder.exam.subject import Subject

# Rectangular inputs and kernels, one and many channels and images, a kernel larger than the input, a 1×1 kernel.
SHAPES: list[Shape] = [
    (1, 1, 3, 3, 1, 3, 3), (2, 3, 3, 4, 2, 2, 3), (1, 2, 4, 2, 3, 3, 2), (2, 2, 2, 3, 2, 1, 4), (1, 2, 3, 5, 4, 4, 2),
]  # fmt: skip
PLAIN = [*grid(SHAPES, [{}, {}, {}, {}]), *grid([(3, 1, 4, 4, 2, 1, 1), (1, 4, 1, 1, 2, 3, 2)], [{}, {}])]
STRIDE = grid(SHAPES, choices("stride", 2, 3, (2, 1), (1, 2), (3, 2), 4))
WIDE: list[Shape] = [(1, 1, 5, 4, 1, 3, 3), (2, 3, 4, 5, 2, 4, 3), (1, 2, 4, 6, 3, 3, 5), (2, 1, 6, 5, 2, 3, 4)]
PADDING = grid(WIDE, choices("padding", 1, 2, (1, 0), (0, 1), (2, 1)))
DILATION = grid(SHAPES[:4], choices("dilation", 2, 3, (2, 1), (1, 2), (3, 2)))
OUTPUT_PADDING = [
    *grid(WIDE, [
        {"stride": s, "padding": p, "output_padding": o}
        for s, p, o in [
            (2, 1, 1), (3, 0, 2), ((2, 3), (1, 0), (1, 2)), ((3, 2), 1, (1, 0)), ((2, 3), 2, (0, 2)), (3, 1, (2, 1)),
        ]
    ]),
    *grid(SHAPES[1:3], [{"dilation": 2, "output_padding": 1}, {"dilation": (1, 3), "output_padding": (0, 2)}]),
]  # fmt: skip
GROUPED: list[tuple[Shape, int, str]] = [
    ((2, 4, 3, 3, 4, 3, 3), 2, "2 groups"),
    ((1, 4, 2, 3, 6, 2, 3), 2, "2 groups"),
    ((2, 6, 3, 2, 3, 3, 2), 3, "3 groups"),
    ((1, 6, 3, 4, 6, 2, 2), 3, "3 groups"),
    ((2, 3, 3, 4, 3, 3, 3), 3, "as many groups as channels"),
    ((1, 4, 3, 2, 8, 2, 2), 4, "as many groups as channels, two outputs each"),
    ((1, 8, 2, 3, 4, 2, 3), 4, "4 groups"),
]
GROUPS = [
    Setup(
        shape, {"groups": groups, **more}, i % 2 == 0, torch.float64 if i % 3 == 2 else torch.float32, f"with {about}"
    )
    for more in ({}, {"stride": 2})
    for i, (shape, groups, about) in enumerate(GROUPED)
]
TOGETHER = [
    Setup(
        shape,
        {"stride": s, "padding": p, "output_padding": o, "dilation": d, "groups": g},
        i % 3 != 1,
        torch.float64 if i % 3 == 2 else torch.float32,
        "with several arguments together",
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


def cases(*setups: list[Setup]) -> Cases:
    """The cases of these setups."""
    return drawn(tensors, *setups)


def by_position(draw: Draw) -> Iterator[Case]:
    """All arguments by position, in PyTorch's order: stride, padding, output_padding, groups, dilation."""
    for shape, rest in [
        ((2, 4, 3, 4, 4, 3, 2), (2, 1, 1, 2, 1)),
        ((1, 4, 4, 3, 6, 2, 3), (2, 0, 1, 1, 2)),
        ((2, 4, 3, 3, 4, 2, 2), (2, 0, (1, 0), 4, 1)),
    ]:
        x, weight = tensors(Setup(shape, {"groups": rest[3]}, bias=False), draw)
        yield Case((x, weight, None, *rest), {}, "with all arguments by position")


def adjoint(subject: Subject, draw: Draw) -> None:
    """⟨C x, y⟩ = ⟨x, Cᵀ y⟩ where C is `F.conv2d` with the same weight: the definition of the transpose."""
    for setup in draw.shuffled([s for s in TOGETHER if s.dtype == torch.float64]):
        y, weight = tensors(Setup(setup.shape, setup.arguments, False, setup.dtype), draw)
        case = Case((y, weight), dict(setup.arguments), "as the adjoint of a convolution")
        (up,) = ask_all(subject, [(case, transposed(*case.args, **case.kwargs), None)])
        judge(subject.name, [up], TRANSPOSED)
        x = draw.normal(*up.got.shape, dtype=setup.dtype)
        forward = {key: value for key, value in setup.arguments.items() if key != "output_padding"}
        down = F.conv2d(x, weight, **forward)[..., : y.shape[2], : y.shape[3]]  # output_padding may add windows
        left, right = (down * y).sum(), (x * up.got).sum()
        if not torch.isclose(left, right, rtol=1e-8, atol=1e-8):
            evidence = Evidence(describe(case), f"⟨Cx, y⟩ = {left:.6g}", f"⟨x, Cᵀy⟩ = {right:.6g}")
            raise Wrong("transposed-flipped", evidence)


def refused(draw: Draw) -> Iterator[tuple[Case, str]]:
    """Arguments that cannot be right, each with the mistake of taking them."""
    x, w, b = draw.normal(1, 4, 3, 3), draw.normal(4, 2, 3, 3), draw.normal(2)
    too_much: list[dict[str, Any]] = [
        {"output_padding": 1},
        {"output_padding": 2, "stride": 2},
        {"output_padding": (0, 2), "stride": (3, 2)},
        {"output_padding": 3, "stride": 2, "dilation": 3},
        {"output_padding": (2, 1), "dilation": (2, 3)},
    ]
    for arguments in too_much:
        yield Case((x, w, b), arguments), "no-refusal-output-padding"
    for channels in (1, 3, 5):
        yield Case((draw.normal(2, channels, 3, 3), w, b)), "no-refusal-channels"
    yield Case((draw.normal(1, 2, 3, 3), w), {"groups": 2}), "no-refusal-channels"
    yield Case((draw.normal(1, 8, 3, 3), w), {"groups": 2}), "no-refusal-channels"


TINY = [
    Setup((1, 2, 2, 3, 2, 2, 2), {"stride": (2, 1), "padding": (1, 0), "output_padding": (1, 0)}, dtype=torch.float64),
    Setup((1, 2, 3, 2, 2, 2, 2), {"groups": 2, "dilation": (1, 2)}, dtype=torch.float64),
]
LAID_OUT = [Setup((2, 3, 4, 5, 2, 3, 2), {"stride": 2}), Setup((2, 3, 4, 5, 2, 3, 2), {"padding": 1}, bias=False)]
STAMPS = FunctionExam("conv_transpose2d", transposed, TRANSPOSED, SENTENCES, ban="transposed")
together = in_turn(STAMPS.check_values(cases(TOGETHER)), STAMPS.check_values(by_position))
conv_transpose2d = STAMPS.exam(
    STAMPS.values("plain", "every input pixel stamps the kernel: channels, batch and bias", 1.0, cases(PLAIN)),
    STAMPS.values("stride", "stride, also a pair", 0.5, cases(STRIDE)),
    STAMPS.values("padding", "padding, also a pair", 0.5, cases(PADDING)),
    STAMPS.values("output-padding", "output_padding, also a pair", 0.5, cases(OUTPUT_PADDING)),
    STAMPS.values("dilation", "dilation, also a pair", 0.5, cases(DILATION)),
    STAMPS.values("groups", "groups and depthwise", 0.5, cases(GROUPS)),
    Criterion("together", "all arguments together, in PyTorch's order", 0.5, together),
    Criterion("adjoint", "it is the transpose of the convolution: ⟨Cx, y⟩ = ⟨x, Cᵀy⟩", 0.5, adjoint),
    STAMPS.layouts(0.5, cases(LAID_OUT)),
    STAMPS.gradients(0.5, cases(TOGETHER[:4]), tiny=cases(TINY), title="gradients to input, weight and bias"),
    STAMPS.refuses(
        0.5,
        refused,
        beside=cases(PLAIN[:3], OUTPUT_PADDING[:12]),
        title="output_padding that is too large and channels that do not fit are refused",
    ),
)
