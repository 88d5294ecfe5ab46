"""One shifted view of the padded image for each tap of the kernel; the largest and the sum run over the taps.

names: max_pool2d, avg_pool2d
"""

import torch
import torch.nn.functional as F


def both(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def count(n, k, s, p, d, ceil_mode):
    room = n + 2 * p - d * (k - 1) - 1
    if not ceil_mode:
        return room // s + 1
    found = -(-room // s) + 1
    if (found - 1) * s >= n + p:
        found -= 1
    return found


def views(plane, kernel, stride, dilation, size):
    found = []
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            top, left = i * dilation[0], j * dilation[1]
            bottom, right = top + stride[0] * (size[0] - 1) + 1, left + stride[1] * (size[1] - 1) + 1
            found.append(plane[:, :, top : bottom : stride[0], left : right : stride[1]])
    return torch.stack(found)


def widen(x, kernel, stride, padding, dilation, size, value):
    ends = []
    for axis in (1, 0):
        need = stride[axis] * (size[axis] - 1) + dilation[axis] * (kernel[axis] - 1) + 1
        more = max(0, need - x.shape[2 + axis] - padding[axis])
        ends += [padding[axis], more]
    return F.pad(x, ends, value=value)


def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    kernel = both(kernel_size)
    stride = kernel if stride is None else both(stride)
    padding, dilation = both(padding), both(dilation)
    if any(2 * p > d * (k - 1) + 1 for p, k, d in zip(padding, kernel, dilation)):
        raise ValueError("too much padding")
    height, width = x.shape[2:]
    axes = zip((height, width), kernel, stride, padding, dilation)
    size = [count(n, k, s, p, d, ceil_mode) for n, k, s, p, d in axes]
    outside = -torch.inf
    padded = widen(x, kernel, stride, padding, dilation, size, outside)
    taps = views(padded, kernel, stride, dilation, size)
    values, tap = taps.max(0)
    if not return_indices:
        return values
    places = torch.arange(height * width).reshape(1, 1, height, width)
    places = widen(places, kernel, stride, padding, dilation, size, 0)
    places = views(places, kernel, stride, dilation, size).expand(taps.shape)
    indices = places.gather(0, tap[None])[0]
    return values, indices


def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    kernel = both(kernel_size)
    stride = kernel if stride is None else both(stride)
    padding = both(padding)
    if 2 * padding[0] > kernel[0] or 2 * padding[1] > kernel[1]:
        raise ValueError("too much padding")
    once = (1, 1)
    axes = zip(x.shape[2:], kernel, stride, padding, once)
    size = [count(n, k, s, p, d, ceil_mode) for n, k, s, p, d in axes]
    sums = views(widen(x, kernel, stride, padding, once, size, 0.0), kernel, stride, once, size).sum(0)
    ones = torch.ones_like(x[:1, :1])
    if count_include_pad:
        down, right = padding
        ones = F.pad(ones, (right, right, down, down), value=1.0)
        ones = widen(ones, kernel, stride, (0, 0), once, size, 0.0)
    else:
        ones = widen(ones, kernel, stride, padding, once, size, 0.0)
    area = views(ones, kernel, stride, once, size).sum(0)
    return sums / area
