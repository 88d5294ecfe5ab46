"""`scipy.signal.correlate2d` for each pair of channels.

names: conv2d_naive
mistake: banned-call
where: banned
"""

import torch
from scipy.signal import correlate2d


def conv2d_naive(x, weight, bias=None):
    n, c, h, w = x.shape
    o, _, kh, kw = weight.shape
    out = torch.zeros(n, o, h - kh + 1, w - kw + 1, dtype=x.dtype)
    for image in range(n):
        for kernel in range(o):
            for channel in range(c):
                plane, taps = x[image, channel].detach().numpy(), weight[kernel, channel].detach().numpy()
                out[image, kernel] += torch.from_numpy(correlate2d(plane, taps, mode="valid"))
    return out if bias is None else out + bias[:, None, None]
