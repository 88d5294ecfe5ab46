"""Pieces of a network in closed form (`UniformUNet`'s methods), as people get them wrong.

Each function gives the pieces that one mistake exchanges, by their names. `mistakes_networks.py` names the mistakes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.encoder_decoders.closed_form import Levels, Plan, UniformUNet, UniformVGGUNet

T = torch.Tensor
Pieces = dict[str, Any]
SMOOTHLY = {"mode": "bilinear"}
CORNERS = {"mode": "bilinear", "align_corners": True}


def asked(**values: Any) -> Pieces:
    """Made of another plan than the one asked for; a value is a number, or a function of the plan."""

    def made_of(plan: Plan) -> Plan:
        return replace(plan, **{name: v(plan) if callable(v) else v for name, v in values.items()})

    return {"made_of": staticmethod(made_of)}


def unbiased(*layers: str) -> Pieces:
    """These layers have no bias."""
    return {"bias": lambda self, n, layer: 0.0 if layer in layers else self.parameter(n)}


def batch_norm(*ways: str, biased: bool = True, affine: bool = True) -> Pieces:
    """Batch norm with the statistics of a fresh network, mean 0 and variance 1, on these ways."""

    def normalised(self, x: T, width: int, way: str) -> T:
        if way not in ways:
            return x
        x = x / (1 + 1e-5) ** 0.5
        return self.parameter(width) * x + self.parameter(width) if affine else x

    return {"normalised": normalised} | ({} if biased else unbiased(*ways))


def batch_norm_after(*ways: str) -> Pieces:
    """Batch norm behind the activation."""

    def convolution(self, total: T, inputs: int, outputs: int, way: str) -> T:
        x = UniformUNet.convolution(self, total, inputs, outputs, way)
        if way not in ways:
            return x
        return self.parameter(outputs) * x / (1 + 1e-5) ** 0.5 + self.parameter(outputs)

    return {"convolution": convolution}


def instance_norm(affine: bool, both: bool) -> Pieces:
    """Each image's map is normalised by itself (GroupNorm and, over whole maps, LayerNorm do the same to maps whose
    channels are equal): after both convolutions of a level, or after the second alone."""

    def normalised(self, x: T, width: int, way: str) -> T:
        if not both and not self.second:
            return x
        x = (x - x.mean((2, 3), keepdim=True)) / (x.var((2, 3), unbiased=False, keepdim=True) + 1e-5) ** 0.5
        return self.parameter(width) * x + self.parameter(width) if affine else x

    def convolutions(self, total: T, inputs: int, width: int, way: str) -> tuple[T, T]:
        self.second = False
        first = self.convolution(total, inputs, width, way)
        self.second = True
        return first, self.convolution(width * first, width, width, way)

    return {"normalised": normalised, "convolutions": convolutions}


def other_convolutions(number: int, *ways: str, deepest: bool = True) -> Pieces:
    """One or three convolutions a level on these ways; `deepest`: at the bottom too."""

    def convolutions(self, total: T, inputs: int, width: int, way: str) -> tuple[T, T]:
        if way not in ways or (not deepest and width == self.plan.widths[-1]):
            return UniformUNet.convolutions(self, total, inputs, width, way)
        x = first = self.convolution(total, inputs, width, way)
        for _ in range(number - 1):
            x = self.convolution(width * x, width, width, way)
        return first, x

    return {"convolutions": convolutions}


def shared_second(self, total: T, inputs: int, width: int, way: str) -> tuple[T, T]:
    """The decoder's second convolution is another one's, so its parameters are not counted twice."""
    maps = UniformUNet.convolutions(self, total, inputs, width, way)
    if way == "up":
        self.count -= 9 * width * width + width
    return maps


def doubled(x: T) -> T:
    """Every pixel as a block of four."""
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def doubled_smoothly(x: T) -> T:
    """The same size, interpolated."""
    return F.interpolate(x, scale_factor=2, mode="bilinear")


def doubled_to_corners(x: T) -> T:
    """The same size, interpolated between the corners."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


ENLARGE = (doubled, doubled_smoothly, doubled_to_corners)


def enlarged_and_convolved(enlarge: Callable[[T], T], side: int, biased: bool = True) -> Pieces:
    """A convolution over an enlarged map in the place of the transposed one."""

    def upconv(self, x: T, width: int) -> T:
        left = (side - 1) // 2
        box = self.box(F.pad(enlarge(x), (left, side - 1 - left) * 2), side)
        x = 2 * width * self.parameter(side * side * 2 * width * width) * box
        return x + self.parameter(width) if biased else x

    return {"upconv": upconv}


def transposed(side: int, **how: Any) -> Pieces:
    """A transposed convolution with another kernel."""

    def upconv(self, x: T, width: int) -> T:
        stamps = F.conv_transpose2d(x, x.new_ones(1, 1, side, side), stride=2, **how)
        return 2 * width * self.parameter(side * side * 2 * width * width) * stamps + self.bias(width, "upconv")

    return {"upconv": upconv}


def channels_kept(upconv: Callable[..., T]) -> Pieces:
    """What comes from below keeps its 2·width channels, so the skip makes three times the width."""

    def join(self, skip: T, x: T, width: int) -> tuple[T, int]:
        return width * self.cropped(skip, x) + 2 * width * x, 3 * width

    return {"upconv": upconv, "join": join}


def kept_by_transposed(self, x: T, width: int) -> T:
    """The up-convolution from 2·width to 2·width channels."""
    return 2 * width * self.parameter(16 * width * width) * doubled(x) + self.bias(2 * width, "upconv")


def merged(weight: Callable[[int], int], total: Callable[..., T]) -> Pieces:
    """Another concatenation: so many channels, and their sum."""
    return {"join": lambda self, skip, x, width: (total(self, skip, x, width), weight(width))}


def pooled(back: Callable[[T], T], **more: Any) -> Pieces:
    """Skips from after pooling, brought back to their size; the deepest level has no pooling."""

    def skip(self, level: int, levels: list[Levels]) -> T:
        return levels[level].second if level == self.plan.depth else back(self.pool(levels[level].second))

    return {"skip": skip, **more}


def resized(**how: Any) -> Callable[..., T]:
    """In place of the crop: resized to the decoder's size."""
    return lambda self, x, height, width: F.interpolate(x, (height, width), **how)


def from_above(self, level: int, levels: list[Levels]) -> T:
    """Each skip from one level up, made small by pooling, with its channels repeated or projected to the same sum."""
    return self.pool(levels[max(level - 1, 0)].second) if level else levels[0].second


def off_centre(by: int) -> Callable[..., T]:
    """A crop so many pixels too far down and right, where there is room."""

    def crop(self, x: T, height: int, width: int) -> T:
        top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
        top, left = max(0, top + by * (top > 0)), max(0, left + by * (left > 0))
        return x[..., top : top + height, left : left + width]

    return crop


# What is left out, to see whether an answer shows it.
def without_skip(self, level: int, levels: list[Levels]) -> T:
    """Nothing on the skip."""
    return 0 * levels[level].second


def without_centre(self, x: T, height: int, width: int) -> T:
    """The upper left corner in the place of the centre."""
    return x[..., :height, :width]


def without_border(self, x: T) -> T:
    """The outermost pixels repeated, in the place of zeros."""
    return F.pad(x, (1, 1, 1, 1), mode="replicate")


def decoder_padded(self, skip: T, x: T, width: int) -> tuple[T, int]:
    """The decoder's map gets zeros around it until it is as large as the skip."""
    rows, columns = skip.shape[2] - x.shape[2], skip.shape[3] - x.shape[3]
    around = (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)
    return width * (skip + F.pad(x, around)), 2 * width


def with_border(**how: Any) -> Pieces:
    """A convolution with another border than zeros."""
    return {"with_border": lambda self, x: F.pad(x, (1, 1, 1, 1), **how)}


def stretched(**how: Any) -> Callable[[T, int, int], T]:
    """An answer, taken to another size."""
    return lambda answer, height, width: F.interpolate(answer, (height, width), **how)


def same_by(before: Callable[[T, int], T], after: Callable[[T, int, int], T]) -> Pieces:
    """ "same" as "valid" with something done once to the picture, and to the answer."""

    def answer(self, x: T) -> T:
        if self.padding != "same":
            return UniformUNet.__call__(self, x)
        lost = 4
        for _ in range(self.plan.depth):
            lost = 2 * lost + 8
        self.padding = "valid"
        try:
            return after(UniformUNet.__call__(self, before(x, lost // 2)), *x.shape[2:])
        finally:
            self.padding = "same"

    return {"__call__": answer}


def wide_head(padding: int) -> Pieces:
    """A 3×3 convolution at the end."""

    def head(self, x: T) -> T:
        base, classes = self.plan.base, self.plan.classes
        box = self.box(F.pad(x, (padding,) * 4), 3)
        weight = base * self.parameter(9 * base * classes) * self.ramp.reshape(1, -1, 1, 1)
        return weight * box + self.bias(classes, "head")

    return {"head": head}


def ending(last: Callable[[T], T], before: Callable[[T], T]) -> Pieces:
    """Something after the last layer, and what undoes it."""
    return {"last": lambda self, x: last(x), "before_last": staticmethod(before)}


def pooled_bottleneck(self, levels: list[Levels]) -> T:
    """The last block pooled as well, and enlarged to the size before it."""
    x = levels[-1].second
    self.even = self.even and x.shape[2] % 2 == x.shape[3] % 2 == 0
    return doubled(self.pool(x))


def vgg_upconv(upconv: Callable[..., T]) -> Callable[..., T]:
    """A transposed convolution, then the 3×3 one, from width to width or from twice the width."""

    def both(self, x: T, width: int) -> T:
        return self.convolution(width * upconv(self, x, width), width, width, "upconv")

    return both


# The fourth block is not pooled before.
PARTLY_POOLED = {
    "pool": lambda self, x: x if self.level == 3 else F.max_pool2d(x, 2),
    "resized": lambda self, x: x if self.level == 2 else UniformVGGUNet.resized(self, x),
}
