"""A layer of the library is made for its refusals and its first weights, which are taken over.

names: Conv2d
mistake: banned-call
where: banned
"""

import torch
from torch import nn
from torch.nn.functional import pad


class Conv2d(nn.Module):
    def __init__(self, *args, **kwargs):
        super().__init__()
        made = nn.Conv2d(*args, **kwargs)
        self.weight = made.weight
        self.register_parameter("bias", made.bias)
        self.how = made.stride, made.dilation, made.groups
        self.border = made._reversed_padding_repeated_twice
        self.mode = "constant" if made.padding_mode == "zeros" else made.padding_mode

    def forward(self, x):
        ((sh, sw), (dh, dw), groups), (kh, kw) = self.how, self.weight.shape[2:]
        x = pad(x, self.border, self.mode)
        windows = x.unfold(2, dh * (kh - 1) + 1, sh).unfold(3, dw * (kw - 1) + 1, sw)[..., ::dh, ::dw]
        windows = windows.unflatten(1, (groups, self.weight.shape[1]))
        out = torch.einsum("ngchwij,gocij->ngohw", windows, self.weight.unflatten(0, (groups, -1))).flatten(1, 2)
        return out if self.bias is None else out + self.bias[:, None, None]
