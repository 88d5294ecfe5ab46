"""A buffer for the border; one einsum a tap.

names: conv2d
"""

import torch


def two(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    N, C, H, W = x.shape
    O, Cg, kh, kw = weight.shape
    sh, sw = two(stride)
    dh, dw = two(dilation)
    if sh < 1 or sw < 1 or groups < 1:
        raise ValueError("stride and groups must be positive")
    if C != Cg * groups or O % groups != 0:
        raise ValueError(f"{C} and {O} channels do not fit {groups} groups of {Cg}")
    if bias is not None and bias.shape[0] != O:
        raise ValueError("one bias for each output channel, please")
    if padding == "same":
        if sh != 1 or sw != 1:
            raise ValueError("same padding needs stride 1")
        top, left = dh * (kh - 1) // 2, dw * (kw - 1) // 2
        bottom, right = dh * (kh - 1) - top, dw * (kw - 1) - left
    elif padding == "valid":
        top = bottom = left = right = 0
    elif isinstance(padding, str):
        raise ValueError("padding is 'same', 'valid' or numbers")
    else:
        top, left = two(padding)
        bottom, right = top, left
    padded = x.new_zeros(N, C, H + top + bottom, W + left + right)
    padded[:, :, top : top + H, left : left + W] = x
    oh = (padded.shape[2] - dh * (kh - 1) - 1) // sh + 1
    ow = (padded.shape[3] - dw * (kw - 1) - 1) // sw + 1
    if oh < 1 or ow < 1:
        raise ValueError("the kernel is larger than the padded input")

    padded = padded.reshape(N, groups, Cg, *padded.shape[2:])
    taps = weight.reshape(groups, O // groups, Cg, kh, kw)
    out = x.new_zeros(N, groups, O // groups, oh, ow)
    for u in range(kh):
        for v in range(kw):
            rows = slice(u * dh, u * dh + (oh - 1) * sh + 1, sh)
            columns = slice(v * dw, v * dw + (ow - 1) * sw + 1, sw)
            out = out + torch.einsum("ngchw,goc->ngohw", padded[..., rows, columns], taps[..., u, v])
    out = out.reshape(N, O, oh, ow)
    if bias is not None:
        out = out + bias.reshape(1, O, 1, 1)
    return out
