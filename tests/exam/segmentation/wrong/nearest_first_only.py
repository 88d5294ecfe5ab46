"""The first number for both axes.

names: upsample_nearest
mistake: scale-first-only
where: pair, unequal pair, scale pair, sizes
visible: caught
"""

def upsample_nearest(x, scale):
    down, right = (scale, scale) if isinstance(scale, int) else (scale[0], scale[0])
    return x.repeat_interleave(down, 2).repeat_interleave(right, 3)
