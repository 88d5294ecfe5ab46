"""Zeros between the pixels, then an ordinary convolution with the turned and transposed kernel.

names: conv_transpose2d
"""

import torch
import torch.nn.functional as F


def pair(v):
    return (v, v) if isinstance(v, int) else v


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    (sh, sw), (ph, pw), (oh, ow), (dh, dw) = pair(stride), pair(padding), pair(output_padding), pair(dilation)
    if oh >= max(sh, dh) or ow >= max(sw, dw):
        raise ValueError("output_padding")
    n, c, h, w = x.shape
    if c != weight.shape[0] or c % groups:
        raise ValueError("channels")
    spread = torch.zeros(n, c, h, sh, w, sw, dtype=x.dtype)
    spread[:, :, :, 0, :, 0] = x
    spread = spread.reshape(n, c, h * sh, w * sw)[:, :, : (h - 1) * sh + 1, : (w - 1) * sw + 1]
    kh, kw = weight.shape[2:]
    top, left = dh * (kh - 1) - ph, dw * (kw - 1) - pw
    spread = F.pad(spread, (left, left + ow, top, top + oh))
    kernel = weight.flip((2, 3)).unflatten(0, (groups, -1)).transpose(1, 2).flatten(0, 1)
    return F.conv2d(spread, kernel, bias, dilation=(dh, dw), groups=groups)
