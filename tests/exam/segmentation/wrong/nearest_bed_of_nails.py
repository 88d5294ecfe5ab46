"""Zeros between the pixels.

names: upsample_nearest
mistake: nearest-zeros
where: plainest
visible: caught
"""

import torch


def upsample_nearest(x, scale):
    down, right = (scale, scale) if isinstance(scale, int) else scale
    out = torch.zeros(*x.shape[:2], x.shape[2] * down, x.shape[3] * right, dtype=x.dtype)
    out[:, :, ::down, ::right] = x
    return out
