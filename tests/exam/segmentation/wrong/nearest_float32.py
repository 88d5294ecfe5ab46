"""Always float32.

names: upsample_nearest
mistake: float32-result
where: type, float64
visible: caught
"""

def upsample_nearest(x, scale):
    down, right = (scale, scale) if isinstance(scale, int) else scale
    return x.float().repeat_interleave(down, 2).repeat_interleave(right, 3)
