"""One kernel size for both axes, of stamps that are added as they are.

names: conv_transpose2d
mistake: transposed-square-kernel
where: kernel not square
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
    _, outs, k, _ = weight.shape
    H, W = (h - 1) * sh + dh * (k - 1) + 1 + oh, (w - 1) * sw + dw * (k - 1) + 1 + ow
    x, weight = x.unflatten(1, (groups, -1)), weight.unflatten(0, (groups, -1))
    out = x.new_zeros(n, groups * outs, H, W)
    for i in range(h):
        for j in range(w):
            stamp = torch.einsum("ngc,gcouv->ngouv", x[..., i, j], weight).flatten(1, 2)
            out[:, :, i * sh : i * sh + dh * (k - 1) + 1 : dh, j * sw : j * sw + dw * (k - 1) + 1 : dw] += stamp
    out = out[:, :, ph : H - ph, pw : W - pw]
    return out if bias is None else out + bias.view(-1, 1, 1)
