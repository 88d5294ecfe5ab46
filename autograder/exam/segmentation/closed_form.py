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
class Levels:
    """The maps (N, 1, h, w) of one encoder level: its input, after its first and second convolution."""

    given: T
    first: T
    second: T


@dataclass
class UniformUNet:
    """The U-Net with uniform parameters: `constant(n)` is the value of every parameter with n entries.

    All channels of a map are equal, so maps are (N, 1, h, w): one channel for all of a level's `width`, which is base
    times 2 to the power of the level. The image is (N, in_channels, H, W), the answer (N, classes, H', W').
    """

    in_channels: int
    classes: int
    base: int
    depth: int
    padding: str
    constant: Callable[[int], float]

    def widths(self) -> list[int]:
        """The channels of each level, finest first."""
        return [self.base * 2**level for level in range(self.depth + 1)]

    def convolution(self, total: T, inputs: int, outputs: int) -> T:
        """A 3×3 convolution with ReLU; `total` is the sum over the input channels. Without padding h and w lose 2."""
        box = F.conv2d(total, torch.ones(1, 1, 3, 3, dtype=total.dtype), padding=int(self.padding == "same"))
        return torch.relu(self.constant(9 * inputs * outputs) * box + self.constant(outputs))

    def double_convolution(self, total: T, inputs: int, width: int) -> tuple[T, T]:
        """A level's two convolutions, each map."""
        first = self.convolution(total, inputs, width)
        return first, self.convolution(width * first, width, width)

    def pool(self, x: T) -> T:
        """(N, 1, h, w) → (N, 1, h/2, w/2)."""
        return F.max_pool2d(x, 2)

    def upconv(self, x: T, width: int) -> T:
        """The 2×2 transposed convolution, 2·width channels to width: (N, 1, h, w) → (N, 1, 2h, 2w)."""
        doubled = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        return 2 * width * self.constant(8 * width * width) * doubled + self.constant(width)

    def skip(self, level: int, levels: list[Levels]) -> T:
        """The encoder's map that the decoder's level gets."""
        return levels[level].second

    def crop(self, x: T, height: int, width: int) -> T:
        """The centre of a skip."""
        top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
        return x[..., top : top + height, left : left + width]

    def concatenate(self, skip: T, x: T, width: int) -> T:
        """The sum over all channels of the concatenation."""
        return width * (self.crop(skip, *x.shape[2:]) + x)

    def encoder(self, x: T) -> list[Levels]:
        """All levels, finest first; the last is the bottleneck's."""
        levels: list[Levels] = []
        total, inputs = x.sum(1, keepdim=True), self.in_channels
        for width in self.widths():
            levels.append(Levels(total, *self.double_convolution(total, inputs, width)))
            total, inputs = width * self.pool(levels[-1].second), width
        return levels

    def bottleneck(self, levels: list[Levels]) -> T:
        """The map that the decoder starts from."""
        return levels[-1].second

    def decoder(self, x: T, levels: list[Levels]) -> T:
        """From the coarsest map to the finest."""
        for level, width in reversed(list(enumerate(self.widths()[:-1]))):
            total = self.concatenate(self.skip(level, levels), self.upconv(x, width), width)
            x = self.double_convolution(total, 2 * width, width)[1]
        return x

    def head(self, x: T) -> T:
        """The 1×1 convolution to the classes."""
        logits = self.base * self.constant(self.base * self.classes) * x + self.constant(self.classes)
        return logits.expand(-1, self.classes, -1, -1)

    def __call__(self, x: T) -> T:
        levels = self.encoder(x)
        return self.head(self.decoder(self.bottleneck(levels), levels))


@dataclass
class UniformVGGUNet(UniformUNet):
    """VGG13's first blocks and a decoder without transposed convolutions. `mode`: how it enlarges, which is free."""

    mode: str = "nearest"

    def resized(self, x: T) -> T:
        """(N, 1, h, w) → (N, 1, 2h, 2w)."""
        if self.mode == "nearest":
            return x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=self.mode == "corners")

    def upconv(self, x: T, width: int) -> T:
        """Resized, then a 3×3 convolution, 2·width channels to width."""
        return self.convolution(2 * width * self.resized(x), 2 * width, width)


MODES = ("nearest", "bilinear", "corners")


def uniform_vgg(
    classes: int,
    blocks: int,
    constant: Callable[[int], float],
    mode: str,
    kind: type[UniformVGGUNet] = UniformVGGUNet,
) -> UniformVGGUNet:
    """The network of so many blocks, enlarging in a mode; `kind`: with a piece exchanged."""
    return kind(3, classes, VGG_WIDTHS[0], blocks - 1, "same", constant, mode)
