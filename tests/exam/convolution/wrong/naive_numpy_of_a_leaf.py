"""`x.numpy()` without `detach`, which PyTorch refuses where a gradient is asked for.

names: conv2d_naive
mistake: none
where: gradient
"""

import numpy as np
import torch


def conv2d_naive(x, weight, bias=None):
    images, kernels = x.numpy(), weight.numpy()
    N, C, H, W = images.shape
    O, _, kh, kw = kernels.shape
    out = np.zeros((N, O, H - kh + 1, W - kw + 1), dtype=images.dtype)
    for i in range(H - kh + 1):
        for j in range(W - kw + 1):
            out[:, :, i, j] = np.einsum("ncuv,ocuv->no", images[:, :, i : i + kh, j : j + kw], kernels)
    if bias is not None:
        out += bias.numpy()[:, None, None]
    return torch.from_numpy(out)
