"""Unpooling by `scatter`; bins by averaging matrices; the width of the plane is checked by PyTorch itself.

names: max_unpool2d, adaptive_avg_pool2d
"""

import torch


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    kernel, padding = pair(kernel_size), pair(padding)
    stride = kernel if stride is None else pair(stride)
    if output_size is None:
        height, width = ((n - 1) * s - 2 * p + k for n, s, p, k in zip(x.shape[2:], stride, padding, kernel))
    else:
        height, width = output_size[-2], output_size[-1]
    plane = x.new_zeros(x.shape[0], x.shape[1], height * width)
    places = indices.flatten(2)
    plane = plane.scatter(2, places, x.flatten(2))
    return plane.unflatten(2, (height, width))


def adaptive_avg_pool2d(x, output_size):
    size = list(pair(output_size))
    for axis in (2, 3):
        n = x.shape[axis]
        m = n if size[axis - 2] is None else size[axis - 2]
        first = [i * n // m for i in range(m)]
        last = [-(-(i + 1) * n // m) for i in range(m)]
        matrix = torch.zeros(m, n, dtype=x.dtype)
        for i in range(m):
            matrix[i, first[i] : last[i]] = 1.0 / (last[i] - first[i])
        x = torch.tensordot(matrix, x, ([1], [axis])).movedim(0, axis)
    return x
