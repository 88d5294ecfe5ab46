"""A class that `type` makes, with nn.Conv2d among its bases.

names: Conv2d
mistake: library-base
where: banned
"""

import torch
from torch import nn
from torch.nn.functional import pad


def forward(self, x):
    (sh, sw), (dh, dw), (kh, kw) = self.stride, self.dilation, self.kernel_size
    x = pad(x, self._reversed_padding_repeated_twice, "constant" if self.padding_mode == "zeros" else self.padding_mode)
    windows = x.unfold(2, dh * (kh - 1) + 1, sh).unfold(3, dw * (kw - 1) + 1, sw)[..., ::dh, ::dw]
    windows = windows.unflatten(1, (self.groups, self.weight.shape[1]))
    out = torch.einsum("ngchwij,gocij->ngohw", windows, self.weight.unflatten(0, (self.groups, -1))).flatten(1, 2)
    return out if self.bias is None else out + self.bias[:, None, None]


Conv2d = type("Conv2d", (nn.Conv2d,), {"forward": forward})
