"""The networks of assignment 06 in closed form: sizes, numbers of parameters, and answers with uniform parameters.

A student's layers have any names, order and sharing of code, so no weight of ours can be put at a given place. But give
every parameter one constant that depends on its number of entries alone, and all channels of a map become equal: what
the network must then answer is computed here, with one channel, whatever its layers are called. With positive
constants every ReLU is open, and what is left is what matters: which map of which level, cut where, goes into a sum.
Only the last layer's weights differ between classes (`ramp`), so that a softmax is seen through.

A method is a piece of the network. Mistakes are the same network with a few pieces exchanged (`mistakes_networks.py`):
one exchange changes the answers, the size and, since every parameter is asked for by its number of entries, the count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F

T = torch.Tensor


def valid_size(n: int, depth: int = 4) -> int:
    """Side of an unpadded U-Net's output: each pair of 3×3 convolutions takes four pixels of its level."""
    for _ in range(depth):
        n = (n - 4) // 2
    n -= 4
    for _ in range(depth):
        n = 2 * n - 4
    return n


def conv(inputs: int, outputs: int, side: int = 3) -> int:
    """Parameters of a convolution with bias."""
    return side * side * inputs * outputs + outputs


def unet_parameters(in_channels: int, classes: int, base: int, depth: int) -> int:
    """Parameters of the paper's U-Net."""
    widths = [base * 2**level for level in range(depth + 1)]
    down = sum(conv(a, b) + conv(b, b) for a, b in zip([in_channels, *widths], widths, strict=False))
    up = sum(conv(2 * c, c, 2) + conv(2 * c, c) + conv(c, c) for c in widths[:-1])
    return down + up + conv(base, classes, 1)


VGG_WIDTHS = (64, 128, 256, 512)


def vgg_parameters(classes: int, blocks: int) -> int:
    """Parameters of the U-Net on VGG13's first blocks."""
    widths = VGG_WIDTHS[:blocks]
    down = sum(conv(a, b) + conv(b, b) for a, b in zip([3, *widths], widths, strict=False))
    up = sum(2 * conv(2 * c, c) + conv(c, c) for c in widths[:-1])
    return down + up + conv(widths[0], classes, 1)


@dataclass(frozen=True)
class Plan:
    """What a network is asked to be: channels of image and answer, of the first level, and poolings."""

    in_channels: int
    classes: int
    base: int
    depth: int

    @property
    def widths(self) -> list[int]:
        """The channels of each level, finest first."""
        return [self.base * 2**level for level in range(self.depth + 1)]

    @property
    def right(self) -> int:
        """The number of parameters of the paper's U-Net."""
        return unet_parameters(self.in_channels, self.classes, self.base, self.depth)

    @property
    def most(self) -> int:
        """No network of more entries is run for this plan. The paper's width, or its depth, in a plan's stead is not
        too many, so who ignores one of them keeps what that leaves right."""
        ignored = replace(self, base=PAPER.base), replace(self, depth=PAPER.depth)
        return max(4 * self.right, *(2 * plan.right for plan in ignored))


PAPER = Plan(1, 2, 64, 4)


@dataclass(frozen=True)
class Levels:
    """The maps (N, 1, h, w) of one encoder level: its input, after its first and second convolution."""

    given: T
    first: T
    second: T


class UniformUNet:
    """The U-Net with uniform parameters: `constant(n)` is the value of every parameter with n entries.

    All channels of a map are equal, so maps are (N, 1, h, w): one channel for all of a level's width. The image is (N,
    in_channels, H, W), the answer (N, classes, H', W'). plan: what was asked for. ramp: (classes,) factors of the last
    layer's weights. After a call `count` is the number of parameters it took.
    """

    def __init__(self, plan: Plan, padding: str, constant: Callable[[int], float], ramp: T | None = None):
        self.plan, self.padding, self.constant = self.made_of(plan), padding, constant
        self.ramp = torch.ones(self.plan.classes) if ramp is None else ramp
        self.count, self.level, self.even = 0, 0, True

    @staticmethod
    def made_of(plan: Plan) -> Plan:
        """What it is made of, where this plan is asked for."""
        return plan

    def padded(self, way: str) -> bool:
        """Are 3×3 convolutions padded, on the way "down", "up" or, where one enlarges, in an "upconv"?"""
        return self.padding == "same"

    def parameter(self, entries: int, value: float | None = None) -> float:
        """The value of a parameter."""
        self.count += entries
        return self.constant(entries) if value is None else value

    def bias(self, entries: int, layer: str) -> float:
        """The value of a bias of a layer of the way "down", of that "up", of "upconv" or "head"."""
        return self.parameter(entries)

    def activation(self, x: T) -> T:
        """After every 3×3 convolution."""
        return torch.relu(x)

    def normalised(self, x: T, width: int, way: str) -> T:
        """Between convolution and activation."""
        return x

    def with_border(self, x: T) -> T:
        """One pixel more on every side."""
        return F.pad(x, (1, 1, 1, 1))

    def box(self, x: T, side: int) -> T:
        """Sums over windows."""
        return F.conv2d(x, x.new_ones(1, 1, side, side))

    def convolution(self, total: T, inputs: int, outputs: int, way: str) -> T:
        """A 3×3 convolution with ReLU; `total` is the sum over the input channels. Without padding h and w lose 2."""
        box = self.box(self.with_border(total) if self.padded(way) else total, 3)
        x = self.parameter(9 * inputs * outputs) * box + self.bias(outputs, way)
        return self.activation(self.normalised(x, outputs, way))

    def convolutions(self, total: T, inputs: int, width: int, way: str) -> tuple[T, T]:
        """A level's two convolutions, each map."""
        first = self.convolution(total, inputs, width, way)
        return first, self.convolution(width * first, width, width, way)

    def pool(self, x: T) -> T:
        """(N, 1, h, w) → (N, 1, h/2, w/2)."""
        return F.max_pool2d(x, 2)

    def upconv(self, x: T, width: int) -> T:
        """The 2×2 transposed convolution, 2·width channels to width: (N, 1, h, w) → (N, 1, 2h, 2w)."""
        doubled = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        return 2 * width * self.parameter(8 * width * width) * doubled + self.bias(width, "upconv")

    def skip(self, level: int, levels: list[Levels]) -> T:
        """The encoder's map that the decoder's level gets."""
        return levels[level].second

    def crop(self, x: T, height: int, width: int) -> T:
        """The centre of a skip."""
        top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
        return x[..., top : top + height, left : left + width]

    def cropped(self, skip: T, x: T) -> T:
        """A skip, cut to the decoder's map."""
        return self.crop(skip, *x.shape[2:])

    def join(self, skip: T, x: T, width: int) -> tuple[T, int]:
        """The sum over all channels of the concatenation, and their number."""
        return width * (self.cropped(skip, x) + x), 2 * width

    def encoder(self, x: T) -> list[Levels]:
        """All levels, finest first; the last is the bottleneck's."""
        levels: list[Levels] = []
        total, inputs = x.sum(1, keepdim=True), self.plan.in_channels
        for level, width in enumerate(self.plan.widths):
            self.level = level
            if level:
                before = levels[-1].second
                self.even = self.even and before.shape[2] % 2 == before.shape[3] % 2 == 0
                total, inputs = inputs * self.pool(before), inputs
            levels.append(Levels(total, *self.convolutions(total, inputs, width, "down")))
            inputs = width
        return levels

    def bottleneck(self, levels: list[Levels]) -> T:
        """The map that the decoder starts from."""
        return levels[-1].second

    def decoder(self, x: T, levels: list[Levels]) -> T:
        """From the coarsest map to the finest."""
        for level, width in reversed(list(enumerate(self.plan.widths[:-1]))):
            self.level = level
            skip = self.skip(level, levels).mean(1, keepdim=True)  # of a given encoder's maps the mean counts
            total, inputs = self.join(skip, self.upconv(x, width), width)
            x = self.convolutions(total, inputs, width, "up")[1]
        return x

    def head(self, x: T) -> T:
        """The 1×1 convolution to the classes."""
        base, classes = self.plan.base, self.plan.classes
        weight = base * self.parameter(base * classes) * self.ramp.reshape(1, -1, 1, 1)
        return weight * x + self.bias(classes, "head")

    def last(self, logits: T) -> T:
        """What comes after the last layer."""
        return logits

    @staticmethod
    def before_last(answer: T) -> T:
        """What the logits were, or something in proportion to them, before what comes last."""
        return answer

    def __call__(self, x: T) -> T:
        levels = self.encoder(x)
        x = self.bottleneck(levels).mean(1, keepdim=True)
        return self.last(self.head(self.decoder(x, levels)))


class UniformVGGUNet(UniformUNet):
    """VGG13's first blocks and a decoder without transposed convolutions. `mode`: how it enlarges, which is free."""

    mode = "nearest"

    def resized(self, x: T) -> T:
        """(N, 1, h, w) → (N, 1, 2h, 2w)."""
        if self.mode == "nearest":
            return x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=self.mode == "corners")

    def upconv(self, x: T, width: int) -> T:
        """Resized, then a 3×3 convolution, 2·width channels to width."""
        return self.convolution(2 * width * self.resized(x), 2 * width, width, "upconv")


MODES = ("nearest", "bilinear", "corners")


def vgg_plan(classes: int, blocks: int) -> Plan:
    """What a VGG U-Net is asked to be."""
    return Plan(3, classes, VGG_WIDTHS[0], blocks - 1)
