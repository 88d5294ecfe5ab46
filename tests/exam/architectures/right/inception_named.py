"""Six convolutions, each under a name of its own.

names: Inception
"""

import torch
from torch import nn


class Inception(nn.Module):
    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj):
        super().__init__()
        self.branch1 = nn.Conv2d(in_channels, ch1x1, 1)
        self.reduce3 = nn.Conv2d(in_channels, ch3x3red, 1)
        self.branch3 = nn.Conv2d(ch3x3red, ch3x3, 3, padding=1)
        self.reduce5 = nn.Conv2d(in_channels, ch5x5red, 1)
        self.branch5 = nn.Conv2d(ch5x5red, ch5x5, 5, padding=2)
        self.pool = nn.MaxPool2d(3, stride=1, padding=1)
        self.project = nn.Conv2d(in_channels, pool_proj, 1)

    def forward(self, x):
        one = torch.relu(self.branch1(x))
        three = torch.relu(self.branch3(torch.relu(self.reduce3(x))))
        five = torch.relu(self.branch5(torch.relu(self.reduce5(x))))
        pooled = torch.relu(self.project(self.pool(x)))
        return torch.cat([one, three, five, pooled], 1)
