"""Nearest by an expanded view; bilinear as a sum of four corners, with weights kept for each size.

names: upsample_nearest, upsample_bilinear
"""

from functools import lru_cache

import torch


def upsample_nearest(x, scale):
    down, right = scale if isinstance(scale, (tuple, list)) else (scale, scale)
    n, c, h, w = x.shape
    return x[:, :, :, None, :, None].expand(n, c, h, down, w, right).reshape(n, c, h * down, w * right)


@lru_cache
def axis(n, m, align_corners):
    """The pixel before each output pixel, the one after, and how far it is from the first to the output pixel."""
    if align_corners:
        at = torch.linspace(0, n - 1, m, dtype=torch.float64) if m > 1 else torch.zeros(1, dtype=torch.float64)
    else:
        at = (torch.arange(m, dtype=torch.float64) + 0.5) * (n / m) - 0.5
        at = at.clamp(0, n - 1)
    before = at.floor().long()
    return before, torch.minimum(before + 1, torch.tensor(n - 1)), at - before


def upsample_bilinear(x, size, align_corners=False):
    h, w = size if isinstance(size, (tuple, list)) else (size, size)
    top, bottom, down = axis(x.shape[-2], h, align_corners)
    left, right, across = axis(x.shape[-1], w, align_corners)
    down, across = down.to(x.dtype)[:, None], across.to(x.dtype)
    rows = torch.lerp(x.index_select(-2, top), x.index_select(-2, bottom), down)
    return torch.lerp(rows.index_select(-1, left), rows.index_select(-1, right), across)
