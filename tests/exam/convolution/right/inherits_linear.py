"""A linear layer over windows: nn.Linear's constructor and start, its weight laid out as a kernel.

names: Conv2d
"""

import torch
from torch import nn


class Conv2d(nn.Linear):
    PADS = {"zeros": nn.ZeroPad2d, "reflect": nn.ReflectionPad2d, "replicate": nn.ReplicationPad2d, "circular": nn.CircularPad2d}

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", device=None, dtype=None):
        kernel_size, self_stride, dilation = map(self.pair, (kernel_size, stride, dilation))
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError("channels must be divisible by groups")
        if padding_mode not in self.PADS:
            raise ValueError(f"padding_mode: one of {', '.join(self.PADS)}")
        taps = in_channels // groups * kernel_size[0] * kernel_size[1]
        super().__init__(taps, out_channels, bias, device, dtype)
        self.weight = nn.Parameter(self.weight.detach().view(out_channels, -1, *kernel_size))
        self.steps, self.gaps, self.groups = self_stride, dilation, groups
        self.pad = self.PADS[padding_mode](self.border(padding, kernel_size))

    @staticmethod
    def pair(v):
        return (v, v) if isinstance(v, int) else tuple(v)

    def border(self, padding, kernel_size):
        if padding == "same" and self.steps == (1, 1):
            sides = []
            for k, d in zip(kernel_size[::-1], self.gaps[::-1]):
                sides += [d * (k - 1) // 2, d * (k - 1) - d * (k - 1) // 2]
            return tuple(sides)
        if padding == "valid":
            return (0, 0, 0, 0)
        if isinstance(padding, str):
            raise ValueError("padding: a number, a pair, 'valid', or 'same' with stride 1")
        ph, pw = self.pair(padding)
        return (pw, pw, ph, ph)

    def forward(self, x):
        kh, kw = self.weight.shape[2:]
        if x.shape[1] != self.weight.shape[1] * self.groups:
            raise RuntimeError("the channels do not fit")
        (sh, sw), (dh, dw) = self.steps, self.gaps
        windows = self.pad(x).unfold(2, dh * (kh - 1) + 1, sh).unfold(3, dw * (kw - 1) + 1, sw)[..., ::dh, ::dw]
        windows = windows.permute(0, 2, 3, 1, 4, 5).flatten(3)
        parts = zip(windows.chunk(self.groups, -1), self.weight.flatten(1).chunk(self.groups))
        y = torch.cat([nn.functional.linear(seen, weight) for seen, weight in parts], -1)
        return (y if self.bias is None else y + self.bias).permute(0, 3, 1, 2)
