"""grad_out spread by zeros, then a correlation with the turned kernel.

names: conv2d_backward
"""

import torch
import torch.nn.functional as F


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    (n, _, h, w), (o, _, kh, kw), (oh, ow) = x.shape, weight.shape, grad_out.shape[2:]
    windows = F.pad(x, (pw, pw, ph, ph)).unfold(2, kh, sh).unfold(3, kw, sw)
    grad_weight = torch.einsum("nohw,nchwij->ocij", grad_out, windows)
    # zeros between the entries of grad_out and a border of k - 1 around them; then a correlation with the turned kernel
    spread = grad_out.new_zeros(n, o, h + 2 * ph + kh - 1, w + 2 * pw + kw - 1)
    spread[:, :, kh - 1 : kh - 1 + oh * sh : sh, kw - 1 : kw - 1 + ow * sw : sw] = grad_out
    windows = spread.unfold(2, kh, 1).unfold(3, kw, 1)
    grad_padded = torch.einsum("nohwij,ocij->nchw", windows, weight.flip(2, 3))
    grad_x = grad_padded[:, :, ph : ph + h, pw : pw + w]
    return grad_x, grad_weight, grad_out.sum((0, 2, 3))
