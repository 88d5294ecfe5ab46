"""The bias is added inside the loop over input channels.

names: conv2d_naive
mistake: bias-per-channel
where: bias, channels
visible: caught
"""

import torch


def conv2d_naive(x, weight, bias=None):
    N, C, H, W = x.shape
    O, _, kh, kw = weight.shape
    out = torch.zeros(N, O, H - kh + 1, W - kw + 1, dtype=x.dtype)
    for o in range(O):
        for c in range(C):
            for i in range(H - kh + 1):
                for j in range(W - kw + 1):
                    out[:, o, i, j] += (x[:, c, i : i + kh, j : j + kw] * weight[o, c]).sum((1, 2))
            if bias is not None:
                out[:, o] += bias[o]
    return out
