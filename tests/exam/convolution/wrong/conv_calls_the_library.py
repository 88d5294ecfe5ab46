"""It calls F.conv2d.

names: conv2d
mistake: banned-call
where: banned
"""

import torch.nn.functional as F


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return F.conv2d(x, weight, bias, stride, padding, dilation, groups)
