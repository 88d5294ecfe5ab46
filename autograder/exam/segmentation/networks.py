"""The networks of assignment 06 in closed form: sizes, numbers of parameters, and answers with uniform parameters.

A student's layers have any names, order and sharing of code, so no weight of ours can be put at a given place. But give
every parameter one constant that depends on its number of entries alone, and all channels of a map become equal: what
the network must then answer is computed here, with one channel, whatever its layers are called. With positive
constants every ReLU is open, and what is left is what matters: which map of which level, cut where, goes into a sum.
Mistakes are the same networks with one piece exchanged (`mistakes_networks.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F


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
    widths = [base * 2**level for level in range(depth + 1)]
    down = sum(conv(a, b) + conv(b, b) for a, b in zip([in_channels, *widths], widths, strict=False))
    up = sum(conv(2 * c, c, 2) + conv(2 * c, c) + conv(c, c) for c in widths[:-1])
    return down + up + conv(base, classes, 1)


VGG_WIDTHS = (64, 128, 256, 512)


def vgg_parameters(classes: int, blocks: int) -> int:
    widths = VGG_WIDTHS[:blocks]
    down = sum(conv(a, b) + conv(b, b) for a, b in zip([3, *widths], widths, strict=False))
    up = sum(2 * conv(2 * c, c) + conv(c, c) for c in widths[:-1])
    return down + up + conv(widths[0], classes, 1)


@dataclass(frozen=True)
class Levels:
    """The maps of one encoder level: its input, after its first and second convolution."""

    given: torch.Tensor
    first: torch.Tensor
    second: torch.Tensor


@dataclass
class UNet:
    """The U-Net with uniform parameters: `constant(n)` is the value of every parameter with n entries.

    Maps are (N, 1, H, W), one channel for all equal ones.
    """

    in_channels: int
    classes: int
    base: int
    depth: int
    padding: str
    constant: Callable[[int], float]

    def widths(self) -> list[int]:
        return [self.base * 2**level for level in range(self.depth + 1)]

    def convolve(self, total: torch.Tensor, inputs: int, outputs: int) -> torch.Tensor:
        """A 3×3 convolution with ReLU; `total` is the sum over the input channels."""
        box = F.conv2d(total, torch.ones(1, 1, 3, 3, dtype=total.dtype), padding=int(self.padding == "same"))
        return torch.relu(self.constant(9 * inputs * outputs) * box + self.constant(outputs))

    def pair(self, total: torch.Tensor, inputs: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        first = self.convolve(total, inputs, width)
        return first, self.convolve(width * first, width, width)

    def pool(self, x: torch.Tensor) -> torch.Tensor:
        return F.max_pool2d(x, 2)

    def enlarge(self, x: torch.Tensor, width: int) -> torch.Tensor:
        """The 2×2 transposed convolution, 2·width channels to width."""
        doubled = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        return 2 * width * self.constant(8 * width * width) * doubled + self.constant(width)

    def skip(self, level: int, levels: list[Levels]) -> torch.Tensor:
        return levels[level].second

    def crop(self, x: torch.Tensor, height: int, width: int) -> torch.Tensor:
        top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
        return x[..., top : top + height, left : left + width]

    def join(self, skip: torch.Tensor, x: torch.Tensor, width: int) -> torch.Tensor:
        """The sum over all channels of the concatenation."""
        return width * (self.crop(skip, *x.shape[2:]) + x)

    def last(self, x: torch.Tensor) -> torch.Tensor:
        return x

    def encode(self, x: torch.Tensor) -> list[Levels]:
        """All levels, finest first."""
        levels: list[Levels] = []
        total, inputs = x.sum(1, keepdim=True), self.in_channels
        for width in self.widths():
            levels.append(Levels(total, *self.pair(total, inputs, width)))
            total, inputs = width * self.pool(levels[-1].second), width
        return levels

    def bottom(self, levels: list[Levels]) -> torch.Tensor:
        return levels[-1].second

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        levels = self.encode(x)
        x = self.bottom(levels)
        for level, width in reversed(list(enumerate(self.widths()[:-1]))):
            total = self.join(self.skip(level, levels), self.enlarge(x, width), width)
            x = self.pair(total, 2 * width, width)[1]
        logits = self.base * self.constant(self.base * self.classes) * x + self.constant(self.classes)
        return self.last(logits.expand(-1, self.classes, -1, -1))


@dataclass
class VGGUNet(UNet):
    """VGG13's first blocks and a decoder without transposed convolutions. `mode`: how it enlarges, which is free."""

    mode: str = "nearest"

    def resized(self, x: torch.Tensor) -> torch.Tensor:
        if self.mode == "nearest":
            return x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=self.mode == "corners")

    def enlarge(self, x: torch.Tensor, width: int) -> torch.Tensor:
        return self.convolve(2 * width * self.resized(x), 2 * width, width)


MODES = ("nearest", "bilinear", "corners")


def vgg(classes: int, blocks: int, constant: Callable[[int], float], mode: str = "nearest") -> VGGUNet:
    return VGGUNet(3, classes, VGG_WIDTHS[0], blocks - 1, "same", constant, mode)
