"""Multiplied spectra, the kernel spread by zeros.

names: conv2d
"""

import torch
import torch.nn.functional as F
from torch.fft import irfft2, rfft2


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (dh, dw) = pair(stride), pair(dilation)
    O, Cg, kh, kw = weight.shape
    if min(sh, sw) < 1 or groups < 1:
        raise ValueError("stride and groups count from 1")
    if x.shape[1] != groups * Cg or O % groups:
        raise ValueError("channels do not fit")
    if bias is not None and tuple(bias.shape) != (O,):
        raise ValueError("bias does not fit")
    # zeros between the taps
    spread = weight.new_zeros(O, Cg, dh * (kh - 1) + 1, dw * (kw - 1) + 1)
    spread[:, :, ::dh, ::dw] = weight
    kh, kw = spread.shape[2:]
    if padding == "same":
        if (sh, sw) != (1, 1):
            raise ValueError("same padding is for stride 1")
        x = F.pad(x, ((kw - 1) // 2, kw // 2, (kh - 1) // 2, kh // 2))
    elif isinstance(padding, str):
        if padding != "valid":
            raise ValueError("unknown padding")
    else:
        ph, pw = pair(padding)
        x = F.pad(x, (pw, pw, ph, ph))
    size = x.shape[2:]
    if kh > size[0] or kw > size[1]:
        raise ValueError("kernel larger than input")
    a = rfft2(x).unflatten(1, (groups, Cg))
    b = rfft2(spread, size).conj().unflatten(0, (groups, -1))
    full = irfft2(torch.einsum("ngchw,gochw->ngohw", a, b), size).flatten(1, 2)
    out = full[:, :, : size[0] - kh + 1 : sh, : size[1] - kw + 1 : sw]
    if bias is not None:
        out = out + bias[None, :, None, None]
    return out
