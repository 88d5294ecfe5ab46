"""The result is made by torch.zeros, so it is float32 whatever comes in.

names: conv2d_naive
mistake: float32-result
where: type, float64
visible: caught
"""

import torch


def conv2d_naive(x, weight, bias=None):
    N, C, H, W = x.shape
    O, C, kh, kw = weight.shape
    out = torch.zeros((N, O, H - kh + 1, W - kw + 1))
    for n in range(N):
        for o in range(O):
            for i in range(H - kh + 1):
                for j in range(W - kw + 1):
                    out[n, o, i, j] = torch.sum(x[n, :, i : i + kh, j : j + kw] * weight[o])
                    if bias is not None:
                        out[n, o, i, j] += bias[o]
    return out
