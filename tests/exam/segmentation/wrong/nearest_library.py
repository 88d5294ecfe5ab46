"""It calls F.interpolate.

names: upsample_nearest
mistake: banned-call
where: banned
"""

import torch.nn.functional as F


def upsample_nearest(x, scale):
    down, right = (scale, scale) if isinstance(scale, int) else scale
    return F.interpolate(x, scale_factor=(down, right))
