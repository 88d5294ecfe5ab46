"""The convolution's matrix is built once per call, by convolving unit pictures, and its transpose applied.

names: conv_transpose2d
"""

import torch
import torch.nn.functional as F


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    pairs = [(v, v) if isinstance(v, int) else tuple(v) for v in (stride, padding, output_padding, dilation)]
    s, p, o, d = pairs
    if any(o[i] >= max(s[i], d[i]) for i in range(2)):
        raise ValueError("output_padding")
    n, c, h, w = x.shape
    if c != weight.shape[0] or c % groups:
        raise ValueError("channels")
    H, W = ((m - 1) * s[i] - 2 * p[i] + d[i] * (weight.shape[2 + i] - 1) + 1 + o[i] for i, m in enumerate((h, w)))
    per, outs = c // groups, weight.shape[1]
    units = torch.eye(H * W, dtype=x.dtype).view(H * W, 1, H, W)
    kernels = weight.reshape(c * outs, 1, *weight.shape[2:])
    rows = F.conv2d(units, kernels, None, s, p, d)[:, :, :h, :w].reshape(H * W, groups, per, outs, h * w)
    out = torch.einsum("qgcop,ngcp->ngoq", rows, x.reshape(n, groups, per, h * w)).reshape(n, groups * outs, H, W)
    return out if bias is None else out + bias[:, None, None]
