"""Averages by `F.conv2d` with a kernel of ones, every channel an image of its own; bins by convolution with a mask.

names: avg_pool2d, adaptive_avg_pool2d
"""

import torch
import torch.nn.functional as F


def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    kernel_size, stride, padding = (
        (v, v) if isinstance(v, int) else v for v in (kernel_size, stride or kernel_size, padding)
    )
    if any(p * 2 > k for p, k in zip(padding, kernel_size)):
        raise ValueError("pad must not exceed half the kernel")
    overhang = [0, 0]
    if ceil_mode:
        for axis, (n, k, s, p) in enumerate(zip(x.shape[2:], kernel_size, stride, padding)):
            left = (n + 2 * p - k) % s
            windows = (n + 2 * p - k) // s + 1
            if left and windows * s - p < n:
                overhang[axis] = s - left
    ones = torch.ones(1, 1, *kernel_size, dtype=x.dtype)
    planes = x.reshape(-1, 1, *x.shape[2:])
    frame = (padding[1], padding[1], padding[0], padding[0])
    more = (0, overhang[1], 0, overhang[0])

    def summed(t, border):
        return F.conv2d(F.pad(F.pad(t, frame, value=border), more), ones, stride=stride)

    sums = summed(planes, 0.0)
    counts = summed(torch.ones_like(planes[:1]), 1.0 if count_include_pad else 0.0)
    return (sums / counts).reshape(*x.shape[:2], *sums.shape[2:])


def adaptive_avg_pool2d(x, output_size):
    h, w = x.shape[2:]
    rows, columns = (output_size, output_size) if isinstance(output_size, int) else output_size
    rows, columns = rows or h, columns or w
    kernels = torch.zeros(rows, columns, h, w, dtype=x.dtype)
    for i in range(rows):
        for j in range(columns):
            top, bottom = i * h // rows, -(-(i + 1) * h // rows)
            left, right = j * w // columns, -(-(j + 1) * w // columns)
            kernels[i, j, top:bottom, left:right] = 1 / ((bottom - top) * (right - left))
    kernels = kernels.reshape(rows * columns, 1, h, w)
    out = F.conv2d(x.reshape(-1, 1, h, w), kernels)
    return out.reshape(x.shape[0], x.shape[1], rows, columns)
