"""Row by row: each row of the kernel is a one-dimensional product, the rows' results are added.

names: conv2d, conv2d_naive, conv2d_backward, output_size
"""

import torch
import torch.nn.functional as F


def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    if n + 2 * padding < dilation * (kernel_size - 1) + 1:
        raise ValueError("the window does not fit")
    size = 1
    while stride * size + dilation * (kernel_size - 1) < n + 2 * padding:
        size += 1
    return size


def conv2d_naive(x, weight, bias=None):
    if x.size(1) != weight.size(1):
        raise ValueError(f"{x.size(1)} channels meet a weight for {weight.size(1)}")
    oh, ow = x.size(2) - weight.size(2) + 1, x.size(3) - weight.size(3) + 1
    columns = []
    for j in range(ow):
        column = [
            torch.einsum("nchw,ochw->no", x[:, :, i : i + weight.size(2), j : j + weight.size(3)], weight)
            for i in range(oh)
        ]
        columns.append(torch.stack(column, dim=2))
    out = torch.stack(columns, dim=3)
    if bias is not None:
        out += bias.reshape(1, -1, 1, 1)
    return out


def hw(value):
    return (value, value) if not hasattr(value, "__len__") else (value[0], value[1])


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (dh, dw) = hw(stride), hw(dilation)
    O, Cg, kh, kw = weight.shape
    if sh < 1 or sw < 1:
        raise RuntimeError("non-positive stride is not supported")
    if groups < 1:
        raise RuntimeError("non-positive groups is not supported")
    if x.shape[1] != Cg * groups or O % groups:
        raise RuntimeError(f"weight {tuple(weight.shape)} with groups={groups} does not fit {x.shape[1]} channels")
    if bias is not None and bias.shape != (O,):
        raise RuntimeError(f"bias has {bias.numel()} entries, expected {O}")
    pad_h, pad_w = ((0, 0), (0, 0))
    if padding == "same":
        if sh != 1 or sw != 1:
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        pad_h = ((kh - 1) * dh // 2, (kh - 1) * dh - (kh - 1) * dh // 2)
        pad_w = ((kw - 1) * dw // 2, (kw - 1) * dw - (kw - 1) * dw // 2)
    elif isinstance(padding, str) and padding != "valid":
        raise RuntimeError(f"Invalid padding string: {padding!r}")
    elif padding != "valid":
        pad_h, pad_w = ((p, p) for p in hw(padding))
    x = F.pad(x, (*pad_w, *pad_h))
    oh = (x.shape[2] - (kh - 1) * dh - 1) // sh + 1
    if oh < 1:
        raise RuntimeError("kernel size can't be greater than input size")

    # (N, G, H, OW, Cg * kw): the windows along the width, once for all rows
    along = x.unfold(3, (kw - 1) * dw + 1, sw)[..., ::dw]
    along = along.reshape(x.shape[0], groups, Cg, *along.shape[2:]).permute(0, 1, 3, 4, 2, 5).flatten(-2)
    taps = weight.reshape(groups, O // groups, Cg, kh, kw).permute(3, 0, 2, 4, 1).reshape(kh, 1, groups, 1, Cg * kw, -1)
    total = 0
    for u in range(kh):
        rows = along[:, :, u * dh : u * dh + (oh - 1) * sh + 1 : sh]
        total = total + rows @ taps[u]  # (N, G, OH, OW, O / G)
    out = total.permute(0, 1, 4, 2, 3).flatten(1, 2)
    return out if bias is None else out + bias[:, None, None]


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    (sh, sw), (ph, pw) = hw(stride), hw(padding)
    kh, kw = weight.shape[2:]
    oh, ow = grad_out.shape[2:]
    padded = F.pad(x, (pw, pw, ph, ph))
    grad_padded, grad_weight = padded.new_zeros(padded.shape), weight.new_zeros(weight.shape)
    for i in range(oh):  # an output row touches kh rows of the input
        rows = slice(i * sh, i * sh + kh)
        for v in range(kw):
            columns = slice(v, v + (ow - 1) * sw + 1, sw)
            grad_padded[:, :, rows, columns] += torch.einsum("now,ocu->ncuw", grad_out[:, :, i], weight[..., v])
            grad_weight[..., v] += torch.einsum("now,ncuw->ocu", grad_out[:, :, i], padded[:, :, rows, columns])
    inner = grad_padded[:, :, ph : padded.shape[2] - ph, pw : padded.shape[3] - pw]
    return inner, grad_weight, torch.einsum("nohw->o", grad_out)
