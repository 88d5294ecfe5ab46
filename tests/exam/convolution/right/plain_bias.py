"""A layer whose `bias` is a plain attribute, None or a parameter; its settings stand as PyTorch's layer has them.

names: Conv2d
"""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


def correlate(x, weight, stride, dilation, groups):
    n, c, h, w = x.shape
    t, s, kh, kw = weight.shape
    if c != s * groups:
        raise ValueError(f"expected {s * groups} channels, got {c}")
    oh = (h - dilation[0] * (kh - 1) - 1) // stride[0] + 1
    ow = (w - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    columns = []
    for i in range(kh):
        for j in range(kw):
            top, left = i * dilation[0], j * dilation[1]
            rows = slice(top, top + stride[0] * (oh - 1) + 1, stride[0])
            columns.append(x[:, :, rows, left : left + stride[1] * (ow - 1) + 1 : stride[1]])
    columns = torch.stack(columns, 2).reshape(n, groups, s * kh * kw, oh * ow)
    return (weight.reshape(groups, t // groups, -1) @ columns).reshape(n, t, oh, ow)


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode="zeros", device=None, dtype=None):
        super().__init__()
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        if padding_mode not in ["zeros", "reflect", "replicate", "circular"]:
            raise ValueError("padding_mode")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = self._two(kernel_size)
        self.stride = self._two(stride)
        self.dilation = self._two(dilation)
        self.groups = groups
        self.padding_mode = padding_mode
        if padding == "same":
            if self.stride != (1, 1):
                raise ValueError("padding 'same' needs stride 1")
            whole = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size)]
            self.padding = [w // 2 for w in whole[::-1] for _ in (0, 1)]
            self.padding[1], self.padding[3] = whole[1] - self.padding[0], whole[0] - self.padding[2]
        elif padding == "valid":
            self.padding = [0, 0, 0, 0]
        elif isinstance(padding, str):
            raise ValueError("padding")
        else:
            ph, pw = self._two(padding)
            self.padding = [pw, pw, ph, ph]
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, *self.kernel_size, device=device, dtype=dtype))
        self.bias = nn.Parameter(torch.empty(out_channels, device=device, dtype=dtype)) if bias else None
        self.reset_parameters()

    @staticmethod
    def _two(value):
        return (value, value) if isinstance(value, int) else tuple(value)

    def reset_parameters(self):
        fan_in = self.in_channels // self.groups * math.prod(self.kernel_size)
        for parameter in self.parameters():
            parameter.data.uniform_(-(fan_in**-0.5), fan_in**-0.5)

    def extra_repr(self):
        return f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"

    def forward(self, x):
        if any(self.padding):
            x = F.pad(x, self.padding, mode="constant" if self.padding_mode == "zeros" else self.padding_mode)
        out = correlate(x, self.weight, self.stride, self.dilation, self.groups)
        if self.bias is not None:
            out += self.bias[:, None, None]
        return out
