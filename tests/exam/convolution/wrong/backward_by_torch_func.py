"""torch.func.vjp does it, which works where `backward` does not.

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

    def forward(x, weight, bias):
        windows = F.pad(x, (pw, pw, ph, ph)).unfold(2, kh, sh).unfold(3, kw, sw)
        return torch.einsum("nchwij,ocij->nohw", windows, weight) + bias[:, None, None]

    _, gradients = torch.func.vjp(forward, x, weight, x.new_zeros(len(weight)))
    return gradients(grad_out)
