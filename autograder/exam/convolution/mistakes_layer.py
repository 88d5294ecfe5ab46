"""The mistakes people make in the layer; mutants take weight and bias as well, and `padding_mode` beside `conv2d`'s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.convolution.mistakes import SUMS, conv2d, ends
from autograder.exam.mistakes import Misconception, misconception

T = torch.Tensor
Sides = tuple[int, ...]  # left, right, top, bottom


def in_any_mode(sums: Callable[..., T]) -> Callable[..., T]:
    """A function with the arguments of `conv2d` as a layer, whose own padding is right in the other modes."""

    def function(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1, padding_mode="zeros"):
        if padding_mode != "zeros":
            x, padding = F.pad(x, ends(weight, padding, dilation), padding_mode), 0
        return sums(x, weight, bias, stride, padding, dilation, groups)

    return function


layer = in_any_mode(conv2d)  # what `torch.nn.Conv2d` answers


def usual(mode: str, *given: Any) -> Sides:
    """The same ends in every mode."""
    return ends(*given)


def padding_by(pad: Callable[[T, Sides, str], T], sides: Callable[..., Sides] = usual) -> Callable[..., T]:
    """A layer that pads by `pad(x, sides, mode)` first, at the ends `sides(mode, weight, padding, dilation)`."""

    def mutant(x, weight, bias=None, *, padding=0, dilation=1, padding_mode="zeros", **options):
        mode = "constant" if padding_mode == "zeros" else padding_mode
        padded = pad(x, sides(mode, weight, padding, dilation), mode)
        return F.conv2d(padded, weight, bias, dilation=dilation, **options)

    return mutant


def symmetric(x: T, sides: Sides, mode: str) -> T:
    """ "reflect" with the border pixel repeated, as NumPy's "symmetric"."""
    if mode != "reflect":
        return F.pad(x, sides, mode)
    for axis, (before, after) in ((2, sides[2:]), (3, sides[:2])):
        n = x.shape[axis]
        index = torch.arange(-before, n + after) % (2 * n)
        x = x.index_select(axis, torch.minimum(index, 2 * n - 1 - index))
    return x


def twice(x: T, sides: Sides, mode: str) -> T:
    """In the mode, and then again with zeros."""
    return F.pad(x if mode == "constant" else F.pad(x, sides, mode), sides)


def replicated(x: T, sides: Sides, mode: str) -> T:
    """ "reflect" taken for "replicate"."""
    return F.pad(x, sides, "replicate" if mode == "reflect" else mode)


def halved(words: bool) -> Callable[..., Sides]:
    """ "circular" with half the padding at each end, as PyTorch had it before 1.5; for padding in words, too?"""

    def sides(mode: str, weight: T, padding: Any, dilation: Any) -> Sides:
        left, right, top, bottom = ends(weight, padding, dilation)
        if mode == "circular" and (words or not isinstance(padding, str)):
            return (left + 1) // 2, left // 2, (top + 1) // 2, top // 2
        return left, right, top, bottom

    return sides


def in_order(*order: int) -> Callable[..., Sides]:
    """The ends in another order."""
    return lambda mode, *given: tuple(ends(*given)[i] for i in order)


LAYER: tuple[Misconception, ...] = (
    misconception("padding-mode-ignored", padding_by(lambda x, sides, mode: F.pad(x, sides))),
    misconception("reflect-is-replicate", padding_by(replicated)),
    misconception("reflect-repeats-border", padding_by(symmetric)),
    misconception("padded-twice", padding_by(twice)),
    misconception("circular-halved", *(padding_by(F.pad, halved(words)) for words in (False, True))),
    misconception("padding-swapped", padding_by(F.pad, in_order(2, 3, 0, 1))),
    misconception("same-pads-start", padding_by(F.pad, in_order(1, 0, 3, 2))),
    misconception("same-ignores-dilation", padding_by(F.pad, lambda mode, weight, p, dilation: ends(weight, p, 1))),
    misconception(
        "same-is-valid",
        padding_by(F.pad, lambda mode, weight, p, dilation: ends(weight, 0 if p == "same" else p, 1)),
    ),
    *(replace(m, mutants=tuple(map(in_any_mode, m.mutants))) for m in SUMS),
)
