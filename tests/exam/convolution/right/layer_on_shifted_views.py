"""Padding in the layer, and a function that adds up shifted views.

names: Conv2d
"""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


def both(v):
    return v if isinstance(v, tuple) else (v, v)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (ph, pw), (dh, dw) = both(stride), both(padding), both(dilation)
    if x.shape[1] != weight.shape[1] * groups:
        raise ValueError(f"expected {weight.shape[1] * groups} channels, got {x.shape[1]}")
    x = F.pad(x, (pw, pw, ph, ph))
    kh, kw = weight.shape[2:]
    oh, ow = (x.shape[2] - dh * (kh - 1) - 1) // sh + 1, (x.shape[3] - dw * (kw - 1) - 1) // sw + 1
    outputs = []
    for part, kernel in zip(x.chunk(groups, 1), weight.chunk(groups, 0)):
        out = 0
        for u in range(kh):
            for v in range(kw):
                shifted = part[:, :, u * dh :: sh, v * dw :: sw][:, :, :oh, :ow]
                out = out + torch.einsum("nchw,oc->nohw", shifted, kernel[:, :, u, v])
        outputs.append(out)
    out = torch.cat(outputs, 1)
    if bias is not None:
        out = out + bias.view(1, -1, 1, 1)
    return out


class Conv2d(nn.Module):
    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        super().__init__()
        if groups < 1 or in_channels % groups != 0 or out_channels % groups != 0:
            raise ValueError("in_channels and out_channels must be divisible by groups")
        if padding_mode not in {"zeros", "reflect", "replicate", "circular"}:
            raise ValueError("padding_mode must be zeros, reflect, replicate or circular")
        if isinstance(padding, str) and padding not in {"same", "valid"}:
            raise ValueError("padding must be same, valid, an int or a pair")
        if padding == "same" and both(stride) != (1, 1):
            raise ValueError("same padding needs stride 1")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = both(kernel_size)
        self.stride = both(stride)
        self.dilation = both(dilation)
        self.groups = groups
        self.padding_mode = padding_mode
        if padding == "same":
            total = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size)]
        elif padding == "valid":
            total = [0, 0]
        else:
            total = [2 * p for p in both(padding)]
        self.before = [t // 2 for t in total]
        self.after = [t - t // 2 for t in total]
        factory = {"device": device, "dtype": dtype}
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, *self.kernel_size, **factory))
        if bias:
            self.bias = nn.Parameter(torch.empty(out_channels, **factory))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in = self.weight.shape[1] * self.kernel_size[0] * self.kernel_size[1]
            bound = 1 / math.sqrt(fan_in)
            nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, x):
        amounts = (self.before[1], self.after[1], self.before[0], self.after[0])
        if self.padding_mode == "zeros":
            x = F.pad(x, amounts)
        else:
            x = F.pad(x, amounts, mode=self.padding_mode)
        return conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)
