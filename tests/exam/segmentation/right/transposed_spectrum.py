"""The convolution theorem: zeros between the pixels, complex spectra in float64, cut and taken back to the input's type.

names: conv_transpose2d
"""

import torch
from torch.fft import fft2, ifft2


def spread(t, step):
    """Zeros between the last two axes' entries."""
    if step == (1, 1):
        return t
    h, w = t.shape[-2:]
    out = torch.zeros(*t.shape[:-2], (h - 1) * step[0] + 1, (w - 1) * step[1] + 1, dtype=t.dtype)
    out[..., :: step[0], :: step[1]] = t
    return out


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    stride, padding, extra, dilation = (
        tuple(v) if isinstance(v, (tuple, list)) else (v, v) for v in (stride, padding, output_padding, dilation)
    )
    if extra[0] >= max(stride[0], dilation[0]) or extra[1] >= max(stride[1], dilation[1]):
        raise ValueError("output_padding")
    if x.size(1) != weight.size(0) or x.size(1) % groups:
        raise ValueError("channels")
    image, kernel = spread(x.double(), stride), spread(weight.double(), dilation)
    whole = [a + b - 1 for a, b in zip(image.shape[-2:], kernel.shape[-2:])]
    size = [n + e for n, e in zip(whole, extra)]
    image = fft2(image, s=size).unflatten(1, (groups, -1))
    kernel = fft2(kernel, s=size).unflatten(0, (groups, -1))
    out = ifft2(torch.einsum("ngshw,gsthw->ngthw", image, kernel).flatten(1, 2)).real
    out = out[:, :, padding[0] : size[0] - padding[0], padding[1] : size[1] - padding[1]]
    if bias is not None:
        out = out + bias.double().view(-1, 1, 1)
    return out.to(x.dtype)
