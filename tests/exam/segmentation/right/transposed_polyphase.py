"""By phases: output pixels with the same remainder modulo the stride are an ordinary convolution with some of the taps.

names: conv_transpose2d
"""

import torch
import torch.nn.functional as F


def both(v):
    return (v, v) if isinstance(v, int) else tuple(v)


def phase(k, stride, dilation, remainder):
    """The taps that reach output pixels of this remainder, and how many input pixels each lies back."""
    return [(i, (i * dilation - remainder) // stride) for i in range(k) if (i * dilation - remainder) % stride == 0]


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    stride, padding, output_padding, dilation = map(both, (stride, padding, output_padding, dilation))
    if any(o >= max(s, d) for o, s, d in zip(output_padding, stride, dilation)):
        raise ValueError("output_padding must be smaller than stride or dilation")
    if x.shape[1] != weight.shape[0] or weight.shape[0] % groups:
        raise ValueError("channels do not fit")
    n, s, h, w = x.shape
    _, t, *kernel = weight.shape
    full = [(m - 1) * st + d * (k - 1) + 1 + o for m, st, d, k, o in zip((h, w), stride, dilation, kernel, output_padding)]
    out = x.new_zeros(n, groups * t, *full)
    x, weight = x.unflatten(1, (groups, -1)), weight.unflatten(0, (groups, -1))
    for a in range(min(stride[0], full[0])):
        for b in range(min(stride[1], full[1])):
            height, width = len(range(a, full[0], stride[0])), len(range(b, full[1], stride[1]))
            total = x.new_zeros(n, groups * t, height, width)
            for i, up in phase(kernel[0], stride[0], dilation[0], a):
                for j, left in phase(kernel[1], stride[1], dilation[1], b):
                    part = torch.einsum("ngshw,gst->ngthw", x, weight[..., i, j]).flatten(1, 2)
                    total = total + F.pad(part, (left, width - w - left, up, height - h - up))
            out[:, :, a :: stride[0], b :: stride[1]] = total
    out = out[:, :, padding[0] : full[0] - padding[0], padding[1] : full[1] - padding[1]]
    return out if bias is None else out + bias.reshape(1, -1, 1, 1)
