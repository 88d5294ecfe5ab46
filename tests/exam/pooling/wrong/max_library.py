"""PyTorch's own.

names: max_pool2d
mistake: banned-call
where: banned
visible: caught
"""

import torch.nn.functional as F


def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    return F.max_pool2d(x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)
