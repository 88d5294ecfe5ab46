"""PyTorch's own.

names: max_unpool2d
mistake: banned-call
where: banned
visible: caught
"""

import torch.nn.functional as F


def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    return F.max_unpool2d(x, indices, kernel_size, stride, padding, output_size)
