"""Convolutions as matrix products over windows, pooling by reshaping, up-convolution by einsum and pixel shuffle.

names: UNet, conv_transpose2d, upsample_nearest, upsample_bilinear
"""

import math

import torch
from torch import nn


def conv3(x, w, b, pad):
    """w is (9 · c_in, c_out)."""
    if pad:
        x = nn.functional.pad(x, (1, 1, 1, 1))
    windows = x.unfold(2, 3, 1).unfold(3, 3, 1).permute(0, 2, 3, 1, 4, 5).flatten(3)
    return (windows @ w + b).permute(0, 3, 1, 2)


class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, base_channels=64, depth=4, padding="valid"):
        super().__init__()
        self.pad, self.levels = padding == "same", depth
        cin = in_channels
        for level in range(depth + 1):
            c = base_channels * 2**level
            self.weights(f"e{level}", (9 * cin, c), (9 * c, c))
            if level < depth:
                self.weights(f"d{level}", (18 * c, c), (9 * c, c))
                self.weights(f"u{level}", (2 * c, 4 * c), bias=c)
            cin = c
        self.weights("o", (base_channels, num_classes))

    def weights(self, name, *shapes, bias=None):
        for i, (fan, out) in enumerate(shapes):
            self.register_parameter(f"{name}w{i}", nn.Parameter(torch.randn(fan, out) * math.sqrt(2 / fan)))
            self.register_parameter(f"{name}b{i}", nn.Parameter(torch.zeros(bias or out)))

    def get(self, name, i=0):
        return getattr(self, f"{name}w{i}"), getattr(self, f"{name}b{i}")

    def two(self, x, name):
        x = conv3(x, *self.get(name, 0), self.pad).clamp_min(0)
        return conv3(x, *self.get(name, 1), self.pad).clamp_min(0)

    def forward(self, x):
        skips = []
        for level in range(self.levels + 1):
            if level:
                n, c, h, w = x.shape
                x = x[:, :, : h // 2 * 2, : w // 2 * 2].reshape(n, c, h // 2, 2, w // 2, 2).amax((3, 5))
            x = self.two(x, f"e{level}")
            skips.append(x)
        skips.pop()
        for level in reversed(range(self.levels)):
            w, b = self.get(f"u{level}")
            x = nn.functional.pixel_shuffle(torch.einsum("nchw,ck->nkhw", x, w), 2) + b[:, None, None]
            s = skips.pop()
            i, j = ((a - c) // 2 for a, c in zip(s.shape[2:], x.shape[2:]))
            x = self.two(torch.cat([s[:, :, i : i + x.shape[2], j : j + x.shape[3]], x], 1), f"d{level}")
        w, b = self.get("o")
        return torch.einsum("nchw,ck->nkhw", x, w) + b[:, None, None]


def pair(v):
    return (v, v) if isinstance(v, int) else tuple(v)


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Spread the input out, pad it, and slide the turned kernel over it."""
    s, p, o, d = map(pair, (stride, padding, output_padding, dilation))
    for a, b, c in zip(o, s, d):
        if not a < max(b, c):
            raise ValueError("output_padding is too large")
    if x.size(1) != weight.size(0) or x.size(1) % groups:
        raise ValueError("channels")
    n, c, h, w = x.shape
    k = weight.shape[2:]
    lead = [d[i] * (k[i] - 1) for i in (0, 1)]
    sizes = [((h, w)[i] - 1) * s[i] + 1 + 2 * lead[i] + o[i] for i in (0, 1)]
    wide = torch.zeros(n, c, *sizes, dtype=x.dtype)
    wide[:, :, lead[0] : lead[0] + (h - 1) * s[0] + 1 : s[0], lead[1] : lead[1] + (w - 1) * s[1] + 1 : s[1]] = x
    views = wide.unfold(2, lead[0] + 1, 1).unfold(3, lead[1] + 1, 1)[..., :: d[0], :: d[1]].flip(-1, -2)
    views = views.reshape(n, groups, c // groups, *views.shape[2:])
    out = torch.einsum("ngchwij,gcoij->ngohw", views, weight.reshape(groups, c // groups, *weight.shape[1:])).flatten(1, 2)
    out = out[:, :, p[0] : out.shape[2] - p[0], p[1] : out.shape[3] - p[1]]
    return out if bias is None else out + bias.reshape(1, -1, 1, 1)


def upsample_nearest(x, scale):
    a, b = pair(scale)
    n, c, h, w = x.shape
    return x[:, :, :, None, :, None].expand(n, c, h, a, w, b).reshape(n, c, h * a, w * b)


def matrix(n, m, corners, dtype):
    """(m, n): row i mixes the two pixels around output i."""
    out = torch.zeros(m, n, dtype=dtype)
    for i in range(m):
        at = (i * (n - 1) / (m - 1) if m > 1 else 0.0) if corners else (i + 0.5) * n / m - 0.5
        at = min(max(at, 0.0), n - 1.0)
        low = int(at)
        high = min(low + 1, n - 1)
        out[i, low] += 1 - (at - low)
        out[i, high] += at - low
    return out


def upsample_bilinear(x, size, align_corners=False):
    h, w = pair(size)
    rows, columns = matrix(x.shape[2], h, align_corners, x.dtype), matrix(x.shape[3], w, align_corners, x.dtype)
    return rows @ x @ columns.T
