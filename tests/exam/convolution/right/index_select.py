"""Two index_selects, one for the rows and one for the columns that the windows read.

names: conv2d, apply_kernel, Conv2d
"""

import torch
from torch import nn


def reads(n, k, stride=1, dilation=1):
    """Rows that the windows read, window by window: (OH * k,)."""
    starts = range(0, n - dilation * (k - 1), stride)
    if len(starts) == 0:
        raise ValueError(f"a kernel of {k} taps, {dilation} apart, does not fit into {n} pixels")
    return torch.tensor([start + dilation * tap for start in starts for tap in range(k)])


def with_zeros(x, top, bottom, left, right):
    *front, h, w = x.shape
    out = x.new_zeros(*front, top + h + bottom, left + w + right)
    out[..., top : top + h, left : left + w] = x
    return out


def apply_kernel(image, kernel):
    (h, w), (kh, kw) = image.shape[-2:], kernel.shape
    padded = with_zeros(image, kh // 2, kh // 2, kw // 2, kw // 2)
    windows = padded.index_select(-2, reads(h + kh - 1, kh)).index_select(-1, reads(w + kw - 1, kw))
    windows = windows.unflatten(-1, (w, kw)).unflatten(-3, (h, kh)).transpose(-3, -2)
    return torch.tensordot(windows, kernel.to(image.dtype), dims=2)


def both(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (dh, dw) = both(stride), both(dilation)
    n_out, per_group, kh, kw = weight.shape
    if sh < 1 or sw < 1:
        raise ValueError("stride must be at least 1")
    if groups < 1 or n_out % groups or x.shape[1] % groups:
        raise ValueError("groups must divide the channels")
    if x.shape[1] // groups != per_group:
        raise ValueError("the weight is for another number of channels")
    if bias is not None and bias.size() != (n_out,):
        raise ValueError("the bias is for another number of channels")
    if padding == "same":
        if sh != 1 or sw != 1:
            raise ValueError("'same' wants stride 1")
        th, tw = dh * (kh - 1), dw * (kw - 1)
        x = with_zeros(x, th // 2, th - th // 2, tw // 2, tw - tw // 2)
    elif isinstance(padding, str):
        if padding != "valid":
            raise ValueError(f"there is no padding {padding!r}")
    else:
        ph, pw = both(padding)
        x = with_zeros(x, ph, ph, pw, pw)
    rows, columns = reads(x.shape[2], kh, sh, dh), reads(x.shape[3], kw, sw, dw)
    windows = x.index_select(2, rows).index_select(3, columns)
    windows = windows.reshape(x.shape[0], groups, per_group, -1, kh, len(columns) // kw, kw)
    weight = weight.reshape(groups, n_out // groups, per_group, kh, kw)
    out = torch.einsum("ngcyuxv,gocuv->ngoyx", windows, weight).flatten(1, 2)
    return out if bias is None else out + bias.reshape(-1, 1, 1)


class Conv2d(nn.Module):
    """Every mode of padding as a choice of rows and columns, but for zeros."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", device=None, dtype=None):
        super().__init__()
        self.choose = {
            "zeros": None,
            "reflect": lambda i, n: -i if i < 0 else 2 * (n - 1) - i if i >= n else i,
            "replicate": lambda i, n: min(max(i, 0), n - 1),
            "circular": lambda i, n: i % n,
        }.get(padding_mode, "unknown")
        if self.choose == "unknown":
            raise ValueError(f"there is no padding_mode {padding_mode!r}")
        if isinstance(padding, str) and (padding not in ("same", "valid") or padding == "same" and both(stride) != (1, 1)):
            raise ValueError(f"padding {padding!r} with stride {stride}")
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(f"{groups} groups for {in_channels} and {out_channels} channels")
        kernel_size = both(kernel_size)
        self.size, self.stride, self.padding, self.dilation, self.groups = kernel_size, stride, padding, dilation, groups
        made = {"device": device, "dtype": dtype}
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, *kernel_size, **made))
        if bias:
            self.bias = nn.Parameter(torch.empty(out_channels, **made))
        else:
            self.register_parameter("bias", None)
        limit = (in_channels // groups * kernel_size[0] * kernel_size[1]) ** -0.5
        for p in self.parameters():
            nn.init.uniform_(p, -limit, limit)

    def forward(self, x):
        padding = self.padding
        if self.choose is not None and padding != "valid":
            spans = [d * (k - 1) for d, k in zip(both(self.dilation), self.size)]
            ends = [(s // 2, s - s // 2) for s in spans] if padding == "same" else [(p, p) for p in both(padding)]
            for axis, (before, after) in zip((2, 3), ends):
                n = x.shape[axis]
                x = x.index_select(axis, torch.tensor([self.choose(i, n) for i in range(-before, n + after)]))
            padding = 0
        return conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)
