"""The parameters are its own, and the forward of an nn.Conv2d does the work.

names: Conv2d
mistake: banned-call
where: banned
"""

from torch import nn


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, **options):
        super().__init__()
        layer = nn.Conv2d(in_channels, out_channels, kernel_size, **options)
        self.weight = layer.weight
        self.register_parameter("bias", layer.bias)
        self.run = layer.forward

    def forward(self, x):
        return self.run(x)
