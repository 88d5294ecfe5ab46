"""`F.interpolate` in mode area.

names: adaptive_avg_pool2d
mistake: banned-call
where: banned
visible: caught
"""

import torch.nn.functional as F


def adaptive_avg_pool2d(x, output_size):
    size = (output_size, output_size) if isinstance(output_size, int) else output_size
    size = [n if m is None else m for n, m in zip(x.shape[2:], size)]
    return F.interpolate(x, size=size, mode="area")
