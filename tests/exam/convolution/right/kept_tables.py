"""Tables of indices are made once for each geometry and kept, whoever asked first; windows are read by `take`.

names: conv2d_naive, apply_kernel, conv2d, conv2d_backward, Conv2d
"""

from functools import lru_cache

import torch
from torch import nn


@lru_cache(maxsize=None)
def table(height, width, kernel, stride, padding, dilation):
    """Where each tap of each window reads in a flat plane that one zero has been put behind: (taps, windows)."""
    axes = []
    for n, k, s, (before, after), d in zip((height, width), kernel, stride, padding, dilation):
        count = n + before + after - d * (k - 1)
        if count < 1:
            raise ValueError("the kernel is larger than the padded image")
        starts = torch.arange(0, count, s) - before
        axes.append(torch.arange(k)[:, None] * d + starts)
    rows, columns = axes
    out = rows.shape[1], columns.shape[1]
    flat = rows[:, None, :, None] * width + columns[None, :, None, :]
    inside = ((rows >= 0) & (rows < height))[:, None, :, None] & ((columns >= 0) & (columns < width))[None, :, None, :]
    flat = torch.where(inside, flat, torch.tensor(height * width))
    return flat.reshape(kernel[0] * kernel[1], -1), out


def two(v):
    return v if isinstance(v, tuple) else tuple(v) if isinstance(v, list) else (v, v)


def windows(x, kernel, stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1)):
    """(N, C, H, W) -> (N, C, taps, windows), and the size of the output."""
    places, out = table(*x.shape[2:], kernel, stride, padding, dilation)
    flat = torch.cat([x.flatten(2), x.new_zeros(*x.shape[:2], 1)], 2)
    return flat[:, :, places], out


def conv2d_naive(x, weight, bias=None):
    seen, out = windows(x, tuple(weight.shape[2:]))
    y = torch.einsum("nckl,ock->nol", seen, weight.flatten(2)).unflatten(2, out)
    return y if bias is None else y + bias.reshape(-1, 1, 1)


def apply_kernel(image, kernel):
    kernel = kernel.to(image)
    padding = tuple((k // 2, k // 2) for k in kernel.shape)
    planes = image.reshape(-1, 1, *image.shape[-2:])
    seen, _ = windows(planes, tuple(kernel.shape), padding=padding)
    return torch.einsum("nckl,k->ncl", seen, kernel.flatten()).reshape(image.shape)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride, dilation = two(stride), two(dilation)
    kernel = tuple(weight.shape[2:])
    if min(stride) < 1 or groups < 1:
        raise ValueError("stride and groups must be at least 1")
    if x.shape[1] != groups * weight.shape[1] or weight.shape[0] % groups:
        raise ValueError("channels, weight and groups do not fit")
    if bias is not None and bias.shape[0] != weight.shape[0]:
        raise ValueError("the bias does not fit")
    if padding == "same":
        if stride != (1, 1):
            raise ValueError("'same' needs stride 1")
        whole = [d * (k - 1) for d, k in zip(dilation, kernel)]
        padding = tuple((p // 2, p - p // 2) for p in whole)
    elif padding == "valid":
        padding = ((0, 0), (0, 0))
    elif isinstance(padding, str):
        raise ValueError(f"unknown padding {padding!r}")
    else:
        padding = tuple((p, p) for p in two(padding))
    seen, out = windows(x, kernel, stride, padding, dilation)
    seen = seen.unflatten(1, (groups, -1))
    y = torch.einsum("ngckl,gock->ngol", seen, weight.flatten(2).unflatten(0, (groups, -1)))
    y = y.flatten(1, 2).unflatten(2, out)
    return y if bias is None else y + bias.reshape(-1, 1, 1)


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    padding = tuple((p, p) for p in two(padding))
    seen, _ = windows(x, tuple(weight.shape[2:]), two(stride), padding)
    places, _ = table(*x.shape[2:], tuple(weight.shape[2:]), two(stride), padding, (1, 1))
    flat = grad_out.flatten(2)
    grad_weight = torch.einsum("nol,nckl->ock", flat, seen).reshape(weight.shape)
    each = torch.einsum("nol,ock->nckl", flat, weight.flatten(2)).flatten(2)
    grad_x = x.new_zeros(*x.shape[:2], x.shape[2] * x.shape[3] + 1)
    grad_x.index_add_(2, places.flatten(), each)
    return grad_x[:, :, :-1].reshape(x.shape), grad_weight, grad_out.sum(dim=(0, 2, 3))


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", device=None, dtype=None):
        super().__init__()
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError("groups")
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError("padding_mode")
        kernel, self.dilation, self.stride = two(kernel_size), two(dilation), two(stride)
        if padding == "valid":
            padding = 0
        if padding == "same":
            if self.stride != (1, 1):
                raise ValueError("same")
            whole = [d * (k - 1) for d, k in zip(self.dilation, kernel)]
            self.border = [w // 2 for w in whole], [w - w // 2 for w in whole]
        elif isinstance(padding, str):
            raise ValueError("padding")
        else:
            self.border = two(padding), two(padding)
        self.mode, self.groups = padding_mode, groups
        options = dict(device=device, dtype=dtype)
        fan_in = in_channels // groups * kernel[0] * kernel[1]
        shapes = {"weight": (out_channels, in_channels // groups, *kernel), "bias": (out_channels,) if bias else None}
        for name, shape in shapes.items():
            start = None if shape is None else torch.empty(shape, **options).uniform_(-1, 1) / fan_in**0.5
            self.register_parameter(name, None if start is None else nn.Parameter(start))

    @staticmethod
    @lru_cache(maxsize=None)
    def outside(n, before, after, mode):
        """Which pixel of an axis stands at each place of the padded one."""
        at = torch.arange(-before, n + after)
        return {
            "reflect": n - 1 - (n - 1 - at.abs()).abs(),
            "replicate": at.clamp(0, n - 1),
            "circular": at.remainder(n),
        }[mode]

    def forward(self, x):
        before, after = self.border
        if self.mode == "zeros":
            x = nn.functional.pad(x, (before[1], after[1], before[0], after[0]))
        else:
            x = x[:, :, self.outside(x.shape[2], before[0], after[0], self.mode)]
            x = x[..., self.outside(x.shape[3], before[1], after[1], self.mode)]
        return conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)
