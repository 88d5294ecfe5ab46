"""The channels' answers are averaged.

names: conv2d_naive
mistake: channels-averaged
where: channels
visible: caught
"""

import torch


def conv2d_naive(x, weight, bias=None):
    kh, kw = weight.shape[2:]
    planes = []
    for c in range(x.shape[1]):
        windows = x[:, c].unfold(1, kh, 1).unfold(2, kw, 1)
        planes.append(torch.einsum("nhwij,oij->nohw", windows, weight[:, c]))
    out = torch.stack(planes).mean(0)
    return out if bias is None else out + bias[:, None, None]
