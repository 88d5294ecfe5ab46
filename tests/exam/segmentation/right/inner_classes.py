"""Encoder and decoder are classes inside the class; the decoder keeps the encoder's maps as a generator's values.

names: UNet
"""

import torch
import torch.nn as nn


class UNet(nn.Module):
    class Encoder(nn.Module):
        def __init__(self, widths, padding):
            super().__init__()
            self.levels = nn.ModuleList(UNet.pair(a, b, padding) for a, b in zip(widths, widths[1:]))

        def forward(self, x):
            for i, level in enumerate(self.levels):
                x = level(x if i == 0 else torch.max_pool2d(x, 2))
                yield x

    class Decoder(nn.Module):
        def __init__(self, widths, padding):
            super().__init__()
            down = widths[:0:-1]
            self.levels = nn.ModuleList(UNet.pair(a, b, padding) for a, b in zip(down, down[1:]))
            self.ups = nn.ModuleList(nn.ConvTranspose2d(a, b, kernel_size=2, stride=2) for a, b in zip(down, down[1:]))

        def forward(self, x, skips):
            for up, level, skip in zip(self.ups, self.levels, skips):
                x = up(x)
                offset = [(s - t) // 2 for s, t in zip(skip.shape, x.shape)]
                for axis in (2, 3):
                    skip = skip.narrow(axis, offset[axis], x.shape[axis])
                x = level(torch.cat([skip, x], 1))
            return x

    @staticmethod
    def pair(a, b, padding):
        return nn.Sequential(nn.Conv2d(a, b, 3, padding=padding), nn.ReLU(), nn.Conv2d(b, b, 3, padding=padding), nn.ReLU())

    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        widths = [in_channels, *(base_channels * 2**i for i in range(depth + 1))]
        self.encoder, self.decoder = UNet.Encoder(widths, padding), UNet.Decoder(widths, padding)
        self.classifier = nn.Conv2d(base_channels, num_classes, 1)

    def forward(self, x):
        *skips, x = self.encoder(x)
        return self.classifier(self.decoder(x, skips[::-1]))
