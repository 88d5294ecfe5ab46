"""The given encoder itself, or torchvision's, cut off after its last block; skips are what its poolings are given.

names: VGGUNet
"""

import torch
import torchvision
from torch import nn


class VGGUNet(nn.Module):
    CUTS = {1: 4, 2: 9, 3: 14, 4: 19}

    def __init__(self, num_classes=1, num_blocks=4, encoder=None):
        super().__init__()
        if encoder is None:
            encoder = torchvision.models.vgg13(weights=None).features
        self.encoder = encoder[: self.CUTS[num_blocks]]
        widths = [64 * 2**i for i in range(num_blocks)]
        self.decoder = nn.ModuleDict()
        for i in range(num_blocks - 1, 0, -1):
            c = widths[i - 1]
            self.decoder[f"squeeze_{i}"] = nn.Conv2d(2 * c, c, kernel_size=3, padding="same")
            self.decoder[f"fuse_{i}"] = nn.Sequential(
                nn.Conv2d(2 * c, c, kernel_size=3, padding="same"), nn.ReLU(True),
                nn.Conv2d(c, c, kernel_size=3, padding="same"), nn.ReLU(True),
            )  # fmt: skip
        self.classifier = nn.Conv2d(64, num_classes, kernel_size=1)

    def forward(self, x):
        skips = {}
        for layer in self.encoder:
            if isinstance(layer, nn.MaxPool2d):
                skips[len(skips) + 1] = x
            x = layer(x)
        for i in sorted(skips, reverse=True):
            x = nn.functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = self.decoder[f"squeeze_{i}"](x)
            x = self.decoder[f"fuse_{i}"](torch.cat([skips[i], x], dim=1))
        return self.classifier(x)
