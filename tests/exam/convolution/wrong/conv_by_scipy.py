"""SciPy's correlate, plane by plane.

names: conv2d
mistake: banned-call
where: banned
"""

import torch
from scipy.signal import correlate


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    n, _, h, w = x.shape
    o, _, kh, kw = weight.shape
    out = torch.zeros(n, o, h - kh + 1, w - kw + 1, dtype=x.dtype)
    for image in range(n):
        for kernel in range(o):
            found = correlate(x[image].detach().numpy(), weight[kernel].detach().numpy(), mode="valid")
            out[image, kernel] = torch.from_numpy(found[0])
    return out if bias is None else out + bias[:, None, None]
