"""Borders kept as numbers, and a function that correlates windows.

names: Conv2d
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def correlate(x, weight, bias, stride, dilation, groups):
    """The windows of an already padded x against the weight."""
    (sh, sw), (dh, dw), (kh, kw) = stride, dilation, weight.shape[2:]
    windows = x.unfold(2, dh * (kh - 1) + 1, sh).unfold(3, dw * (kw - 1) + 1, sw)[..., ::dh, ::dw]
    windows, weight = windows.unflatten(1, (groups, weight.shape[1])), weight.unflatten(0, (groups, -1))
    out = torch.einsum("ngchwij,gocij->ngohw", windows, weight).flatten(1, 2)
    return out if bias is None else out + bias[:, None, None]


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", device=None, dtype=None):
        super().__init__()
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError("groups must divide in_channels and out_channels")
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError(f"unknown padding_mode {padding_mode!r}")
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f"unknown padding {padding!r}")
        if padding == "same" and pair(stride) != (1, 1):
            raise ValueError("'same' wants stride 1")
        self.kernel_size, self.stride, self.dilation = pair(kernel_size), pair(stride), pair(dilation)
        self.padding, self.padding_mode, self.groups = padding, padding_mode, groups
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
        if bias:
            self.bias = nn.Parameter(torch.empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        bound = 1 / math.sqrt(self.weight[0].numel())
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def borders(self):
        """(left, right, top, bottom), as F.pad wants them."""
        if self.padding == "valid":
            return 0, 0, 0, 0
        if self.padding == "same":
            th, tw = (d * (k - 1) for d, k in zip(self.dilation, self.kernel_size))
            return tw // 2, tw - tw // 2, th // 2, th - th // 2
        ph, pw = pair(self.padding)
        return pw, pw, ph, ph

    def forward(self, x):
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        x = F.pad(x, self.borders(), mode=mode)
        return correlate(x, self.weight, self.bias, self.stride, self.dilation, self.groups)
