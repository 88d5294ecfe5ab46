"""Weights are matrices: an up-convolution is a linear layer and a pixel shuffle, the last layer a linear one over pixels.

names: UNet
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


class Taps(nn.Module):
    """A 3×3 convolution as a matrix (9 · C, T), tap by tap, and biases (T,)."""

    def __init__(self, i, o, pad):
        super().__init__()
        bound = 1 / math.sqrt(9 * i)
        self.matrix = nn.Parameter(torch.empty(9 * i, o).uniform_(-bound, bound))
        self.offset = nn.Parameter(torch.empty(o).uniform_(-bound, bound))
        self.pad = pad

    def forward(self, x):
        kernel = self.matrix.unflatten(0, (3, 3, -1)).permute(3, 2, 0, 1)
        return F.conv2d(x, kernel, self.offset, padding=self.pad).relu()


class Doubled(nn.Module):
    """2×2 pixels for each, from one linear layer without a bias and a bias for each channel."""

    def __init__(self, i, o):
        super().__init__()
        self.linear = nn.Linear(i, 4 * o, bias=False)
        self.bias = nn.Parameter(torch.zeros(o))

    def forward(self, x):
        y = self.linear(x.movedim(1, -1)).movedim(-1, 1)
        return F.pixel_shuffle(y, 2) + self.bias[:, None, None]


class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        pad = {"valid": 0, "same": 1}[padding]
        widths = [in_channels, *(base_channels * 2**level for level in range(depth + 1))]
        for level, (i, o) in enumerate(zip(widths, widths[1:])):
            self.add_module(f"down{level}", nn.Sequential(Taps(i, o, pad), Taps(o, o, pad)))
        for level in reversed(range(depth)):
            o = widths[level + 1]
            self.add_module(f"enlarge{level}", Doubled(2 * o, o))
            self.add_module(f"up{level}", nn.Sequential(Taps(2 * o, o, pad), Taps(o, o, pad)))
        self.last = nn.Linear(base_channels, num_classes)
        self.depth = depth

    def _level(self, x, level):
        x = self.get_submodule(f"down{level}")(x)
        if level == self.depth:
            return x
        y = self.get_submodule(f"enlarge{level}")(self._level(F.max_pool2d(x, 2), level + 1))
        off = [(a - b) // 2 for a, b in zip(x.shape[2:], y.shape[2:])]
        x = x.narrow(2, off[0], y.shape[2]).narrow(3, off[1], y.shape[3])
        return self.get_submodule(f"up{level}")(torch.cat([y, x], 1))

    def forward(self, x):
        return self.last(self._level(x, 0).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
