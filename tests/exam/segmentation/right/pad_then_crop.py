"""Always padded convolutions; with "valid" what the padding has touched is cut off after each one.

names: UNet
"""

import torch
from torch import nn
from torch.nn import functional as F


class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        self.cut = 0 if padding == "same" else 1
        sizes = [base_channels * 2**d for d in range(depth + 1)]

        def two(i, o):
            return nn.ModuleList([nn.Conv2d(i, o, 3, padding="same"), nn.Conv2d(o, o, 3, padding="same")])

        self.contracting = nn.ModuleList([two(i, o) for i, o in zip([in_channels] + sizes[:-1], sizes)])
        self.expanding = nn.ModuleDict({str(s): nn.ModuleList([nn.ConvTranspose2d(2 * s, s, 2, 2), two(2 * s, s)]) for s in sizes[:-1]})
        self.classify = nn.Conv2d(base_channels, num_classes, 1)

    def run(self, pair, x):
        for conv in pair:
            x = F.relu(conv(x))
            if self.cut:
                x = x[:, :, 1:-1, 1:-1]
        return x

    def forward(self, x):
        stack = []
        *down, bottom = self.contracting
        for pair in down:
            x = self.run(pair, x)
            stack.append(x)
            x = x.unfold(2, 2, 2).unfold(3, 2, 2).amax((4, 5))
        x = self.run(bottom, x)
        for (up, pair), skip in zip(reversed(list(self.expanding.values())), reversed(stack)):
            x = up(x)
            extra = (skip.shape[2] - x.shape[2], skip.shape[3] - x.shape[3])
            skip = F.pad(skip, (-(extra[1] // 2), -(extra[1] - extra[1] // 2), -(extra[0] // 2), -(extra[0] - extra[0] // 2)))
            x = self.run(pair, torch.cat([skip, x], 1))
        return self.classify(x)
