"""Divide and rule: a sum over channels is the sum of its halves, down to one channel and one row of taps.

names: conv2d, conv2d_naive, apply_kernel, separate
"""

import torch
import torch.nn.functional as F


def correlate(x, weight):
    """(N, C, H, W) with (O, C, kh, kw), no padding, stride 1."""
    channels, kh, kw = weight.shape[1:]
    if channels > 1:
        half = channels // 2
        return correlate(x[:, :half], weight[:, :half]) + correlate(x[:, half:], weight[:, half:])
    if kh > 1:
        half, height = kh // 2, x.shape[2]
        upper = correlate(x[:, :, : height - (kh - half)], weight[:, :, :half])
        return upper + correlate(x[:, :, half:], weight[:, :, half:])
    if kw > 1:
        half, width = kw // 2, x.shape[3]
        left = correlate(x[:, :, :, : width - (kw - half)], weight[:, :, :, :half])
        return left + correlate(x[:, :, :, half:], weight[:, :, :, half:])
    return x * weight.reshape(1, -1, 1, 1)


def conv2d_naive(x, weight, bias=None):
    out = correlate(x, weight)
    return out if bias is None else out + bias.reshape(1, -1, 1, 1)


def apply_kernel(image, kernel):
    planes = image.reshape(-1, 1, *image.shape[-2:])
    kh, kw = kernel.shape
    planes = F.pad(planes, (kw // 2, kw // 2, kh // 2, kh // 2))
    return correlate(planes, kernel.to(image.dtype)[None, None]).reshape(image.shape)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Groups by recursion, dilation by zeros between the taps, stride by leaving out."""
    sh, sw = (stride, stride) if isinstance(stride, int) else stride
    dh, dw = (dilation, dilation) if isinstance(dilation, int) else dilation
    o, per_group, kh, kw = weight.shape
    if sh < 1 or sw < 1 or groups < 1 or o % groups or x.shape[1] != per_group * groups:
        raise ValueError("stride, groups and channels do not fit")
    if bias is not None and len(bias) != o:
        raise ValueError("the bias has the wrong length")
    reach_h, reach_w = dh * (kh - 1), dw * (kw - 1)
    if isinstance(padding, str):
        if padding not in ("same", "valid") or (padding == "same" and (sh, sw) != (1, 1)):
            raise ValueError(f"padding {padding!r} with stride {stride}")
        if padding == "same":
            x = F.pad(x, (reach_w // 2, reach_w - reach_w // 2, reach_h // 2, reach_h - reach_h // 2))
        return conv2d(x, weight, bias, stride, 0, dilation, groups)
    if padding not in (0, (0, 0)):
        ph, pw = (padding, padding) if isinstance(padding, int) else padding
        return conv2d(F.pad(x, (pw, pw, ph, ph)), weight, bias, stride, 0, dilation, groups)
    if reach_h >= x.shape[2] or reach_w >= x.shape[3]:
        raise ValueError("the kernel is larger than the padded input")
    if bias is not None:
        return conv2d(x, weight, None, stride, 0, dilation, groups) + bias[:, None, None]
    if groups > 1:
        first = conv2d(x[:, :per_group], weight[: o // groups], None, stride, 0, dilation)
        rest = conv2d(x[:, per_group:], weight[o // groups :], None, stride, 0, dilation, groups - 1)
        return torch.cat([first, rest], dim=1)
    # the phases of a dilation are pictures of their own; zeros between the taps do as well
    spread = weight.new_zeros(o, per_group, reach_h + 1, reach_w + 1)
    spread[:, :, ::dh, ::dw] = weight
    return correlate(x, spread)[:, :, ::sh, ::sw]


def separate(kernel):
    if kernel.shape[0] == 1:
        return torch.ones_like(kernel[:, 0]), kernel[0].clone()
    column, row = separate(kernel[1:])
    top, scale = kernel[0], row.dot(row)
    if scale == 0:
        return F.pad(torch.zeros_like(column), (1, 0), value=1.0), top.clone()
    factor = top.dot(row) / scale
    if (top - factor * row).abs().max() > 1e-5 * kernel.abs().max():
        raise ValueError("the kernel is not separable: its first row is no multiple of the others")
    return torch.cat([factor[None], column]), row
