"""The whole picture is repeated.

names: upsample_nearest
mistake: nearest-tiled
where: plainest
visible: caught
"""

def upsample_nearest(x, scale):
    down, right = (scale, scale) if isinstance(scale, int) else scale
    return x.repeat(1, 1, down, right)
