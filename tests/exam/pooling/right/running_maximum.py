"""A running maximum over shifted images, which remembers where it changed; a running sum and a running count.

names: max_pool2d, avg_pool2d
"""

import torch


def positions(n, k, s, p, d, ceil_mode):
    """First pixels of the windows, as a tensor."""
    last = n + p - d * (k - 1) - 1
    if ceil_mode:
        last = min(last + s - 1, n - 1) if (last + p) % s else last
    return torch.arange(-p, last + 1, s)


def steps(x, kernel_size, stride, padding, dilation, ceil_mode):
    """For each tap: rows, columns, and which of them lie on the image."""
    two = lambda v: v if isinstance(v, tuple) else (v, v)
    kernel, padding, dilation = two(kernel_size), two(padding), two(dilation)
    stride = kernel if stride is None else two(stride)
    first = [positions(*axis, ceil_mode) for axis in zip(x.shape[2:], kernel, stride, padding, dilation)]
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            yield first[0] + i * dilation[0], first[1] + j * dilation[1]


def look(x, rows, columns):
    h, w = x.shape[2:]
    there = ((rows >= 0) & (rows < h))[:, None] & ((columns >= 0) & (columns < w))
    return x.index_select(2, rows.clamp(0, h - 1)).index_select(3, columns.clamp(0, w - 1)), there


def check(kernel_size, padding, dilation=1):
    two = lambda v: v if isinstance(v, tuple) else (v, v)
    for k, p, d in zip(two(kernel_size), two(padding), two(dilation)):
        if 2 * p > d * (k - 1) + 1:
            raise RuntimeError("padding beyond half the kernel")


def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    check(kernel_size, padding, dilation)
    best = where = None
    for rows, columns in steps(x, kernel_size, stride, padding, dilation, ceil_mode):
        value, there = look(x, rows, columns)
        value = torch.where(there, value, torch.full_like(value, -torch.inf))
        place = (rows[:, None] * x.shape[3] + columns).expand(value.shape)
        if best is None:
            best, where = value, place
        else:
            better = value > best
            best, where = torch.where(better, value, best), torch.where(better, place, where)
    if return_indices:
        return best, where.clone()
    return best


def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    check(kernel_size, padding)
    ph, pw = (padding, padding) if isinstance(padding, int) else padding
    total, number = 0, 0
    for rows, columns in steps(x, kernel_size, stride, padding, 1, ceil_mode):
        value, there = look(x, rows, columns)
        total = total + value * there
        if count_include_pad:
            there = (rows < x.shape[2] + ph)[:, None] & (columns < x.shape[3] + pw)
        number = number + there.to(x.dtype)
    return total / number
