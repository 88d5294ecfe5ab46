"""Blocks in lists; the encoder's weights are loaded layer by layer.

names: VGGUNet
"""

import torch
import torch.nn.functional as F
from torch import nn


def block(cin, cout):
    return nn.Sequential(nn.Conv2d(cin, cout, 3, padding=1), nn.ReLU(), nn.Conv2d(cout, cout, 3, padding=1), nn.ReLU())


class VGGUNet(nn.Module):
    def __init__(self, num_classes=1, num_blocks=4, encoder=None):
        super().__init__()
        widths = [64, 128, 256, 512][:num_blocks]
        self.blocks = nn.ModuleList(block(a, b) for a, b in zip([3, *widths], widths))
        if encoder is not None:
            own = [m for m in self.blocks.modules() if isinstance(m, nn.Conv2d)]
            theirs = [m for m in encoder if isinstance(m, nn.Conv2d)]
            for a, b in zip(own, theirs):
                a.load_state_dict(b.state_dict())
        self.ups = nn.ModuleList(nn.Conv2d(2 * c, c, 3, padding=1) for c in widths[:-1])
        self.decs = nn.ModuleList(block(2 * c, c) for c in widths[:-1])
        self.head = nn.Conv2d(64, num_classes, 1)

    def forward(self, x):
        skips = []
        for i, b in enumerate(self.blocks):
            if i:
                x = F.max_pool2d(x, 2)
            x = b(x)
            skips.append(x)
        for up, dec, skip in list(zip(self.ups, self.decs, skips))[::-1]:
            x = F.relu(up(F.interpolate(x, scale_factor=2)))
            x = dec(torch.cat([skip, x], 1))
        return self.head(x)
