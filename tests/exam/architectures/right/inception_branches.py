"""Four `nn.Sequential` in a list, made by one helper.

names: Inception
"""

import torch
from torch import nn


def convolution(inputs, outputs, side):
    return nn.Sequential(nn.Conv2d(inputs, outputs, side, padding=side // 2), nn.ReLU(inplace=True))


class Inception(nn.Module):
    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj):
        super().__init__()
        self.branches = nn.ModuleList(
            [
                convolution(in_channels, ch1x1, 1),
                nn.Sequential(convolution(in_channels, ch3x3red, 1), convolution(ch3x3red, ch3x3, 3)),
                nn.Sequential(convolution(in_channels, ch5x5red, 1), convolution(ch5x5red, ch5x5, 5)),
                nn.Sequential(nn.MaxPool2d(3, 1, 1), convolution(in_channels, pool_proj, 1)),
            ]
        )

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], dim=1)
