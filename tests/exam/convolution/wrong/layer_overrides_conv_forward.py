"""nn.Conv2d's constructor and forward; what forward calls, `_conv_forward`, is its own.

names: Conv2d
mistake: library-base
where: banned
"""

import torch
import torch.nn.functional as F
from torch import nn


def correlate(x, weight, stride, dilation):
    """(N, C, H, W), (O, C, kh, kw): taps as columns of a matrix."""
    kh, kw = weight.shape[2:]
    oh = (x.shape[2] - dilation[0] * (kh - 1) - 1) // stride[0] + 1
    ow = (x.shape[3] - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    shifted = [
        x[:, :, u * dilation[0] :: stride[0], v * dilation[1] :: stride[1]][:, :, :oh, :ow]
        for u in range(kh)
        for v in range(kw)
    ]
    columns = torch.stack(shifted, 2).flatten(1, 2).flatten(2)  # (N, C * kh * kw, OH * OW)
    return (weight.flatten(1) @ columns).unflatten(2, (oh, ow))


class Conv2d(nn.Conv2d):
    def _conv_forward(self, input, weight, bias):
        assert weight.shape[0] == self.out_channels
        if input.shape[1] != self.in_channels:
            raise RuntimeError(f"expected {self.in_channels} channels, got {input.shape[1]}")
        if self.padding_mode == "zeros":
            x = F.pad(input, self._reversed_padding_repeated_twice)
        else:
            x = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
        parts = zip(x.split(weight.shape[1], 1), weight.chunk(self.groups))
        out = torch.cat([correlate(part, w, self.stride, self.dilation) for part, w in parts], 1)
        if bias is not None:
            out = out + bias.view(1, -1, 1, 1)
        return out
