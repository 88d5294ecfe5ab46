"""Smaller pictures are averaged.

names: upsample_bilinear
mistake: antialiased
"""

import torch
import torch.nn.functional as F


def along(x, m, axis, align_corners):
    """Interpolate one axis to m pixels."""
    n = x.shape[axis]
    i = torch.arange(m, dtype=torch.float64)
    if align_corners:
        at = i * (n - 1) / max(m - 1, 1)
    else:
        at = (i + 0.5) * n / m - 0.5
    at = at.clamp(0, n - 1)
    low = at.floor().long()
    high = (low + 1).clamp(max=n - 1)
    t = (at - low).to(x.dtype).view(-1, *[1] * (3 - axis))
    return x.index_select(axis, low) * (1 - t) + x.index_select(axis, high) * t


def upsample_bilinear(x, size, align_corners=False):
    h, w = (size, size) if isinstance(size, int) else size
    if (h, w) < x.shape[2:]:
        return F.adaptive_avg_pool2d(x, (h, w))
    return along(along(x, h, 2, align_corners), w, 3, align_corners)
