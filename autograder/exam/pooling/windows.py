"""Windows of a pooling, laid by hand: what right and wrong poolings are made of, and the cases of both.

Shapes: x (N, C, H, W). Of each axis: n pixels, a kernel of k taps that are d pixels apart, stride s, padding p.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.cases import Case, Cases, Setup, Shape, choices, drawn, grid, unbiased
from autograder.exam.draw import Draw
from autograder.exam.features import Features, features_of, holding
from autograder.exam.mistakes import (
    Function,
    Misconception,
    always,
    care_mistakes,
    misconception,
    pair,
    pair_mistakes,
    with_arguments,
    with_changes,
)

T = torch.Tensor
Count = Callable[..., int]  # of n, k, s, p, d, ceil_mode: the windows along an axis


def windows(n: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> int:
    """With `ceil_mode` the last window may hang over, but must start before the image ends."""
    found = rounded_up(n, k, s, p, d, ceil_mode)
    return found - 1 if ceil_mode and (found - 1) * s >= n + p else found


def rounded_up(n: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> int:
    """The mistake: the number of windows is rounded up, wherever the last one starts."""
    left = n + 2 * p - d * (k - 1) - 1
    return -(-left // s) + 1 if ceil_mode else left // s + 1


def padded_first(n: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> int:
    """The mistake: the padding at the end counts as image, in which a window may start."""
    return windows(n + 2 * p, k, s, 0, d, ceil_mode)


def require_little(kernel: Any, padding: Any, dilation: Any = 1) -> None:
    """Refuse a padding over half the kernel, as a mistake about something else does."""
    for k, p, d in zip(*map(pair, (kernel, padding, dilation)), strict=True):
        if 2 * p > d * (k - 1) + 1:
            raise ValueError("too much padding")


def taps(plane: T, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool, fill: Any, count: Count) -> T:
    """(kH · kW, N, C, H', W'): the pixels of a plane (N, C, H, W) that each tap of the windows meets."""
    require_little(kernel, padding, dilation)
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = map(pair, (kernel, stride, padding, dilation))
    h, w = plane.shape[2:]
    rows, columns = count(h, kh, sh, ph, dh, ceil), count(w, kw, sw, pw, dw, ceil)
    down, right = sh * (rows - 1) + 1, sw * (columns - 1) + 1  # from the first window's tap to the last one's
    more_h, more_w = (max(0, end) for end in (down + dh * (kh - 1) - h - ph, right + dw * (kw - 1) - w - pw))
    plane = F.pad(plane, (pw, more_w, ph, more_h), value=fill)
    found = [plane[..., i * dh :, j * dw :][..., :down:sh, :right:sw] for i in range(kh) for j in range(kw)]
    return torch.stack(found)


def at_one_end(fill: float) -> list[Callable[..., dict[str, Any]]]:
    """Changes of arguments, for `with_changes`: the padding stands at one end only, once or twice."""

    def change(
        first: int, last: int, x: T, kernel_size: Any, padding: Any, dilation: Any = 1, **rest: Any
    ) -> dict[str, Any]:
        require_little(kernel_size, padding, dilation)
        ph, pw = pair(padding)
        return {"x": F.pad(x, (first * pw, last * pw, first * ph, last * ph), value=fill), "padding": 0}

    return [partial(change, *ends) for ends in ((1, 0), (0, 1), (2, 0), (0, 2))]


# ---------------------------------------------------------------- cases; a shape is (N, C, H, W, kH, kW)
def tensors(setup: Setup, draw: Draw) -> tuple[T, Any]:
    """The image, all of whose values are below 0 in one case of two, and the kernel: a number where it is square."""
    *shape, kh, kw = setup.shape
    x = draw.normal(*shape, dtype=setup.dtype)
    below = setup.bias and setup.arguments.get("padding")
    return (-x.abs() - 0.1 if below else x), (kh if kh == kw else (kh, kw))


def cases(*setups: list[Setup]) -> Cases:
    """The cases of these setups."""
    return drawn(tensors, *setups)


def features(reference: Callable[..., Any], given: Case) -> Features:
    """The plain features of a call of a pooling."""
    kh, kw = pair(given.args[1] if len(given.args) > 1 else given.kwargs["kernel_size"])
    facts = {"kernel not square": kh != kw, "even kernel": not kh * kw % 2, "one-pixel kernel": kh * kw == 1}
    return features_of(reference, given) - {"kernel_size", "number"} | holding(facts)


# The plainest calls: one image, one channel, square, windows side by side.
PLAINEST = unbiased(
    (1, 1, 6, 6, 2, 2), (1, 1, 6, 6, 3, 3), (1, 1, 4, 4, 2, 2), (1, 1, 8, 8, 2, 2), (1, 1, 9, 9, 3, 3),
    (1, 1, 8, 8, 4, 4),
)  # fmt: skip
# Images that are square or not, one and many, of one and many channels; kernels odd and even, of one pixel, of a side.
SHAPES: list[Shape] = [(1, 1, 7, 7, 3, 3), (2, 3, 7, 8, 2, 2), (1, 2, 9, 6, 4, 4), (2, 1, 6, 9, 3, 3)]
WIDE: list[Shape] = [(1, 1, 8, 8, 3, 3), (2, 2, 9, 7, 2, 2), (1, 3, 7, 10, 4, 4), (2, 1, 10, 9, 3, 3)]
MORE: list[Shape] = [
    (2, 2, 5, 5, 2, 2), (1, 1, 7, 6, 3, 3), (3, 1, 4, 6, 1, 1), (1, 2, 5, 6, 5, 5), (1, 4, 3, 7, 3, 3),
    (2, 3, 8, 8, 4, 4), (1, 2, 10, 5, 2, 2),
]  # fmt: skip
OBLONG: list[Shape] = [
    (2, 3, 7, 8, 2, 3),
    (1, 2, 9, 6, 4, 2),
    (2, 1, 6, 9, 1, 3),
    (1, 2, 5, 6, 5, 2),
    (1, 4, 7, 8, 3, 7),
]
# Sizes in which rounding up finds one window more, which starts in the image, or where it ends, or later.
CEIL: list[tuple[Shape, dict[str, Any]]] = [
    ((1, 1, 7, 7, 2, 2), {}), ((2, 2, 8, 7, 3, 3), {}), ((1, 3, 6, 9, 3, 3), {"stride": 2}),
    ((1, 1, 6, 6, 2, 2), {"stride": 3}), ((2, 1, 9, 9, 2, 2), {"stride": 4}), ((1, 2, 6, 8, 2, 2), {"stride": 3}),
    ((2, 3, 5, 7, 3, 3), {"stride": 4}), ((1, 1, 8, 8, 2, 2), {"stride": 2}), ((1, 2, 10, 5, 4, 4), {"stride": 3}),
    ((1, 1, 12, 12, 3, 3), {"stride": 4}), ((2, 2, 9, 12, 2, 2), {"stride": 4}), ((1, 1, 5, 5, 1, 1), {"stride": 3}),
]  # fmt: skip
CEIL_PADDED: list[tuple[Shape, dict[str, Any]]] = [
    ((1, 1, 7, 7, 2, 2), {"padding": 1}), ((2, 2, 8, 6, 3, 3), {"stride": 2, "padding": 1}),
    ((1, 1, 6, 6, 3, 3), {"stride": 4, "padding": 1}), ((1, 3, 5, 8, 2, 4), {"stride": 3, "padding": 1}),
    ((2, 1, 9, 9, 4, 4), {"stride": 3, "padding": 2}), ((1, 2, 7, 10, 2, 2), {"stride": 3, "padding": 1}),
    ((1, 1, 4, 4, 2, 2), {"stride": 2, "padding": 1}), ((1, 1, 11, 8, 4, 3), {"stride": 4, "padding": 1}),
]  # fmt: skip


def ceiled(chosen: list[tuple[Shape, dict[str, Any]]], **more: Any) -> list[Setup]:
    """These with `ceil_mode`, and with further arguments."""
    return [
        Setup(shape, arguments | {"ceil_mode": True} | more, i % 2 == 0, about="with ceil_mode")
        for i, (shape, arguments) in enumerate(chosen)
    ]


PLAIN = [*grid(SHAPES, [{}, {}]), *grid(MORE, [{}])]
STRIDE = [*grid(SHAPES, choices("stride", 1, 2, 4)), *grid(MORE[:3], choices("stride", 1, 5))]
PADDING = [
    *grid(WIDE, choices("padding", 0, 1)),
    *grid([(1, 1, 8, 8, 4, 4), (2, 2, 9, 7, 5, 5), (1, 2, 6, 8, 4, 4)], choices("padding", 1, 2)),
    *grid([(1, 1, 7, 7, 3, 3), (2, 3, 6, 7, 2, 2)], [{"stride": 1, "padding": 1}, {"stride": 2, "padding": 1}]),
]
PAIRS = [
    *grid(OBLONG, [{}, {"stride": 1}]),
    *grid(SHAPES, choices("stride", (2, 1), (1, 3), (2, 2))),
    *grid(WIDE, choices("padding", (1, 0), (0, 1), (1, 1))),
]
LAID_OUT = [PLAINEST[0], Setup((2, 3, 6, 7, 2, 2), {"stride": 1}), Setup((2, 3, 6, 7, 3, 3), {"padding": 1})]
DIFFERENTIATED = [*PLAINEST[:2], *PLAIN[1:4], STRIDE[1], PADDING[4], PAIRS[1], *ceiled(CEIL[:3])]


def by_position(*calls: tuple) -> Cases:
    """All arguments by position, in PyTorch's order: after the image and a kernel of (3, 2) these."""
    return lambda draw: [
        Case((draw.normal(2, 2, 8, 9), (3, 2), *rest), {}, "with all arguments by position") for rest in calls
    ]


def refused(*more: tuple[Any, dict[str, Any], dict[str, Any]]) -> Callable[[Draw], list[tuple[Case, str, Case]]]:
    """Padding over half the kernel, each beside a lawful call. more: a kernel, arguments to refuse, and lawful ones."""
    chosen = [(2, 2, 1), (3, 2, 1), ((2, 4), 2, 1), ((4, 3), (1, 2), (1, 1)), (2, (2, 0), (1, 0))]
    given = [*((kernel, {"padding": p}, {"padding": lawful}) for kernel, p, lawful in chosen), *more]

    def pairs(draw: Draw) -> list[tuple[Case, str, Case]]:
        x = draw.normal(1, 1, 9, 8)
        return [
            (Case((x, kernel), wrong, "a padding that is too large"), "no-refusal-padding", Case((x, kernel), lawful))
            for kernel, wrong, lawful in given
        ]

    return pairs


def stride_of_one(stride: Any, **rest: Any) -> dict[str, Any]:
    """A stride that is left out is 1."""
    return {"stride": 1 if stride is None else stride}


def unpadded(kernel_size: Any, padding: Any, dilation: Any = 1, **rest: Any) -> dict[str, Any]:
    """The padding has no effect, but too much of it is refused."""
    require_little(kernel_size, padding, dilation)
    return {"padding": 0}


def common(reference: Function, fill: float, **words: str) -> tuple[Misconception, ...]:
    """The mistakes that any pooling can have. fill: what its padding is made of. words: of further pairs."""
    return (
        misconception("stride-default", with_changes(reference, stride_of_one)),
        misconception("stride-ignored", with_arguments(reference, stride=always(None))),
        misconception("padding-ignored", with_changes(reference, unpadded)),
        misconception("padding-one-end", *(with_changes(reference, change) for change in at_one_end(fill))),
        misconception("ceil-ignored", with_arguments(reference, ceil_mode=always(False))),
        *pair_mistakes(reference, ("kernel_size",), kernel_size="kernel", stride="stride", padding="padding", **words),
        *care_mistakes(reference),
    )
