"""A U-Net is a pair of convolutions around a smaller U-Net; the skip never leaves its level.

names: UNet, VGGUNet
"""

import torch
from torch import nn
from torchvision.transforms.functional import center_crop


def convs(a, b, padding):
    return nn.Sequential(nn.Conv2d(a, b, 3, padding=padding), nn.ReLU(), nn.Conv2d(b, b, 3, padding=padding), nn.ReLU())


class Level(nn.Module):
    def __init__(self, cin, c, levels, padding):
        super().__init__()
        self.before = convs(cin, c, padding)
        self.inner = None
        if levels:
            self.inner = nn.Sequential(
                nn.MaxPool2d(2), Level(c, 2 * c, levels - 1, padding), nn.ConvTranspose2d(2 * c, c, 2, 2)
            )
            self.after = convs(2 * c, c, padding)

    def forward(self, x):
        x = self.before(x)
        if self.inner is None:
            return x
        y = self.inner(x)
        return self.after(torch.cat([center_crop(x, y.shape[-2:]), y], 1))


class UNet(nn.Sequential):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__(Level(in_channels, base_channels, depth, padding), nn.Conv2d(base_channels, num_classes, 1))


class VGGLevel(nn.Module):
    def __init__(self, cin, widths, given):
        super().__init__()
        c = widths[0]
        self.block = convs(cin, c, 1)
        for mine, theirs in zip((self.block[0], self.block[2]), given):
            mine.weight, mine.bias = theirs.weight, theirs.bias
        self.below = None
        if len(widths) > 1:
            self.pool = nn.MaxPool2d(2)
            self.below = VGGLevel(c, widths[1:], given[2:])
            self.enlarge = nn.Sequential(nn.UpsamplingNearest2d(scale_factor=2), nn.Conv2d(2 * c, c, 3, padding=1))
            self.merge = convs(2 * c, c, 1)

    def forward(self, x):
        x = self.block(x)
        return x if self.below is None else self.merge(torch.cat([self.enlarge(self.below(self.pool(x))), x], 1))


class VGGUNet(nn.Module):
    def __init__(self, num_classes=1, num_blocks=4, encoder=None):
        super().__init__()
        given = [m for m in encoder or [] if hasattr(m, "weight")]
        self.body = VGGLevel(3, [64, 128, 256, 512][:num_blocks], given)
        self.final = nn.Conv2d(64, num_classes, 1)

    def forward(self, x):
        return self.final(self.body(x))
