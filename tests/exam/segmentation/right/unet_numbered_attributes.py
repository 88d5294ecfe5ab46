"""Numbered attributes; skips cropped by negative padding.

names: UNet
"""

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, cin, cout, padding):
        super().__init__()
        self.a = nn.Conv2d(cin, cout, 3, padding=padding)
        self.b = nn.Conv2d(cout, cout, 3, padding=padding)

    def forward(self, x):
        return self.b(self.a(x).relu()).relu()


class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        self.depth = depth
        c = base_channels
        self.enc0 = Block(in_channels, c, padding)
        for i in range(depth):
            setattr(self, f"enc{i + 1}", Block(c, 2 * c, padding))
            setattr(self, f"up{i}", nn.ConvTranspose2d(2 * c, c, 2, 2))
            setattr(self, f"dec{i}", Block(2 * c, c, padding))
            c *= 2
        self.out = nn.Conv2d(base_channels, num_classes, 1)

    def forward(self, x):
        features = []
        for i in range(self.depth + 1):
            x = getattr(self, f"enc{i}")(x)
            features.append(x)
            if i < self.depth:
                x = F.max_pool2d(x, 2)
        for i in reversed(range(self.depth)):
            x = getattr(self, f"up{i}")(x)
            f = features[i]
            dy, dx = (f.shape[2] - x.shape[2]) // 2, (f.shape[3] - x.shape[3]) // 2
            f = F.pad(f, (-dx, -dx, -dy, -dy))
            x = getattr(self, f"dec{i}")(torch.cat((x, f), 1))
        return self.out(x)
