"""One kernel size for both axes.

names: conv2d_naive
mistake: square-kernel
where: kernel not square, sizes
visible: caught
"""

import torch


def conv2d_naive(x, weight, bias=None):
    N, C, H, W = x.shape
    O, C, k, _ = weight.shape
    out = x.new_zeros(N, O, H - k + 1, W - k + 1)
    for i in range(H - k + 1):
        for j in range(W - k + 1):
            patch = x[:, None, :, i : i + k, j : j + k]
            out[:, :, i, j] = (patch * weight).sum((2, 3, 4))
    return out if bias is None else out + bias.reshape(-1, 1, 1)
