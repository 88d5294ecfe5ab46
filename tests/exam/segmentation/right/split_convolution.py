"""No concatenation: the merging convolution's weight is split in two, and the two results are added.

names: UNet
"""

import torch
import torch.nn.functional as F
from torch import nn


class Merge(nn.Module):
    def __init__(self, c, padding):
        super().__init__()
        self.first = nn.Conv2d(2 * c, c, 3)
        self.second = nn.Conv2d(c, c, 3)
        self.padding = 1 if padding == "same" else 0

    def forward(self, skip, x):
        ours, theirs = self.first.weight.chunk(2, 1)
        x = F.conv2d(skip, ours, self.first.bias, padding=self.padding) + F.conv2d(x, theirs, padding=self.padding)
        return F.conv2d(x.relu(), self.second.weight, self.second.bias, padding=self.padding).relu()


class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        self.encoder, self.decoder, self.up = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        cin = in_channels
        for i in range(depth + 1):
            c = base_channels * 2**i
            self.encoder.append(
                nn.Sequential(nn.Conv2d(cin, c, 3, padding=padding), nn.ReLU(), nn.Conv2d(c, c, 3, padding=padding), nn.ReLU())
            )
            if i < depth:
                self.up.append(nn.ConvTranspose2d(2 * c, c, 2, stride=2))
                self.decoder.append(Merge(c, padding))
            cin = c
        self.head = nn.Conv2d(base_channels, num_classes, 1)

    def forward(self, x):
        maps = [self.encoder[0](x)]
        for block in self.encoder[1:]:
            maps.append(block(F.max_pool2d(maps[-1], 2)))
        x = maps.pop()
        for i in reversed(range(len(maps))):
            x = self.up[i](x)
            h, w = x.shape[2:]
            m = maps[i]
            dy, dx = (m.shape[2] - h) // 2, (m.shape[3] - w) // 2
            x = self.decoder[i](m[:, :, dy:, dx:][:, :, :h, :w], x)
        return self.head(x)
