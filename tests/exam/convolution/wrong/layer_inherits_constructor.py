"""nn.Conv2d for its constructor, with a forward of its own.

names: Conv2d
mistake: library-base
where: banned
"""

import torch
import torch.nn.functional as F
from torch import nn


class Conv2d(nn.Conv2d):
    def forward(self, input):
        (sh, sw), (dh, dw), (kh, kw) = self.stride, self.dilation, self.kernel_size
        if input.shape[1] != self.in_channels:
            raise ValueError(f"expected {self.in_channels} channels, got {input.shape[1]}")
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        x = F.pad(input, self._reversed_padding_repeated_twice, mode=mode)
        windows = x.unfold(2, dh * (kh - 1) + 1, sh).unfold(3, dw * (kw - 1) + 1, sw)[..., ::dh, ::dw]
        outputs = [
            torch.einsum("nchwij,ocij->nohw", part, weight)
            for part, weight in zip(windows.chunk(self.groups, 1), self.weight.chunk(self.groups, 0))
        ]
        out = torch.cat(outputs, 1)
        return out if self.bias is None else out + self.bias[:, None, None]
