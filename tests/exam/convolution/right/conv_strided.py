"""A strided view of seven axes and one matrix product.

names: conv2d
"""

import torch
import torch.nn.functional as F


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    if isinstance(stride, int):
        stride = (stride, stride)
    if isinstance(dilation, int):
        dilation = (dilation, dilation)
    O, c, kh, kw = weight.shape
    reach = (dilation[0] * (kh - 1) + 1, dilation[1] * (kw - 1) + 1)
    if groups < 1 or O % groups or x.size(1) != c * groups:
        raise ValueError("bad groups or channels")
    if bias is not None and bias.size(0) != O:
        raise ValueError("bad bias")
    if stride[0] < 1 or stride[1] < 1:
        raise ValueError("bad stride")
    if padding == "valid":
        padding = 0
    if padding == "same":
        if stride[0] != 1 or stride[1] != 1:
            raise ValueError("same padding with a stride")
        before = [(r - 1) // 2 for r in reach]
        after = [r // 2 for r in reach]
    elif isinstance(padding, str):
        raise ValueError("bad padding " + padding)
    else:
        before = after = [padding, padding] if isinstance(padding, int) else list(padding)
    x = F.pad(x, (before[1], after[1], before[0], after[0])).contiguous()
    N, C, H, W = x.shape
    if H < reach[0] or W < reach[1]:
        raise ValueError("kernel does not fit")
    oh, ow = (H - reach[0]) // stride[0] + 1, (W - reach[1]) // stride[1] + 1
    windows = x.as_strided(
        (groups, N, oh, ow, c, kh, kw),
        (c * H * W, C * H * W, W * stride[0], stride[1], H * W, W * dilation[0], dilation[1]),
    )
    out = windows.reshape(groups, N * oh * ow, c * kh * kw) @ weight.reshape(groups, O // groups, -1).transpose(1, 2)
    out = out.reshape(groups, N, oh, ow, O // groups).permute(1, 0, 4, 2, 3).reshape(N, O, oh, ow)
    if bias is not None:
        out = out + bias.view(-1, 1, 1)
    return out
