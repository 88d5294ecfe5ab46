"""Written for one image: the others of the batch stay zero.

names: conv2d_naive
mistake: batch-first-item
where: batch
visible: caught
"""

import torch


def conv2d_naive(x, weight, bias=None):
    N, C, H, W = x.shape
    O, _, kh, kw = weight.shape
    out = torch.zeros(N, O, H - kh + 1, W - kw + 1, dtype=x.dtype)
    image = x[0]
    for o in range(O):
        for i in range(H - kh + 1):
            for j in range(W - kw + 1):
                out[0, o, i, j] = (image[:, i : i + kh, j : j + kw] * weight[o]).sum()
                if bias is not None:
                    out[0, o, i, j] += bias[o]
    return out
