"""Dropout at the bottom, which eval mode switches off; a valid picture is cropped by negative padding.

names: UNet
"""

import torch
from torch import nn


class Double(nn.Sequential):
    def __init__(self, i, o, padding):
        super().__init__(nn.Conv2d(i, o, 3, padding=padding), nn.ReLU(), nn.Conv2d(o, o, 3, padding=padding), nn.ReLU())


class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        w = [base_channels << i for i in range(depth + 1)]
        self.enc = nn.ModuleList([Double(a, b, padding) for a, b in zip([in_channels] + w, w)])
        self.up = nn.ModuleList([nn.ConvTranspose2d(b, a, 2, 2) for a, b in zip(w, w[1:])])
        self.dec = nn.ModuleList([Double(b, a, padding) for a, b in zip(w, w[1:])])
        self.pool, self.drop = nn.MaxPool2d(2), nn.Dropout2d(0.5)
        self.to_classes = nn.Conv2d(w[0], num_classes, 1)

    def step(self, level, x):
        x = self.enc[level](x)
        if level == len(self.up):
            return self.drop(x)
        y = self.up[level](self.step(level + 1, self.pool(x)))
        d = (y.shape[3] - x.shape[3]) // 2, (y.shape[2] - x.shape[2]) // 2
        return self.dec[level](torch.cat([y, nn.functional.pad(x, (d[0], d[0], d[1], d[1]))], 1))

    def forward(self, x):
        return self.to_classes(self.step(0, x))
