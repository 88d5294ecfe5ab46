"""The loops stop one window early.

names: conv2d_naive
mistake: plus-one-missing
where: plainest, sizes
visible: caught
"""

import torch


def conv2d_naive(x, weight, bias=None):
    kh, kw = weight.shape[2:]
    height, width = x.shape[2] - kh, x.shape[3] - kw
    out = x.new_zeros(x.shape[0], weight.shape[0], height, width)
    for i in range(height):
        for j in range(width):
            out[:, :, i, j] = torch.tensordot(x[:, :, i : i + kh, j : j + kw], weight, ([1, 2, 3], [1, 2, 3]))
    return out if bias is None else out + bias[None, :, None, None]
