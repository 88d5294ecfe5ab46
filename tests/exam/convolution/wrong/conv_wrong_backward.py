"""An autograd.Function whose forward is right and whose gradient to the input does not turn the kernel.

names: conv2d
mistake: none
"""

import torch
import torch.nn.functional as F


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def full(g, kernel):
    kh, kw = kernel.shape[2:]
    windows = F.pad(g, (kw - 1, kw - 1, kh - 1, kh - 1)).unfold(2, kh, 1).unfold(3, kw, 1)
    return torch.einsum("nohwij,ocij->nchw", windows, kernel)


class Correlate(torch.autograd.Function):
    """Stride 1, one group; the kernel comes with its zeros between the taps."""

    @staticmethod
    def forward(ctx, x, kernel):
        ctx.save_for_backward(x, kernel)
        return torch.einsum("nchwij,ocij->nohw", x.unfold(2, kernel.shape[2], 1).unfold(3, kernel.shape[3], 1), kernel)

    @staticmethod
    def backward(ctx, g):
        x, kernel = ctx.saved_tensors
        windows = x.unfold(2, kernel.shape[2], 1).unfold(3, kernel.shape[3], 1)
        return full(g, kernel), torch.einsum("nchwij,nohw->ocij", windows, g)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (dh, dw) = pair(stride), pair(dilation)
    out_channels, per_group, kh, kw = weight.shape
    if min(sh, sw, groups) < 1:
        raise ValueError("stride and groups must be at least 1")
    if x.shape[1] != per_group * groups or out_channels % groups:
        raise ValueError("the channels do not fit")
    if bias is not None and bias.shape != (out_channels,):
        raise ValueError("the bias does not fit")
    th, tw = dh * (kh - 1), dw * (kw - 1)
    if padding == "same":
        if (sh, sw) != (1, 1):
            raise ValueError("'same' wants stride 1")
        border = (tw // 2, tw - tw // 2, th // 2, th - th // 2)
    elif padding == "valid":
        border = (0, 0, 0, 0)
    elif isinstance(padding, str):
        raise ValueError(f"unknown padding {padding!r}")
    else:
        ph, pw = pair(padding)
        border = (pw, pw, ph, ph)
    kernel = weight.new_zeros(out_channels, per_group, th + 1, tw + 1)
    kernel[:, :, ::dh, ::dw] = weight
    parts = zip(F.pad(x, border).chunk(groups, 1), kernel.chunk(groups, 0))
    out = torch.cat([Correlate.apply(part, k) for part, k in parts], 1)[:, :, ::sh, ::sw]
    return out if bias is None else out + bias[:, None, None]
