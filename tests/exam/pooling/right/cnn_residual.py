"""Residual blocks with group norm and SiLU, max and mean of the last map side by side.

names: SimpleCNN
"""

import torch
from torch import nn


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.GroupNorm(4, channels)
        self.one = nn.Conv2d(channels, channels, 3, padding=1)
        self.two = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return x + self.two(nn.functional.silu(self.one(self.norm(x))))


class SimpleCNN(nn.Module):
    def __init__(self, in_channels, num_classes, width=32):
        super().__init__()
        self.stem = nn.Conv2d(in_channels, width, 3, padding=1)
        self.blocks = nn.ModuleList([Residual(width) for _ in range(2)])
        self.down = nn.AvgPool2d(2)
        self.classifier = nn.Sequential(nn.LayerNorm(2 * width * 4), nn.Linear(2 * width * 4, num_classes))

    def forward(self, x):
        x = self.stem(x)
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number == 0:
                x = self.down(x)
        both = [nn.functional.adaptive_avg_pool2d(x, 2), nn.functional.adaptive_max_pool2d(x, 2)]
        return self.classifier(torch.cat(both, 1).flatten(1))
