"""Every image is taken to 8 × 8 first, so a flattened map has one size; depthwise convolutions, tanh.

names: SimpleCNN
"""

import torch
import torch.nn.functional as F
from torch import nn


class SimpleCNN(nn.Module):
    def __init__(self, in_channels, num_classes):
        super().__init__()
        self.mix = nn.Conv2d(in_channels, 32, 1)
        self.deep = nn.Conv2d(32, 64, 3, padding=1, groups=32)
        self.out = nn.Linear(64 * 16, num_classes, bias=False)

    def forward(self, x):
        if x.shape[-2:] != (8, 8):
            x = F.interpolate(x, size=(8, 8), mode="bilinear", align_corners=False)
        x = torch.tanh(self.deep(torch.tanh(self.mix(x))))
        x = F.max_pool2d(x, 2)
        return x.reshape(len(x), -1) @ self.out.weight.T
