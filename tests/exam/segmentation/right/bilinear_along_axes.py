"""One axis after the other, with places in float64.

names: upsample_bilinear
"""

import torch


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
    return along(along(x, h, 2, align_corners), w, 3, align_corners)
