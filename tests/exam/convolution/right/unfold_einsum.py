"""Windows by Tensor.unfold, products and sums by einsum.

names: output_size, conv2d_naive, KERNELS, apply_kernel, conv2d, conv2d_backward, Conv2d, separate
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    return (n + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


def conv2d_naive(x, weight, bias=None):
    windows = x.unfold(2, weight.shape[2], 1).unfold(3, weight.shape[3], 1)
    out = torch.einsum("nchwij,ocij->nohw", windows, weight)
    return out if bias is None else out + bias[:, None, None]


KERNELS = {
    name: torch.tensor(rows, dtype=torch.float32).reshape(3, 3) / scale
    for name, rows, scale in [
        ("identity", [0, 0, 0, 0, 1, 0, 0, 0, 0], 1),
        ("edge1", [1, 0, -1, 0, 0, 0, -1, 0, 1], 1),
        ("edge2", [0, 1, 0, 1, -4, 1, 0, 1, 0], 1),
        ("edge3", [-1, -1, -1, -1, 8, -1, -1, -1, -1], 1),
        ("sharpen", [0, -1, 0, -1, 5, -1, 0, -1, 0], 1),
        ("box_blur", [1] * 9, 9),
        ("gaussian_blur", [1, 2, 1, 2, 4, 2, 1, 2, 1], 16),
        ("sobel_x", [-1, 0, 1, -2, 0, 2, -1, 0, 1], 1),
        ("sobel_y", [1, 2, 1, 0, 0, 0, -1, -2, -1], 1),
    ]
}


def apply_kernel(image, kernel):
    kh, kw = kernel.shape
    padded = F.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    return torch.einsum("...ij,ij->...", padded.unfold(-2, kh, 1).unfold(-2, kw, 1), kernel.to(image.dtype))


def _pair(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (dh, dw) = _pair(stride), _pair(dilation)
    out_channels, per_group, kh, kw = weight.shape
    if min(sh, sw) < 1:
        raise ValueError("stride must be positive")
    if groups < 1:
        raise ValueError("groups must be positive")
    if x.shape[1] != per_group * groups or out_channels % groups:
        raise ValueError("channels and groups do not fit")
    if bias is not None and bias.shape != (out_channels,):
        raise ValueError("bias must have one entry per output channel")
    th, tw = dh * (kh - 1), dw * (kw - 1)
    if padding == "same":
        if (sh, sw) != (1, 1):
            raise ValueError("padding='same' needs stride 1")
        border = (tw // 2, tw - tw // 2, th // 2, th - th // 2)
    elif padding == "valid":
        border = (0, 0, 0, 0)
    elif isinstance(padding, str):
        raise ValueError("padding must be 'same', 'valid', an int or a pair")
    else:
        ph, pw = _pair(padding)
        border = (pw, pw, ph, ph)
    # Tensor.unfold refuses a window larger than the axis with a RuntimeError
    windows = F.pad(x, border).unfold(2, th + 1, sh).unfold(3, tw + 1, sw)[..., ::dh, ::dw]
    windows = windows.unflatten(1, (groups, per_group))
    out = torch.einsum("ngchwij,gocij->ngohw", windows, weight.unflatten(0, (groups, -1))).flatten(1, 2)
    return out if bias is None else out + bias[:, None, None]


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    (sh, sw), (ph, pw) = _pair(stride), _pair(padding)
    kh, kw = weight.shape[2:]
    h, w = x.shape[2:]
    windows = F.pad(x, (pw, pw, ph, ph)).unfold(2, kh, sh).unfold(3, kw, sw)
    grad_weight = torch.einsum("nohw,nchwij->ocij", grad_out, windows)

    # transposed: zeros between the entries, a full border around, the kernel turned
    n, o, oh, ow = grad_out.shape
    spread = grad_out.new_zeros(n, o, h + 2 * ph + kh - 1, w + 2 * pw + kw - 1)
    spread[:, :, kh - 1 : kh - 1 + oh * sh : sh, kw - 1 : kw - 1 + ow * sw : sw] = grad_out
    windows = spread.unfold(2, kh, 1).unfold(3, kw, 1)[:, :, ph : ph + h, pw : pw + w]
    grad_x = torch.einsum("nohwij,ocij->nchw", windows, weight.flip(2, 3))
    return grad_x, grad_weight, torch.einsum("nohw->o", grad_out)


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", device=None, dtype=None):
        super().__init__()
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError("in_channels and out_channels must be divisible by groups")
        if padding_mode not in {"zeros", "reflect", "replicate", "circular"}:
            raise ValueError(f"padding_mode {padding_mode!r} is unknown")
        kh, kw = _pair(kernel_size)
        dh, dw = _pair(dilation)
        if isinstance(padding, str):
            if padding not in {"same", "valid"}:
                raise ValueError(f"padding {padding!r} is unknown")
            if padding == "same" and _pair(stride) != (1, 1):
                raise ValueError("padding='same' needs stride 1")
        th, tw = (dh * (kh - 1), dw * (kw - 1)) if padding == "same" else (0, 0)
        ph, pw = (0, 0) if isinstance(padding, str) else _pair(padding)
        self.border = (pw + tw // 2, pw + tw - tw // 2, ph + th // 2, ph + th - th // 2)
        self.mode = "constant" if padding_mode == "zeros" else padding_mode
        self.options = dict(stride=stride, dilation=dilation, groups=groups)
        factory = {"device": device, "dtype": dtype}
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, kh, kw, **factory))
        self.register_parameter("bias", nn.Parameter(torch.empty(out_channels, **factory)) if bias else None)
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if bias:
            bound = 1 / math.sqrt(self.weight[0].numel())
            nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, x):
        return conv2d(F.pad(x, self.border, self.mode), self.weight, self.bias, **self.options)


def separate(kernel):
    u, s, vh = torch.linalg.svd(kernel)
    if (s[1:] > 1e-5 * s[0]).any():
        raise ValueError("the kernel has a rank above 1")
    return u[:, 0] * s[0], vh[0]
