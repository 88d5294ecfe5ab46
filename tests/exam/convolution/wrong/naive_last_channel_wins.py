"""`=` for `+=`: only the last input channel reaches the output.

names: conv2d_naive
mistake: channels-not-summed
where: channels
visible: caught
"""

import torch


def conv2d_naive(x, weight, bias=None):
    N, C, H, W = x.shape
    O, _, kh, kw = weight.shape
    out = torch.zeros(N, O, H - kh + 1, W - kw + 1, dtype=x.dtype)
    for n in range(N):
        for o in range(O):
            for c in range(C):
                for i in range(H - kh + 1):
                    for j in range(W - kw + 1):
                        out[n, o, i, j] = (x[n, c, i : i + kh, j : j + kw] * weight[o, c]).sum()
            if bias is not None:
                out[n, o] += bias[o]
    return out
