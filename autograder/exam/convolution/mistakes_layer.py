"""The mistakes people make in the layer; mutants take weight and bias as well, and `padding_mode` beside `conv2d`'s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.convolution.mistakes import VALUES, conv2d, ends, misconception
from autograder.exam.core import Misconception

T = torch.Tensor
Ends = tuple[int, int, int, int]


def layer(x: T, weight: T, bias: T | None = None, stride=1, padding=0, dilation=1, groups=1, padding_mode="zeros") -> T:
    """What `torch.nn.Conv2d` answers."""
    if padding_mode != "zeros":
        x, padding = F.pad(x, ends(weight, padding, dilation), padding_mode), 0
    return conv2d(x, weight, bias, stride, padding, dilation, groups)


def in_any_mode(conv: Callable[..., T]) -> Callable[..., T]:
    """A mutant of `conv2d` as a layer, whose own padding is right in the other modes."""

    def mutant(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, padding_mode="zeros"):
        if padding_mode != "zeros":
            x, padding = F.pad(x, ends(weight, padding, dilation), padding_mode), 0
        return conv(x, weight, bias, stride, padding, dilation, groups)

    return mutant


def padding_by(pad: Callable[[T, Ends, str], T], change: Callable[[T, Any, Any], Ends] = ends) -> Callable[..., T]:
    """A layer that pads by `pad(x, ends, mode)` first."""

    def mutant(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, padding_mode="zeros"):
        mode = "constant" if padding_mode == "zeros" else padding_mode
        return F.conv2d(pad(x, change(weight, padding, dilation), mode), weight, bias, stride, 0, dilation, groups)

    return mutant


def symmetric(x: T, sides: Ends, mode: str) -> T:
    """ "reflect" with the border pixel repeated, as NumPy's "symmetric"."""
    if mode != "reflect":
        return F.pad(x, sides, mode)
    for axis, (before, after) in ((2, sides[2:]), (3, sides[:2])):
        n = x.shape[axis]
        index = torch.arange(-before, n + after) % (2 * n)
        x = x.index_select(axis, torch.minimum(index, 2 * n - 1 - index))
    return x


def twice(x: T, sides: Ends, mode: str) -> T:
    return F.pad(x if mode == "constant" else F.pad(x, sides, mode), sides)


def other_order(weight: T, padding: Any, dilation: Any) -> Ends:
    left, right, top, bottom = ends(weight, padding, dilation)
    return top, bottom, left, right


def end_first(weight: T, padding: Any, dilation: Any) -> Ends:
    left, right, top, bottom = ends(weight, padding, dilation)
    return right, left, bottom, top


def undilated(weight: T, padding: Any, dilation: Any) -> Ends:
    return ends(weight, padding, 1 if padding == "same" else dilation)


def same_is_valid(weight: T, padding: Any, dilation: Any) -> Ends:
    return ends(weight, 0 if padding == "same" else padding, dilation)


def replicated(x: T, sides: Ends, mode: str) -> T:
    return F.pad(x, sides, "replicate" if mode == "reflect" else mode)


LAYER: tuple[Misconception, ...] = (
    misconception("padding-mode-ignored", padding_by(lambda x, sides, mode: F.pad(x, sides))),
    misconception("reflect-is-replicate", padding_by(replicated)),
    misconception("reflect-repeats-border", padding_by(symmetric)),
    misconception("padded-twice", padding_by(twice)),
    misconception("padding-swapped", padding_by(F.pad, other_order)),
    misconception("same-pads-start", padding_by(F.pad, end_first)),
    misconception("same-ignores-dilation", padding_by(F.pad, undilated)),
    misconception("same-is-valid", padding_by(F.pad, same_is_valid)),
    *(replace(m, mutants=tuple(map(in_any_mode, m.mutants))) for m in VALUES),
)
