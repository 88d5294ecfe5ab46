"""Windows by `Tensor.unfold`, of which every d-th pixel is kept; the divisor from windows of ones.

names: max_pool2d, avg_pool2d
"""

import torch
from torch.nn.functional import pad


def as_pair(v):
    return (v, v) if isinstance(v, int) else v


def layout(x, kernel, stride, padding, reach, ceil_mode):
    """For each axis: windows, and how much is missing at the end."""
    found = []
    for n, k, s, p, r in zip(x.shape[-2:], kernel, stride, padding, reach):
        whole, left = divmod(n + 2 * p - r, s)
        windows = whole + 1
        if ceil_mode and left and windows * s < n + p:
            windows += 1
        found.append((windows, max((windows - 1) * s + r - n - 2 * p, 0)))
    return found


def windows_of(x, kernel, stride, dilation, reach, counts):
    found = x.unfold(2, reach[0], stride[0]).unfold(3, reach[1], stride[1])
    return found[:, :, : counts[0], : counts[1], :: dilation[0], :: dilation[1]]


def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    kernel, padding, dilation = map(as_pair, (kernel_size, padding, dilation))
    stride = as_pair(stride) if stride is not None else kernel
    reach = tuple(d * (k - 1) + 1 for d, k in zip(dilation, kernel))
    if padding[0] * 2 > reach[0] or padding[1] * 2 > reach[1]:
        raise ValueError("pad should be at most half of effective kernel size")
    (rows, below), (columns, beside) = layout(x, kernel, stride, padding, reach, ceil_mode)
    border = (padding[1], padding[1] + beside, padding[0], padding[0] + below)
    h, w = x.shape[2:]
    counts = rows, columns
    found = windows_of(pad(x, border, value=float("-inf")), kernel, stride, dilation, reach, counts).flatten(4)
    largest = found.amax(-1)
    if not return_indices:
        return largest
    numbers = torch.arange(h * w).view(1, 1, h, w)
    numbers = windows_of(pad(numbers, border, value=h * w), kernel, stride, dilation, reach, counts).flatten(4)
    candidates = numbers.expand_as(found).masked_fill(found != largest.unsqueeze(-1), h * w)
    return largest, candidates.amin(-1)


def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    kernel, padding = as_pair(kernel_size), as_pair(padding)
    stride = as_pair(stride) if stride is not None else kernel
    if padding[0] > kernel[0] / 2 or padding[1] > kernel[1] / 2:
        raise ValueError("pad should be at most half of kernel size")
    (rows, below), (columns, beside) = layout(x, kernel, stride, padding, kernel, ceil_mode)
    weights = torch.ones_like(x[:1, :1])
    inner = (padding[1], padding[1], padding[0], padding[0])
    x, weights = pad(x, inner), pad(weights, inner, value=float(count_include_pad))
    outer = (0, beside, 0, below)
    x, weights = (
        windows_of(pad(t, outer), kernel, stride, (1, 1), kernel, (rows, columns)).sum((-2, -1)) for t in (x, weights)
    )
    return x / weights
