"""All stamps by one einsum, added tap by tap, then cropped.

names: conv_transpose2d
"""

import torch


def pair(v):
    return (v, v) if isinstance(v, int) else v


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    (sh, sw), (ph, pw), (oh, ow), (dh, dw) = pair(stride), pair(padding), pair(output_padding), pair(dilation)
    if oh >= max(sh, dh) or ow >= max(sw, dw):
        raise ValueError("output_padding has to be smaller than stride or dilation")
    if x.shape[1] != weight.shape[0] or x.shape[1] % groups:
        raise ValueError("the channels do not fit")
    n, c, h, w = x.shape
    _, outs, kh, kw = weight.shape
    H, W = (h - 1) * sh + dh * (kh - 1) + 1 + oh, (w - 1) * sw + dw * (kw - 1) + 1 + ow
    stamps = torch.einsum("ngchw,gcoij->ngohwij", x.unflatten(1, (groups, -1)), weight.unflatten(0, (groups, -1)))
    stamps = stamps.flatten(1, 2)
    out = torch.zeros(n, groups * outs, H, W, dtype=x.dtype)
    for i in range(kh):
        for j in range(kw):
            out[:, :, i * dh : i * dh + (h - 1) * sh + 1 : sh, j * dw : j * dw + (w - 1) * sw + 1 : sw] += stamps[..., i, j]
    out = out[:, :, ph : H - ph, pw : W - pw]
    return out if bias is None else out + bias.view(-1, 1, 1)
