"""The configurations on which `conv2d` and `Conv2d` are examined: a fixed skeleton, stratified by hand.

The seed fills in values and order only, so every implementation meets the same shapes and arguments whatever it is.
Shapes are written (N, C_in, H, W, C_out, kH, kW). They are tiny on purpose: plain Python loops must get through.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from autograder.exam.compare import Case
from autograder.exam.draw import Draw
from autograder.exam.setups import Setup, Shape, setups

# (N, C_in, H, W, C_out, kH, kW): square and not, one and many channels, a 1×1 kernel, a kernel as large as the image.
SHAPES: list[Shape] = [(1, 1, 5, 5, 1, 3, 3), (2, 3, 5, 6, 2, 2, 3), (1, 2, 6, 5, 3, 3, 2), (2, 2, 6, 7, 2, 1, 2)]
PLAIN = [
    *(Setup(shape, {}, bias) for shape in SHAPES for bias in (False, True)),
    *(Setup(shape) for shape in [(3, 1, 4, 4, 2, 1, 1), (2, 2, 3, 4, 3, 3, 4)]),
    *(Setup(shape) for shape in [(1, 4, 5, 3, 2, 5, 1), (1, 1, 3, 7, 1, 1, 3)]),
    *(Setup(shape, dtype=torch.float64) for shape in SHAPES),
]  # fmt: skip
STRIDE = setups(SHAPES, [{"stride": s} for s in (2, 3, (2, 1), (1, 2), (3, 2), (2, 3))])
PADDING = setups(SHAPES, [{"padding": p} for p in (1, 2, (1, 0), (0, 1), (2, 1))])
DILATION = setups(
    [(1, 1, 7, 7, 1, 3, 3), (2, 3, 6, 8, 2, 2, 3), (1, 2, 8, 6, 3, 3, 2)],
    [{"dilation": d} for d in (2, (2, 1), (1, 2), (3, 2))],
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


def tensors(setup: Setup, draw: Draw) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Input, weight and bias of a configuration, with values of order 1."""
    n, c_in, h, w, c_out, kh, kw = setup.shape
    groups = setup.arguments.get("groups", 1)
    x = draw.normal(n, c_in, h, w, dtype=setup.dtype)
    weight = draw.normal(c_out, c_in // groups, kh, kw, dtype=setup.dtype)
    return x, weight, draw.normal(c_out, dtype=setup.dtype) if setup.bias else None


def cases(chosen: list[Setup], draw: Draw) -> Iterator[Case]:
    """The configurations in the seed's order, with its values."""
    for setup in draw.shuffled(chosen):
        x, weight, bias = tensors(setup, draw)
        args = (x, weight) if bias is None else (x, weight, bias)
        yield Case(args, dict(setup.arguments), setup.about)
