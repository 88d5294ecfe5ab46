"""The kernel is flipped, as in mathematics.

names: conv2d_naive
mistake: flipped-kernel
where: plainest
visible: caught
"""

import torch


def conv2d_naive(x, weight, bias=None):
    N, C, H, W = x.shape
    O, _, kh, kw = weight.shape
    out = torch.zeros(N, O, H - kh + 1, W - kw + 1, dtype=x.dtype)
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            for u in range(kh):
                for v in range(kw):
                    out[:, :, i, j] += x[:, :, i + kh - 1 - u, j + kw - 1 - v] @ weight[:, :, u, v].T
    if bias is not None:
        out = out + bias.view(1, -1, 1, 1)
    return out
