"""Columns by index, one matrix product a group.

names: conv2d
"""

import torch
from torch.nn.functional import pad


def as_pair(v):
    return v if isinstance(v, tuple) else (v, v)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride, dilation = as_pair(stride), as_pair(dilation)
    n_out, c_group, kh, kw = weight.shape
    if stride[0] <= 0 or stride[1] <= 0:
        raise ValueError("stride must be positive")
    if groups <= 0 or n_out % groups or x.shape[1] != c_group * groups:
        raise ValueError("groups and channels do not fit")
    if bias is not None and bias.numel() != n_out:
        raise ValueError("bias must have out_channels entries")
    span_h, span_w = dilation[0] * (kh - 1), dilation[1] * (kw - 1)
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(padding)
        if padding == "same":
            if stride != (1, 1):
                raise ValueError("same with a stride")
            x = pad(x, (span_w // 2, span_w - span_w // 2, span_h // 2, span_h - span_h // 2))
    else:
        pad_h, pad_w = as_pair(padding)
        x = pad(x, (pad_w, pad_w, pad_h, pad_h))
    N, _, H, W = x.shape
    if span_h >= H or span_w >= W:
        raise ValueError("kernel larger than the input")
    out_h, out_w = (H - span_h - 1) // stride[0] + 1, (W - span_w - 1) // stride[1] + 1
    rows = torch.arange(out_h)[:, None] * stride[0] + torch.arange(kh) * dilation[0]
    cols = torch.arange(out_w)[:, None] * stride[1] + torch.arange(kw) * dilation[1]
    columns = x[:, :, rows[:, None, :, None], cols[None, :, None, :]]  # (N, C, out_h, out_w, kh, kw)
    results = []
    for g in range(groups):
        part = columns[:, g * c_group : (g + 1) * c_group].permute(0, 2, 3, 1, 4, 5).reshape(N, out_h * out_w, -1)
        kernels = weight[g * (n_out // groups) : (g + 1) * (n_out // groups)].reshape(n_out // groups, -1)
        results.append(part @ kernels.T)
    out = torch.cat(results, dim=2)
    if bias is not None:
        out = out + bias
    return out.transpose(1, 2).reshape(N, n_out, out_h, out_w)
