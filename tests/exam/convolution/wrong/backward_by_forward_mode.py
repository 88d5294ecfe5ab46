"""Forward-mode differentiation, one entry at a time.

names: conv2d_backward
mistake: grad-autograd
where: banned
"""

import torch
import torch.nn.functional as F


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    (sh, sw), (ph, pw), (kh, kw) = pair(stride), pair(padding), weight.shape[2:]

    def loss(x, weight, bias):
        windows = F.pad(x, (pw, pw, ph, ph)).unfold(2, kh, sh).unfold(3, kw, sw)
        out = torch.einsum("nchwij,ocij->nohw", windows, weight) + bias[:, None, None]
        return (out * grad_out).sum()

    return torch.func.jacfwd(loss, (0, 1, 2))(x.contiguous(), weight, x.new_zeros(len(weight)))
