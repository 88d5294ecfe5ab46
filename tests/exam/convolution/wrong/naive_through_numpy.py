"""The loops run over NumPy arrays, so no gradient comes back.

names: conv2d_naive
mistake: detached
where: gradient, x, weight, bias
visible: caught
"""

import numpy as np
import torch


def conv2d_naive(x, weight, bias=None):
    image, kernel = x.detach().numpy(), weight.detach().numpy()
    N, C, H, W = image.shape
    O, _, kh, kw = kernel.shape
    out = np.zeros((N, O, H - kh + 1, W - kw + 1), dtype=image.dtype)
    for i in range(H - kh + 1):
        for j in range(W - kw + 1):
            out[:, :, i, j] = np.tensordot(image[:, :, i : i + kh, j : j + kw], kernel, axes=([1, 2, 3], [1, 2, 3]))
    if bias is not None:
        out += bias.detach().numpy()[:, None, None]
    return torch.from_numpy(out)
