"""A loop over windows that adds up both gradients.

names: conv2d_backward
"""

import torch


def two(v):
    return v if isinstance(v, tuple) else (v, v)


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    (sh, sw), (ph, pw) = two(stride), two(padding)
    N, C, H, W = x.shape
    O, _, kh, kw = weight.shape
    padded = torch.zeros(N, C, H + 2 * ph, W + 2 * pw, dtype=x.dtype)
    padded[:, :, ph : ph + H, pw : pw + W] = x
    grad_padded = torch.zeros_like(padded)
    grad_weight = torch.zeros_like(weight)
    for i in range(grad_out.shape[2]):
        for j in range(grad_out.shape[3]):
            g = grad_out[:, :, i, j]
            rows, columns = slice(i * sh, i * sh + kh), slice(j * sw, j * sw + kw)
            grad_padded[:, :, rows, columns] += torch.einsum("no,ocuv->ncuv", g, weight)
            grad_weight += torch.einsum("no,ncuv->ocuv", g, padded[:, :, rows, columns])
    grad_bias = grad_out.sum(dim=(0, 2, 3))
    return grad_padded[:, :, ph : ph + H, pw : pw + W], grad_weight, grad_bias
