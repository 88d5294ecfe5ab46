"""The transposed convolution is the gradient of the convolution, and is asked of autograd itself.

names: conv_transpose2d
"""

import torch
import torch.nn.functional as F


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    def two(v):
        return (v, v) if isinstance(v, int) else tuple(v)

    stride, padding, output_padding, dilation = two(stride), two(padding), two(output_padding), two(dilation)
    if any(o >= max(s, d) for o, s, d in zip(output_padding, stride, dilation)):
        raise RuntimeError("output padding must be smaller than either stride or dilation")
    if weight.shape[0] != x.shape[1] or x.shape[1] % groups:
        raise RuntimeError("wrong number of channels")
    size = [
        (n - 1) * s - 2 * p + d * (k - 1) + 1 + o
        for n, s, p, d, k, o in zip(x.shape[2:], stride, padding, dilation, weight.shape[2:], output_padding)
    ]
    with torch.enable_grad():
        at = torch.zeros(x.shape[0], weight.shape[1] * groups, *size, dtype=x.dtype, requires_grad=True)
        down = F.conv2d(at, weight, None, stride, padding, dilation, groups)
        down = down[:, :, : x.shape[2], : x.shape[3]]
        (out,) = torch.autograd.grad(down, at, x, create_graph=True)
    return out if bias is None else out + bias[None, :, None, None]
