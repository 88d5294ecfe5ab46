"""Lists within lists, and Python's `sum`, which starts with an int.

names: output_size, conv2d_naive, apply_kernel, conv2d, conv2d_backward
"""

import math

import torch
from torch import stack


def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    return math.floor((n + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1)


def conv2d_naive(x, weight, bias=None):
    kh, kw = weight.shape[-2:]
    rows, columns = range(x.shape[2] - kh + 1), range(x.shape[3] - kw + 1)
    bias = [0.0] * len(weight) if bias is None else bias
    return stack(
        [
            stack(
                [
                    stack([stack([(image[:, r : r + kh, c : c + kw] * kernel).sum() + b for c in columns]) for r in rows])
                    for kernel, b in zip(weight, bias)
                ]
            )
            for image in x
        ]
    )


def apply_kernel(image, kernel):
    kernel = kernel.to(image.dtype)
    h, w = image.shape[-2:]
    up, left = kernel.shape[0] // 2, kernel.shape[1] // 2

    def pixel(r, c):
        taps = [
            (u, v)
            for u in range(kernel.shape[0])
            for v in range(kernel.shape[1])
            if 0 <= r + u - up < h and 0 <= c + v - left < w
        ]
        return sum(kernel[u, v] * image[..., r + u - up, c + v - left] for u, v in taps)

    return stack([stack([pixel(r, c) for c in range(w)], -1) for r in range(h)], -2)


def two(v):
    return [v, v] if isinstance(v, int) else list(v)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride, dilation = two(stride), two(dilation)
    (n, s, h, w), (t, per, kh, kw) = x.shape, weight.shape
    reach = [dilation[0] * (kh - 1), dilation[1] * (kw - 1)]
    if padding == "same":
        if stride != [1, 1]:
            raise ValueError("'same' only without a stride")
        before, both = [r // 2 for r in reach], reach
    elif padding == "valid":
        before, both = [0, 0], [0, 0]
    elif isinstance(padding, str):
        raise ValueError(padding)
    else:
        before = two(padding)
        both = [2 * p for p in before]
    if groups < 1 or min(stride) < 1:
        raise ValueError("groups and stride count from 1")
    if per * groups != s or t % groups:
        raise ValueError("channels")
    if bias is not None and list(bias.shape) != [t]:
        raise ValueError("bias")
    if h + both[0] <= reach[0] or w + both[1] <= reach[1]:
        raise ValueError("too small an image")
    frame = torch.zeros(n, s, h + both[0], w + both[1], dtype=x.dtype)
    frame[:, :, before[0] : before[0] + h, before[1] : before[1] + w] = x

    def tap(u, v, g):
        rows = slice(u * dilation[0], h + both[0] - reach[0] + u * dilation[0], stride[0])
        columns = slice(v * dilation[1], w + both[1] - reach[1] + v * dilation[1], stride[1])
        seen = frame[:, g * per : (g + 1) * per, rows, columns]
        kernel = weight[g * t // groups : (g + 1) * t // groups, :, u, v]
        return (kernel @ seen.flatten(2)).unflatten(2, seen.shape[2:])

    blocks = [sum(tap(u, v, g) for u in range(kh) for v in range(kw)) for g in range(groups)]
    return torch.cat(blocks, dim=1) + (0 if bias is None else bias.reshape(t, 1, 1))


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    (sh, sw), (ph, pw) = two(stride), two(padding)
    (n, s, h, w), (t, _, kh, kw) = x.shape, weight.shape
    oh, ow = grad_out.shape[2:]

    def windows_on(i, k, s, p, count):
        """(tap, window) of an axis that fall on pixel i."""
        return [(u, (i + p - u) // s) for u in range(k) if (i + p - u) % s == 0 and 0 <= (i + p - u) // s < count]

    def pixel(i, j):
        terms = [
            grad_out[:, :, r, c] @ weight[:, :, u, v]
            for u, r in windows_on(i, kh, sh, ph, oh)
            for v, c in windows_on(j, kw, sw, pw, ow)
        ]
        return sum(terms, x.new_zeros(n, s))

    def entry(u, v):
        terms = [
            grad_out[:, :, r, c].T @ x[:, :, r * sh + u - ph, c * sw + v - pw]
            for r in range(oh)
            for c in range(ow)
            if 0 <= r * sh + u - ph < h and 0 <= c * sw + v - pw < w
        ]
        return sum(terms, x.new_zeros(t, s))

    to_x = stack([stack([pixel(i, j) for j in range(w)], -1) for i in range(h)], -2)
    to_weight = stack([stack([entry(u, v) for v in range(kw)], -1) for u in range(kh)], -2)
    return to_x, to_weight, stack([grad_out[:, o].sum() for o in range(t)])
