"""Every output pixel begins with its channel's bias, which need not be there.

names: conv2d_naive
mistake: bias-none
where: plainest, bias, no bias
"""

import torch


def conv2d_naive(x, weight, bias=None):
    N, C, H, W = x.shape
    O, _, kh, kw = weight.shape
    out = torch.zeros(N, O, H - kh + 1, W - kw + 1, dtype=x.dtype)
    for n in range(N):
        for o in range(O):
            for i in range(H - kh + 1):
                for j in range(W - kw + 1):
                    out[n, o, i, j] = (x[n, :, i : i + kh, j : j + kw] * weight[o]).sum() + bias[o]
    return out
