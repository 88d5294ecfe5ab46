"""Everything in channels-last order in memory, gradients by checkpoints; a float64-proof random start.

names: UNet, VGGUNet
"""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint


class ConvPair(nn.Module):
    def __init__(self, a, b, padding):
        super().__init__()
        self.a, self.b = nn.Conv2d(a, b, 3, padding=padding), nn.Conv2d(b, b, 3, padding=padding)
        for conv in (self.a, self.b):
            nn.init.orthogonal_(conv.weight)

    def forward(self, x):
        return F.relu(self.b(F.relu(self.a(x))))


class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        b = base_channels
        self.down = nn.ModuleList([ConvPair(in_channels if i == 0 else b << (i - 1), b << i, padding) for i in range(depth)])
        self.mid = ConvPair(b << (depth - 1) if depth else in_channels, b << depth, padding)
        self.up = nn.ModuleList([nn.ConvTranspose2d(b << (i + 1), b << i, 2, 2) for i in range(depth)])
        self.join = nn.ModuleList([ConvPair(b << (i + 1), b << i, padding) for i in range(depth)])
        self.out = nn.Conv2d(b, num_classes, 1)

    def forward(self, x):
        x = x.contiguous(memory_format=torch.channels_last)
        saved = []
        for block in self.down:
            x = checkpoint(block, x, use_reentrant=False)
            saved.append(x)
            x = F.max_pool2d(x, 2)
        x = self.mid(x)
        for i in range(len(saved) - 1, -1, -1):
            x = self.up[i](x)
            s = saved[i]
            dh, dw = s.shape[2] - x.shape[2], s.shape[3] - x.shape[3]
            s = s[:, :, dh // 2 : s.shape[2] - (dh - dh // 2), dw // 2 : s.shape[3] - (dw - dw // 2)]
            x = self.join[i](torch.cat((s, x), 1))
        return self.out(x)


class VGGUNet(nn.Module):
    def __init__(self, num_classes=1, num_blocks=4, encoder=None):
        super().__init__()
        w = [3, 64, 128, 256, 512][: num_blocks + 1]
        self.enc = nn.ModuleList([ConvPair(a, b, 1) for a, b in zip(w, w[1:])])
        if encoder is not None:
            tensors = iter(encoder.parameters())
            for block in self.enc:
                for mine in (block.a.weight, block.a.bias, block.b.weight, block.b.bias):
                    with torch.no_grad():
                        mine.copy_(next(tensors))
        self.thin = nn.ModuleList([nn.Conv2d(2 * c, c, 3, padding=1) for c in w[1:-1]])
        self.dec = nn.ModuleList([ConvPair(2 * c, c, 1) for c in w[1:-1]])
        self.out = nn.Conv2d(64, num_classes, 1)

    def forward(self, x):
        maps = []
        for block in self.enc:
            x = block(F.max_pool2d(maps[-1], 2) if maps else x)
            maps.append(x)
        for thin, dec, skip in zip(reversed(self.thin), reversed(self.dec), maps[-2::-1]):
            big = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
            x = dec(torch.cat((F.relu(thin(big)), skip), 1))
        return self.out(x)
