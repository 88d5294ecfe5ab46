"""Defined from the last branch to the first; one ReLU at the end for all branches.

names: Inception
"""

import torch
import torch.nn.functional as F
from torch import nn


class Inception(nn.Module):
    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj):
        super().__init__()
        self.after_pool = nn.Conv2d(in_channels, pool_proj, (1, 1))
        self.large = nn.ModuleDict({"b": nn.Conv2d(ch5x5red, ch5x5, 5, padding="same"), "a": nn.Identity()})
        self.middle = nn.ModuleDict({"b": nn.Conv2d(ch3x3red, ch3x3, 3, padding="same"), "a": nn.Identity()})
        self.direct = nn.Conv2d(in_channels, ch1x1, 1)
        self.middle["a"] = nn.Conv2d(in_channels, ch3x3red, 1)
        self.large["a"] = nn.Conv2d(in_channels, ch5x5red, 1)

    def forward(self, x):
        padded = F.pad(x, (1, 1, 1, 1), value=float("-inf"))
        pooled = padded.unfold(2, 3, 1).unfold(3, 3, 1).amax((-1, -2))
        parts = [
            self.direct(x),
            self.middle["b"](self.middle["a"](x).relu()),
            self.large["b"](self.large["a"](x).relu()),
            self.after_pool(pooled),
        ]
        return F.relu(torch.cat(parts, 1))
