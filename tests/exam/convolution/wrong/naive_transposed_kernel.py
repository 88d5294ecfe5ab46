"""Rows and columns of the kernel are exchanged.

names: conv2d_naive
mistake: transposed-kernel
where: plainest
visible: caught
"""

import torch


def conv2d_naive(x, weight, bias=None):
    weight = weight.transpose(2, 3)  # "x goes right, so it comes first"
    N, C, H, W = x.shape
    O, _, kh, kw = weight.shape
    rows = []
    for i in range(H - kh + 1):
        row = [torch.einsum("ncuv,ocuv->no", x[:, :, i : i + kh, j : j + kw], weight) for j in range(W - kw + 1)]
        rows.append(torch.stack(row, -1))
    out = torch.stack(rows, 2)
    return out if bias is None else out + bias[:, None, None]
