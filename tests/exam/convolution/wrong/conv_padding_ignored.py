"""Only the words pad; numbers are read and forgotten.

names: conv2d
mistake: padding-ignored
where: padding, sizes
visible: caught
"""

import torch
import torch.nn.functional as F


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


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
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(f"unknown padding {padding!r}")
        if padding == "same":
            if (sh, sw) != (1, 1):
                raise ValueError("'same' wants stride 1")
            x = F.pad(x, (tw // 2, tw - tw // 2, th // 2, th - th // 2))
    else:
        ph, pw = pair(padding)
    windows = x.unfold(2, th + 1, sh).unfold(3, tw + 1, sw)[..., ::dh, ::dw]
    windows = windows.unflatten(1, (groups, per_group))
    out = torch.einsum("ngchwij,gocij->ngohw", windows, weight.unflatten(0, (groups, -1))).flatten(1, 2)
    return out if bias is None else out + bias[:, None, None]
