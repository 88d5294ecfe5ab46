"""No border is made: indices are clamped to the image, and `torch.where` puts zeros where a tap lies outside.

names: conv2d, apply_kernel, conv2d_backward, Conv2d
"""

import torch
from torch import nn


def reads(n, kernel, stride, before, after, dilation):
    """Of an axis: the pixel that each tap of each window reads, clamped, and whether it is one. (k, windows)"""
    last = n + before + after - dilation * (kernel - 1)
    if last <= 0:
        raise ValueError("the kernel is larger than the padded image")
    at = torch.arange(0, last, stride)[None, :] + dilation * torch.arange(kernel)[:, None] - before
    return at.clamp(0, n - 1), (at >= 0) & (at < n)


def both(v):
    return tuple(v) if hasattr(v, "__len__") else (v, v)


def sides(padding, kernel, stride, dilation):
    """(before, after) for each axis."""
    if isinstance(padding, str):
        if padding == "valid":
            return [(0, 0), (0, 0)]
        if padding != "same" or stride != (1, 1):
            raise ValueError("padding is 'valid', 'same' with stride 1, or numbers")
        return [(d * (k - 1) // 2, (d * (k - 1) + 1) // 2) for k, d in zip(kernel, dilation)]
    return [(p, p) for p in both(padding)]


def gather(x, kernel, stride, border, dilation):
    """(N, C, H, W) -> (N, C, kh, OH, kw, OW)"""
    (rows, row_in), (columns, column_in) = (
        reads(n, k, s, *b, d) for n, k, s, b, d in zip(x.shape[2:], kernel, stride, border, dilation)
    )
    x = torch.where(row_in[..., None], x[:, :, rows], 0.0)
    return torch.where(column_in, x[..., columns], 0.0)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride, dilation, kernel = both(stride), both(dilation), tuple(weight.shape[2:])
    if groups < 1 or any(s < 1 for s in stride):
        raise ValueError("groups and stride are 1 or more")
    if x.shape[1] != weight.shape[1] * groups or weight.shape[0] % groups:
        raise ValueError("channels")
    seen = gather(x, kernel, stride, sides(padding, kernel, stride, dilation), dilation)
    seen = seen.reshape(x.shape[0], groups, -1, *seen.shape[2:])
    y = torch.einsum("ngsuhvw,gtsuv->ngthw", seen, weight.reshape(groups, -1, *weight.shape[1:])).flatten(1, 2)
    if bias is None:
        return y
    if bias.shape != weight.shape[:1]:
        raise ValueError("bias")
    return torch.add(y, bias.reshape(1, -1, 1, 1))


def apply_kernel(image, kernel):
    lifted = image.unsqueeze(0) if image.ndim == 2 else image
    out = conv2d(lifted[:, None], kernel.to(lifted.dtype)[None, None], padding="same")[:, 0]
    return out if image.ndim == 3 else out[0]


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    stride, kernel = both(stride), tuple(weight.shape[2:])
    border = sides(padding, kernel, stride, (1, 1))
    seen = gather(x, kernel, stride, border, (1, 1))
    spread = torch.einsum("nthw,tsuv->nsuhvw", grad_out, weight)
    (rows, row_in), (columns, column_in) = (
        reads(n, k, s, *b, 1) for n, k, s, b in zip(x.shape[2:], kernel, stride, border)
    )
    spread = torch.where(row_in[..., None, None] & column_in, spread, torch.zeros((), dtype=x.dtype))
    grad_x = x.new_zeros(x.shape)
    images, channels = torch.arange(x.shape[0]).reshape(-1, 1, 1, 1, 1, 1), torch.arange(x.shape[1]).reshape(-1, 1, 1, 1, 1)
    grad_x.index_put_((images, channels, rows[..., None, None], columns), spread, accumulate=True)
    return grad_x, torch.einsum("nthw,nsuhvw->tsuv", grad_out, seen), grad_out.sum([0, 2, 3])


class Border(nn.Module):
    """What is outside the image, by its mode."""

    def __init__(self, mode, border):
        super().__init__()
        if mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError(f"padding_mode={mode!r}")
        self.mode, self.border = mode, border

    def forward(self, x):
        for axis, (before, after) in zip((2, 3), self.border):
            n = x.shape[axis]
            at = torch.arange(-before, n + after)
            if self.mode == "reflect":
                at = (n - 1) - ((n - 1) - at.abs()).abs()
            elif self.mode == "circular":
                at = at % n
            found = x.index_select(axis, at.clamp(0, n - 1))
            if self.mode == "zeros":
                inside = ((at >= 0) & (at < n)).reshape([-1 if a == axis else 1 for a in range(4)])
                found = torch.where(inside, found, 0.0)
            x = found
        return x


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", device=None, dtype=None):
        super().__init__()
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError("groups")
        kernel, stride, dilation = both(kernel_size), both(stride), both(dilation)
        self.border = Border(padding_mode, sides(padding, kernel, stride, dilation))
        self.options = stride, 0, dilation, groups
        weight = torch.empty(out_channels, in_channels // groups, *kernel, device=device, dtype=dtype)
        bound = weight[0].numel() ** -0.5
        self.weight = nn.Parameter(nn.init.uniform_(weight, -bound, bound))
        if bias:
            self.bias = nn.Parameter((2 * torch.rand(out_channels, device=device, dtype=dtype) - 1) * bound)
        else:
            self.bias = None

    def forward(self, x):
        return conv2d(self.border(x), self.weight, self.bias, *self.options)
