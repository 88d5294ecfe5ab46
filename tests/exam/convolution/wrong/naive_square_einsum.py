"""Strided windows of one kernel size, and an einsum over them.

names: conv2d_naive
mistake: square-kernel
where: kernel not square, image not square
"""

import torch


def conv2d_naive(x, weight, bias=None):
    b, ic, h, w = x.shape
    oc, ic, k, _ = weight.shape
    sb, sc, sh, sw = x.stride()
    windows = x.as_strided((b, ic, h - k + 1, w - k + 1, k, k), (sb, sc, sh, sw, sh, sw))
    out = torch.einsum("bihwuv,oiuv->bohw", windows, weight)
    return out if bias is None else out + bias[:, None, None]
