"""Module lists for the way down and the way up.

names: UNet
"""

import torch
import torch.nn.functional as F
from torch import nn


def double(cin, cout, p):
    return nn.Sequential(nn.Conv2d(cin, cout, 3, padding=p), nn.ReLU(), nn.Conv2d(cout, cout, 3, padding=p), nn.ReLU())


def crop(skip, x):
    dy, dx = (skip.shape[2] - x.shape[2]) // 2, (skip.shape[3] - x.shape[3]) // 2
    return skip[:, :, dy : dy + x.shape[2], dx : dx + x.shape[3]]


class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        p = 1 if padding == "same" else 0
        widths = [base_channels * 2**i for i in range(depth + 1)]
        self.down = nn.ModuleList(double(a, b, p) for a, b in zip([in_channels, *widths], widths))
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * c, c, 2, stride=2) for c in widths[-2::-1])
        self.dec = nn.ModuleList(double(2 * c, c, p) for c in widths[-2::-1])
        self.head = nn.Conv2d(base_channels, num_classes, 1)

    def forward(self, x):
        skips = []
        for block in self.down[:-1]:
            x = block(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.down[-1](x)
        for up, block, skip in zip(self.up, self.dec, reversed(skips)):
            x = up(x)
            x = block(torch.cat([crop(skip, x), x], 1))
        return self.head(x)
