"""Through .data.

names: upsample_nearest
mistake: detached
where: gradient, x
visible: caught
"""

def upsample_nearest(x, scale):
    down, right = (scale, scale) if isinstance(scale, int) else scale
    return x.data.repeat_interleave(down, 2).repeat_interleave(right, 3)
