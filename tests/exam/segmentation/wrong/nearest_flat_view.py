"""A view of memory that must be dense.

names: upsample_nearest
mistake: contiguous-only
where: layout
"""

def upsample_nearest(x, scale):
    down, right = (scale, scale) if isinstance(scale, int) else scale
    n, c, h, w = x.shape
    return x.view(n * c * h, w).repeat_interleave(right, 1).view(n, c, h, -1).repeat_interleave(down, 2)
