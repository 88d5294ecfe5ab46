"""Weights stored as TensorFlow stores them, (kH, kW, in, out), turned at each call; maxima of a reshaped map.

names: UNet, VGGUNet, upsample_bilinear, boundary_weights, iou
"""

from collections import Counter

import torch
import torch.nn.functional as F
from torch import nn


class Convolution(nn.Module):
    def __init__(self, c_in, c_out, side):
        super().__init__()
        self.filters = nn.Parameter(torch.empty(side, side, c_in, c_out))
        self.offset = nn.Parameter(torch.zeros(1, c_out, 1, 1))
        nn.init.trunc_normal_(self.filters, std=(2 / (side * side * c_in)) ** 0.5)

    def forward(self, x):
        return F.conv2d(x, self.filters.permute(3, 2, 0, 1)) + self.offset


class Doubling(Convolution):
    """A 2×2 transposed convolution with stride 2: its stamps never overlap, so a product and a reshape do."""

    def forward(self, x):
        n, _, h, w = x.shape
        blocks = torch.einsum("nchw,uvco->nohuwv", x, self.filters)
        return blocks.reshape(n, -1, 2 * h, 2 * w) + self.offset


def halved(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).amax((3, 5))


class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        self.border = {"same": 1, "valid": 0}[padding]
        c = [in_channels] + [base_channels * 2**k for k in range(depth + 1)]
        self.pairs = nn.ModuleList(
            nn.ModuleList([Convolution(a, b, 3), Convolution(b, b, 3)]) for a, b in zip(c, c[1:])
        )
        self.doublings = nn.ModuleList(Doubling(2 * b, b, 2) for b in c[1:-1])
        self.merges = nn.ModuleList(nn.ModuleList([Convolution(2 * b, b, 3), Convolution(b, b, 3)]) for b in c[1:-1])
        self.scores = Convolution(base_channels, num_classes, 1)

    def twice(self, x, layers):
        for layer in layers:
            x = torch.where((y := layer(F.pad(x, [self.border] * 4))) > 0, y, torch.zeros_like(y))
        return x

    def forward(self, x):
        maps = [self.twice(x, self.pairs[0])]
        for layers in self.pairs[1:]:
            maps.append(self.twice(halved(maps[-1]), layers))
        x = maps[-1]
        for k in range(len(self.doublings) - 1, -1, -1):
            x = self.doublings[k](x)
            for axis in (2, 3):
                more = maps[k].shape[axis] - x.shape[axis]
                keep = torch.arange(more // 2, more // 2 + x.shape[axis])
                maps[k] = maps[k].index_select(axis, keep)
            x = self.twice(torch.cat([maps[k], x], 1), self.merges[k])
        return self.scores(x)


class VGGUNet(nn.Module):
    """One flat nn.Sequential of encoder layers, cut by indices; the encoder loads by its own keys."""

    def __init__(self, num_classes=1, num_blocks=4, encoder=None):
        super().__init__()
        layers, c = [], 3
        for k in range(num_blocks):
            for _ in (1, 2):
                layers += [nn.Conv2d(c, 64 * 2**k, 3, padding=1), nn.ReLU(True)]
                c = 64 * 2**k
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers[:-1])
        if encoder is not None:
            ours = self.features.state_dict()
            self.features.load_state_dict({k: v for k, v in encoder.state_dict().items() if k in ours})
        self.decoder = nn.ModuleList()
        while c > 64:
            c //= 2
            self.decoder.extend(nn.Conv2d(a * c, c, 3, padding="same") for a in (2, 2, 1))
        self.decoder.append(nn.Conv2d(c, num_classes, 1))

    def forward(self, x):
        kept = []
        for layer in self.features:
            if isinstance(layer, nn.MaxPool2d):
                kept.append(x)
            x = layer(x)
        *decoder, last = self.decoder
        for i in range(0, len(decoder), 3):
            x = decoder[i](F.interpolate(x, scale_factor=(2.0, 2.0), mode="bilinear", align_corners=True))
            x = F.relu(decoder[i + 1](torch.cat([x, kept.pop()], 1)))
            x = F.relu(decoder[i + 2](x))
        return last(x)


def upsample_bilinear(x, size, align_corners=False):
    """Row by row, column by column, in plain Python numbers."""
    size = [size, size] if isinstance(size, int) else size
    for axis, m in zip((2, 3), size):
        n, lines = x.shape[axis], []
        for i in range(m):
            if align_corners:
                p = i * (n - 1) / (m - 1) if m > 1 else 0.0
            else:
                p = min(max((i + 0.5) * n / m - 0.5, 0.0), n - 1.0)
            a = min(int(p), n - 1)
            b = min(a + 1, n - 1)
            lines.append(torch.lerp(x.select(axis, a), x.select(axis, b), p - a))
        x = torch.stack(lines, axis)
    return x


def boundary_weights(mask, width=1, boost=4.0):
    """Every neighbour is looked at, one after the other, in plain Python."""
    n, h, w = mask.shape
    weights = torch.ones(n, h, w)
    for k, image in enumerate(mask.tolist()):
        for r in range(h):
            for c in range(w):
                rows = image[max(0, r - width) : r + width + 1]
                near = {label for row in rows for label in row[max(0, c - width) : c + width + 1]}
                if len(near) > 1:
                    weights[k, r, c] += boost
    return weights


def iou(pred, target, num_classes, ignore_index=255):
    """Counters of Python numbers."""
    pairs = [(p, t) for p, t in zip(pred.flatten().tolist(), target.flatten().tolist()) if t != ignore_index]
    both = Counter(p for p, t in pairs if p == t)
    either = Counter(label for pair in pairs for label in set(pair))
    return torch.tensor([both[k] / either[k] if either[k] else torch.nan for k in range(num_classes)])
