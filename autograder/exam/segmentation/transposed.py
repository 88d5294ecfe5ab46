"""The exam of `conv_transpose2d`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.compare import Case, ask, describe, judge
from autograder.exam.core import Criterion, Exam
from autograder.exam.draw import Draw
from autograder.exam.segmentation.common import gradients, layouts, mistake, refuses, values
from autograder.exam.segmentation.mistakes_transposed import TRANSPOSED
from autograder.exam.setups import Setup, Shape, setups
from autograder.exam.subject import Subject


def given(name: str, *choices: Any) -> list[dict[str, Any]]:
    return [{name: choice} for choice in choices]


# Rectangular inputs and kernels, one and many channels and images, a kernel larger than the input, a 1×1 kernel.
SHAPES: list[Shape] = [
    (1, 1, 3, 3, 1, 3, 3), (2, 3, 3, 4, 2, 2, 3), (1, 2, 4, 2, 3, 3, 2), (2, 2, 2, 3, 2, 1, 4), (1, 2, 3, 5, 4, 4, 2),
]  # fmt: skip
PLAIN = [*setups(SHAPES, [{}, {}, {}, {}]), *setups([(3, 1, 4, 4, 2, 1, 1), (1, 4, 1, 1, 2, 3, 2)], [{}, {}])]
STRIDE = setups(SHAPES, given("stride", 2, 3, (2, 1), (1, 2), (3, 2), 4))
WIDE: list[Shape] = [(1, 1, 5, 4, 1, 3, 3), (2, 3, 4, 5, 2, 4, 3), (1, 2, 4, 6, 3, 3, 5), (2, 1, 6, 5, 2, 3, 4)]
PADDING = setups(WIDE, given("padding", 1, 2, (1, 0), (0, 1), (2, 1)))
DILATION = setups(SHAPES[:4], given("dilation", 2, 3, (2, 1), (1, 2), (3, 2)))
OUTPUT_PADDING = [
    *setups(WIDE, [
        {"stride": s, "padding": p, "output_padding": o}
        for s, p, o in [
            (2, 1, 1), (3, 0, 2), ((2, 3), (1, 0), (1, 2)), ((3, 2), 1, (1, 0)), ((2, 3), 2, (0, 2)), (3, 1, (2, 1)),
        ]
    ]),
    *setups(SHAPES[1:3], [{"dilation": 2, "output_padding": 1}, {"dilation": (1, 3), "output_padding": (0, 2)}]),
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


def tensors(setup: Setup, draw: Draw) -> tuple[torch.Tensor, ...]:
    """Input, weight and, where there is one, bias of a configuration."""
    n, c_in, h, w, c_out, kh, kw = setup.shape
    groups = setup.arguments.get("groups", 1)
    x = draw.normal(n, c_in, h, w, dtype=setup.dtype)
    weight = draw.normal(c_in, c_out // groups, kh, kw, dtype=setup.dtype)
    return (x, weight, draw.normal(c_out, dtype=setup.dtype)) if setup.bias else (x, weight)


def cases(*setups: list[Setup]) -> Callable[[Draw], Iterator[Case]]:
    return lambda draw: (Case(tensors(s, draw), dict(s.arguments), s.about) for part in setups for s in part)


def together(subject: Subject, draw: Draw) -> None:
    values(F.conv_transpose2d, cases(TOGETHER), TRANSPOSED)(subject, draw)
    values(F.conv_transpose2d, by_position, TRANSPOSED)(subject, draw)


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
        seen = ask(subject, case, F.conv_transpose2d(*case.args, **case.kwargs))
        judge(subject.name, [seen], TRANSPOSED)
        x = draw.normal(*seen.got.shape, dtype=setup.dtype)
        forward = {key: value for key, value in setup.arguments.items() if key != "output_padding"}
        down = F.conv2d(x, weight, **forward)[..., : y.shape[2], : y.shape[3]]  # output_padding may add windows
        left = (down * y).sum()
        right = (x * seen.got).sum()
        if not torch.isclose(left, right, rtol=1e-8, atol=1e-8):
            raise mistake("transposed-flipped", describe(case), f"⟨Cx, y⟩ = {left:.6g}", f"⟨x, Cᵀy⟩ = {right:.6g}")


def refusals(draw: Draw) -> Iterator[tuple[Case, str]]:
    x, w, b = draw.normal(1, 4, 3, 3), draw.normal(4, 2, 3, 3), draw.normal(2)
    for arguments in (
        {"output_padding": 1},
        {"output_padding": 2, "stride": 2},
        {"output_padding": (0, 2), "stride": (3, 2)},
        {"output_padding": 3, "stride": 2, "dilation": 3},
        {"output_padding": (2, 1), "dilation": (2, 3)},
    ):
        yield Case((x, w, b), arguments), "no-refusal-output-padding"
    for channels in (1, 3, 5):
        yield Case((draw.normal(2, channels, 3, 3), w, b)), "no-refusal-channels"
    yield Case((draw.normal(1, 2, 3, 3), w), {"groups": 2}), "no-refusal-channels"
    yield Case((draw.normal(1, 8, 3, 3), w), {"groups": 2}), "no-refusal-channels"


def tiny(draw: Draw) -> list[Case]:
    return [
        Case(tensors(Setup(shape, arguments, dtype=torch.float64), draw), arguments)
        for shape, arguments in [
            ((1, 2, 2, 3, 2, 2, 2), dict[str, Any](stride=(2, 1), padding=(1, 0), output_padding=(1, 0))),
            ((1, 2, 3, 2, 2, 2, 2), dict[str, Any](groups=2, dilation=(1, 2))),
        ]
    ]


def right(chosen: list[Setup]):
    return values(F.conv_transpose2d, cases(chosen), TRANSPOSED)


def laid_out_rest(draw: Draw) -> list[tuple[tuple, dict]]:
    weight, bias = draw.normal(3, 2, 3, 2), draw.normal(2)
    return [((weight, bias), {"stride": 2}), ((weight,), {"padding": 1})]


conv_transpose2d = Exam(
    "conv_transpose2d",
    "conv_transpose2d",
    (
        Criterion("plain", "every input pixel stamps the kernel: channels, batch and bias", 1.0, right(PLAIN)),
        Criterion("stride", "stride, also a pair", 0.5, right(STRIDE)),
        Criterion("padding", "padding, also a pair", 0.5, right(PADDING)),
        Criterion("output-padding", "output_padding, also a pair", 0.5, right(OUTPUT_PADDING)),
        Criterion("dilation", "dilation, also a pair", 0.5, right(DILATION)),
        Criterion("groups", "groups and depthwise", 0.5, right(GROUPS)),
        Criterion("together", "all arguments together, in PyTorch's order", 0.5, together),
        Criterion("adjoint", "it is the transpose of the convolution: ⟨Cx, y⟩ = ⟨x, Cᵀy⟩", 0.5, adjoint),
        Criterion(
            "layouts",
            "inputs in any memory layout, none of them changed",
            0.5,
            layouts(F.conv_transpose2d, laid_out_rest, TRANSPOSED),
        ),
        Criterion(
            "gradients",
            "gradients to input, weight and bias",
            0.5,
            gradients(F.conv_transpose2d, cases(TOGETHER[:4]), TRANSPOSED, tiny),
        ),
        Criterion(
            "refusals",
            "output_padding that is too large and channels that do not fit are refused",
            0.5,
            refuses(F.conv_transpose2d, cases(PLAIN[:3], OUTPUT_PADDING[:12]), refusals, TRANSPOSED),
        ),
    ),
    ban="transposed",
)
