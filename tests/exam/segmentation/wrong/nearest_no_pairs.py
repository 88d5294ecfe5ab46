"""Whole numbers only.

names: upsample_nearest
mistake: pairs-refused
where: pair, equal pair
visible: caught
"""

def upsample_nearest(x, scale):
    down = right = int(scale)
    return x.repeat_interleave(down, 2).repeat_interleave(right, 3)
