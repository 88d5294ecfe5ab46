"""Plain loops over windows, as one would explain it at a board.

names: max_pool2d, avg_pool2d, adaptive_avg_pool2d, max_unpool2d
"""

import math

import torch


def starts(n, k, s, p, d, ceil_mode):
    found, start = [], -p
    while start + d * (k - 1) < n + p:
        found.append(start)
        start += s
    if ceil_mode and start < n and found[-1] + d * (k - 1) + 1 < n + p:
        found.append(start)
    return found


def two(value):
    return [value] * 2 if isinstance(value, int) else list(value)


def grid(shape, kernel_size, stride, padding, dilation, ceil_mode):
    kernel = two(kernel_size)
    four = zip(shape, kernel, two(stride or kernel), two(padding), two(dilation))
    return [(starts(n, k, s, p, d, ceil_mode), k, d) for n, k, s, p, d in four]


def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    for p, k, d in zip(two(padding), two(kernel_size), two(dilation)):
        if p > (d * (k - 1) + 1) / 2:
            raise ValueError(f"padding {p} is too much for a kernel of {k}")
    height, width = x.shape[-2:]
    (rows, kh, dh), (columns, kw, dw) = grid((height, width), kernel_size, stride, padding, dilation, ceil_mode)
    values, indices = [], []
    for top in rows:
        for left in columns:
            places = [
                r * width + c
                for r in range(top, top + dh * (kh - 1) + 1, dh)
                for c in range(left, left + dw * (kw - 1) + 1, dw)
                if 0 <= r < height and 0 <= c < width
            ]
            best = x.flatten(2)[:, :, places].max(dim=2)
            values.append(best.values)
            indices.append(torch.tensor(places)[best.indices])
    shape = (*x.shape[:2], len(rows), len(columns))
    values, indices = (torch.stack(some, 2).reshape(shape) for some in (values, indices))
    return (values, indices) if return_indices else values


def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    for p, k in zip(two(padding), two(kernel_size)):
        if p > k / 2:
            raise ValueError(f"padding {p} is too much for a kernel of {k}")
    height, width = x.shape[-2:]
    (rows, kh, _), (columns, kw, _) = grid((height, width), kernel_size, stride, padding, 1, ceil_mode)
    ph, pw = two(padding)
    lines = []
    for top in rows:
        line = []
        for left in columns:
            part = x[:, :, max(top, 0) : top + kh, max(left, 0) : left + kw]
            if count_include_pad:
                area = (min(top + kh, height + ph) - top) * (min(left + kw, width + pw) - left)
            else:
                area = part.shape[2] * part.shape[3]
            line.append(part.sum((2, 3)) / area)
        lines.append(torch.stack(line, -1))
    return torch.stack(lines, -2)


def adaptive_avg_pool2d(x, output_size):
    sizes = two(output_size) if isinstance(output_size, int) else output_size
    height, width = x.shape[2:]
    m, k = (n if size is None else size for n, size in zip((height, width), sizes))
    out = x.new_zeros(*x.shape[:2], m, k)
    for i in range(m):
        top, bottom = math.floor(i * height / m), math.ceil((i + 1) * height / m)
        for j in range(k):
            left, right = math.floor(j * width / k), math.ceil((j + 1) * width / k)
            out[:, :, i, j] = x[:, :, top:bottom, left:right].mean(dim=(2, 3))
    return out


def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    kernel = two(kernel_size)
    if output_size is None:
        output_size = [
            (n - 1) * s - 2 * p + k for n, s, p, k in zip(x.shape[2:], two(stride or kernel), two(padding), kernel)
        ]
    height, width = list(output_size)[-2:]
    if int(indices.max()) >= height * width:
        raise ValueError("an index lies past the plane")
    planes = []
    for image, where in zip(x.flatten(0, 1), indices.flatten(0, 1)):
        plane = x.new_zeros(height * width)
        for value, place in zip(image.flatten(), where.flatten().tolist()):
            plane[place] = value
        planes.append(plane)
    return torch.stack(planes).reshape(*x.shape[:2], height, width)
