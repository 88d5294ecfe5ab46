"""Neighbours are mixed along the way.

names: upsample_nearest
mistake: nearest-mixed
where: plainest
visible: caught
"""

import torch
import torch.nn.functional as F


def upsample_nearest(x, scale):
    down, right = (scale, scale) if isinstance(scale, int) else scale
    h, w = x.shape[2] * down, x.shape[3] * right
    grid = F.affine_grid(torch.eye(2, 3, dtype=x.dtype).expand(len(x), 2, 3), (*x.shape[:2], h, w), align_corners=False)
    return F.grid_sample(x, grid, align_corners=False, padding_mode="border")
