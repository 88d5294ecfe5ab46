"""The kernel's width counts for its height as well.

names: conv2d_naive
mistake: square-kernel
where: kernel not square, image not square
"""

import torch


def conv2d_naive(x, weight, bias=None):
    N, C, H, W = x.shape
    O, _, _, k = weight.shape
    out = torch.zeros(N, O, H - k + 1, W - k + 1, dtype=x.dtype)
    for n in range(N):
        for o in range(O):
            for i in range(H - k + 1):
                for j in range(W - k + 1):
                    out[n, o, i, j] = (x[n, :, i : i + k, j : j + k] * weight[o]).sum()
            if bias is not None:
                out[n, o] += bias[o]
    return out
