"""Skips are a Python list that two small functions fill and empty; max pooling as amax over stacked corners.

names: UNet
"""

import torch
from torch import nn


def smaller(x):
    return torch.stack([x[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)]).amax(0)


class Twice(nn.Module):
    def __init__(self, a, b, padding):
        super().__init__()
        self.convs = nn.ModuleDict({"one": nn.Conv2d(a, b, 3, padding=padding), "two": nn.Conv2d(b, b, 3, padding=padding)})

    def forward(self, x):
        for conv in self.convs.values():
            x = torch.maximum(conv(x), torch.zeros(()))
        return x


class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        plan = [base_channels * 2**k for k in range(depth)]
        self.left = nn.ModuleList()
        self.right = nn.ModuleList()
        c = in_channels
        for width in plan:
            self.left.append(Twice(c, width, padding))
            c = width
        self.bottom = Twice(c, base_channels * 2**depth, padding)
        for width in plan[::-1]:
            self.right.append(nn.ModuleList([nn.ConvTranspose2d(2 * width, width, 2, 2), Twice(2 * width, width, padding)]))
        self.tail = nn.Conv2d(base_channels, num_classes, 1)

    def forward(self, x):
        stack = []
        for left in self.left:
            x = left(x)
            stack.append(x)
            x = smaller(x)
        x = self.bottom(x)
        for up, both in self.right:
            x = up(x)
            skip = stack.pop()
            cut = [(skip.shape[a] - x.shape[a]) // 2 for a in (2, 3)]
            skip = skip[:, :, cut[0] : skip.shape[2] - cut[0], cut[1] : skip.shape[3] - cut[1]]
            x = both(torch.cat([skip, x], dim=1))
        return self.tail(x)
