"""Right before down.

names: upsample_nearest
mistake: scale-swapped
where: pair, unequal pair, scale pair, sizes
visible: caught
"""

def upsample_nearest(x, scale):
    right, down = (scale, scale) if isinstance(scale, int) else scale
    return x.repeat_interleave(down, 2).repeat_interleave(right, 3)
