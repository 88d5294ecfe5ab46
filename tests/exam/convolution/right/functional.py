"""Small functions put together: reduce over taps, map over groups, nothing is assigned twice.

names: output_size, KERNELS, conv2d_naive, apply_kernel, conv2d, conv2d_backward, separate
"""

from collections import OrderedDict
from functools import partial, reduce
from itertools import product, starmap
from operator import add, matmul

import torch
from torch.nn.functional import pad

output_size = lambda n, kernel_size, stride=1, padding=0, dilation=1: (
    1 + (n + 2 * padding - 1 - dilation * (kernel_size - 1)) // stride
)

KERNELS = OrderedDict(
    (name, torch.tensor(values).float().mul(1 / divisor))
    for name, values, divisor in (
        ("identity", ((0, 0, 0), (0, 1, 0), (0, 0, 0)), 1),
        ("edge1", ((1, 0, -1), (0, 0, 0), (-1, 0, 1)), 1),
        ("edge2", ((0, 1, 0), (1, -4, 1), (0, 1, 0)), 1),
        ("edge3", ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)), 1),
        ("sharpen", ((0, -1, 0), (-1, 5, -1), (0, -1, 0)), 1),
        ("box_blur", ((1, 1, 1), (1, 1, 1), (1, 1, 1)), 9),
        ("gaussian_blur", ((1, 2, 1), (2, 4, 2), (1, 2, 1)), 16),
        ("sobel_x", ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)), 1),
        ("sobel_y", ((1, 2, 1), (0, 0, 0), (-1, -2, -1)), 1),
    )
)


def refuse(unless, sentence):
    if not unless:
        raise ValueError(sentence)


def as_pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def view(x, size, stride, dilation, u, v):
    """What tap (u, v) sees: every stride-th pixel from its place on."""
    return x[..., u * dilation[0] :: stride[0], v * dilation[1] :: stride[1]][..., : size[0], : size[1]]


def correlate(x, weight, stride=(1, 1), dilation=(1, 1)):
    kernel = weight.shape[2:]
    size = tuple(map(output_size, x.shape[2:], kernel, stride, (0, 0), dilation))
    refuse(min(size) > 0, "the kernel is larger than the padded input")
    seen = starmap(partial(view, x.movedim(1, -3), size, stride, dilation), product(*map(range, kernel)))
    taps = weight.flatten(2).unbind(2)
    return reduce(add, (matmul(tap, part.flatten(-2)) for tap, part in zip(taps, seen))).unflatten(-1, size)


def plus(out, bias):
    return out if bias is None else out + bias[:, None, None]


def conv2d_naive(x, weight, bias=None):
    return plus(correlate(x, weight), bias)


def apply_kernel(image, kernel):
    half = [k // 2 for k in reversed(kernel.shape) for _ in "lr"]
    planes = pad(image, half).reshape(-1, 1, *(n + k - 1 for n, k in zip(image.shape[-2:], kernel.shape)))
    return correlate(planes, kernel.to(image)[None, None]).reshape(image.shape)


def ends(padding, stride, reach):
    """((top, bottom), (left, right))"""
    if padding == "same":
        refuse(stride == (1, 1), "'same' wants stride 1")
        return tuple((r // 2, r - r // 2) for r in reach)
    refuse(not isinstance(padding, str) or padding == "valid", f"unknown padding {padding!r}")
    return tuple((p, p) for p in ((0, 0) if padding == "valid" else as_pair(padding)))


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride, dilation = as_pair(stride), as_pair(dilation)
    refuse(min(*stride, groups) > 0, "stride and groups must be positive")
    refuse(x.shape[1] == weight.shape[1] * groups, "the channels do not fit the weight")
    refuse(weight.shape[0] % groups == 0, "the groups do not divide the filters")
    refuse(bias is None or bias.shape == weight.shape[:1], "the bias does not fit the filters")
    rows, columns = ends(padding, stride, [d * (k - 1) for d, k in zip(dilation, weight.shape[2:])])
    parts = zip(pad(x, columns + rows).chunk(groups, 1), weight.chunk(groups))
    return plus(torch.cat([correlate(*part, stride, dilation) for part in parts], 1), bias)


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    """Both gradients are correlations: with zeros between the entries of grad_out where the stride left them."""
    stride, (ph, pw), (kh, kw) = as_pair(stride), as_pair(padding), weight.shape[2:]
    padded = pad(x, (pw, pw, ph, ph))
    spread = grad_out.new_zeros(*grad_out.shape[:2], padded.shape[2] - kh + 1, padded.shape[3] - kw + 1)
    spread[..., :: stride[0], :: stride[1]] = grad_out
    grad_weight = correlate(padded.transpose(0, 1), spread.transpose(0, 1)).transpose(0, 1)
    around = pad(spread, (kw - 1, kw - 1, kh - 1, kh - 1))
    grad_padded = correlate(around, weight.flip(2, 3).transpose(0, 1))
    return pad(grad_padded, (-pw, -pw, -ph, -ph)), grad_weight, grad_out.sum((0, 2, 3))


def separate(kernel):
    u, s, v = torch.svd(kernel.double())
    refuse(s.numel() == 1 or s[1] <= 1e-6 * s[0], "the kernel has more than one singular value")
    return (u[:, 0] * s[0].sqrt()).to(kernel.dtype), (v[:, 0] * s[0].sqrt()).to(kernel.dtype)
