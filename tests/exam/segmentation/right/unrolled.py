"""Every level has its own attribute, set and read by name; ReLU modules are shared, since they hold nothing.

names: UNet, VGGUNet
"""

import torch
from torch import nn


class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        self.depth = depth
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(2, 2)
        ch = in_channels
        for level in range(1, depth + 2):
            out = base_channels * 2 ** (level - 1)
            setattr(self, f"conv{level}_1", nn.Conv2d(ch, out, (3, 3), padding=padding))
            setattr(self, f"conv{level}_2", nn.Conv2d(out, out, (3, 3), padding=padding))
            ch = out
        for level in range(depth, 0, -1):
            out = ch // 2
            setattr(self, f"upconv{level}", nn.ConvTranspose2d(ch, out, (2, 2), (2, 2)))
            setattr(self, f"deconv{level}_1", nn.Conv2d(ch, out, (3, 3), padding=padding))
            setattr(self, f"deconv{level}_2", nn.Conv2d(out, out, (3, 3), padding=padding))
            ch = out
        self.output = nn.Conv2d(ch, num_classes, (1, 1))

    def forward(self, image):
        at = {}
        x = image
        for level in range(1, self.depth + 2):
            x = self.relu(getattr(self, f"conv{level}_1")(x))
            x = self.relu(getattr(self, f"conv{level}_2")(x))
            if level <= self.depth:
                at[level] = x
                x = self.pool(x)
        for level in range(self.depth, 0, -1):
            x = getattr(self, f"upconv{level}")(x)
            r = (at[level].size(2) - x.size(2)) // 2
            c = (at[level].size(3) - x.size(3)) // 2
            x = torch.cat((at[level][:, :, r : r + x.size(2), c : c + x.size(3)], x), dim=1)
            x = self.relu(getattr(self, f"deconv{level}_1")(x))
            x = self.relu(getattr(self, f"deconv{level}_2")(x))
        return self.output(x)


class VGGUNet(nn.Module):
    """Pooling and upsampling are layers; encoder blocks are slices of the given features where there are some."""

    def __init__(self, num_classes=1, num_blocks=4, encoder=None):
        super().__init__()
        self.n = num_blocks
        before = 3
        for i, c in enumerate([64, 128, 256, 512][:num_blocks]):
            if encoder is None:
                part = nn.Sequential(nn.Conv2d(before, c, 3, 1, 1), nn.ReLU(), nn.Conv2d(c, c, 3, 1, 1), nn.ReLU())
            else:
                part = nn.Sequential(*[encoder[5 * i + j] for j in range(4)])
            setattr(self, f"block{i}", part)
            if i:
                setattr(self, f"narrow{i}", nn.Conv2d(c, before, 3, 1, 1))
                merge = nn.Sequential(nn.Conv2d(c, before, 3, 1, 1), nn.ReLU(), nn.Conv2d(before, before, 3, 1, 1), nn.ReLU())
                setattr(self, f"merge{i}", merge)
            before = c
        self.pool = nn.MaxPool2d(2)
        self.twice = nn.Upsample(scale_factor=2, mode="bilinear")
        self.top = nn.Conv2d(64, num_classes, 1)

    def forward(self, x):
        kept = []
        for i in range(self.n):
            x = getattr(self, f"block{i}")(self.pool(x) if i else x)
            kept.append(x)
        for i in range(self.n - 1, 0, -1):
            x = getattr(self, f"narrow{i}")(self.twice(x))
            x = getattr(self, f"merge{i}")(torch.cat([kept[i - 1], x], 1))
        return self.top(x)
