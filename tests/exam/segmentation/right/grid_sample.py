"""Through grid_sample, whose grid does the arithmetic.

names: upsample_nearest, upsample_bilinear
"""

import torch
import torch.nn.functional as F


def both(v):
    return v if isinstance(v, (tuple, list)) else (v, v)


def upsample_nearest(x, scale):
    sy, sx = both(scale)
    rows = torch.arange(x.shape[2] * sy) // sy
    cols = torch.arange(x.shape[3] * sx) // sx
    return x[:, :, rows][:, :, :, cols]


def line(n, m, align_corners, dtype):
    i = torch.arange(m, dtype=torch.float64)
    at = (i * (n - 1) / (m - 1) if m > 1 else 0 * i) if align_corners else (i + 0.5) * n / m - 0.5
    return ((2 * at + 1) / n - 1).to(dtype)


def upsample_bilinear(x, size, align_corners=False):
    h, w = both(size)
    y, z = line(x.shape[2], h, align_corners, x.dtype), line(x.shape[3], w, align_corners, x.dtype)
    grid = torch.stack(torch.meshgrid(z, y, indexing="xy"), -1)
    return F.grid_sample(x, grid.expand(len(x), -1, -1, -1), padding_mode="border", align_corners=False)
