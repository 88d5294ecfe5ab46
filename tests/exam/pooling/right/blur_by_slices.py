"""Blur-pool as sums of weighted slices, along one axis after the other.

names: blur_pool
"""

import math

import torch.nn.functional as F


def blur_pool(x, size=3, stride=2):
    before, after = (size - 1) // 2, size // 2
    x = F.pad(x, (before, after, before, after), mode="reflect")
    for axis in (2, 3):
        n = x.shape[axis] - size + 1
        parts = [math.comb(size - 1, i) / 2 ** (size - 1) * x.narrow(axis, i, n) for i in range(size)]
        x = sum(parts)
    return x[:, :, ::stride, ::stride]
