"""nn.Conv2d under another name: forward is the library's.

names: Conv2d
mistake: library-base
where: banned
"""

from torch import nn


class Conv2d(nn.Conv2d):
    """A two-dimensional convolution."""

    def forward(self, x):
        return super().forward(x)
