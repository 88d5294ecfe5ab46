"""PyTorch's own, as a layer.

names: avg_pool2d
mistake: banned-call
where: banned
visible: caught
"""

from torch import nn


def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    return nn.AvgPool2d(kernel_size, stride, padding, ceil_mode, count_include_pad)(x)
