"""Right, but it prints, warns, complains on stderr and asserts, as a notebook does while it grows.

names: output_size, conv2d_naive, apply_kernel, conv2d, conv2d_backward, Conv2d
"""

import sys
import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F


def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    print("output_size", n, kernel_size, stride, padding, dilation)
    result = (n + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1
    assert isinstance(result, int)
    return result


def conv2d_naive(x, weight, bias=None):
    N, C, H, W = x.shape
    O, C_, kh, kw = weight.shape
    assert C == C_, f"{C} != {C_}"
    out = torch.zeros(N, O, H - kh + 1, W - kw + 1).to(x)
    print("out:", out.shape, file=sys.stderr)
    for o in range(O):
        for i in range(H - kh + 1):
            for j in range(W - kw + 1):
                out[:, o, i, j] = torch.sum(x[:, :, i : i + kh, j : j + kw] * weight[o], dim=(1, 2, 3))
    if bias is None:
        bias = torch.zeros(O).to(x)
    return out + bias.reshape(1, O, 1, 1)


def apply_kernel(image, kernel):
    warnings.warn("apply_kernel is slow", UserWarning, stacklevel=2)
    kernel = kernel.to(image.dtype)
    h, w = image.shape[-2:]
    kh, kw = kernel.shape
    padded = F.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    out = torch.zeros_like(image)
    for i in range(kh):
        for j in range(kw):
            out = out + kernel[i, j] * padded[..., i : i + h, j : j + w]
    return out


def to_pair(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    warnings.warn("groups are slow", DeprecationWarning, stacklevel=2)
    stride, dilation = to_pair(stride), to_pair(dilation)
    O, Cg, kh, kw = weight.shape
    if min(stride) < 1:
        print("bad stride", stride)
        raise ValueError("stride")
    if groups < 1 or O % groups or x.shape[1] != Cg * groups:
        print("bad channels", x.shape, weight.shape, groups)
        raise ValueError("channels")
    if bias is not None and bias.shape[0] != O:
        raise ValueError("bias")
    dkh, dkw = dilation[0] * (kh - 1) + 1, dilation[1] * (kw - 1) + 1
    if padding == "same":
        if stride != (1, 1):
            raise ValueError("same + stride")
        ph, pw = dkh - 1, dkw - 1
        x = F.pad(x, (pw // 2, pw - pw // 2, ph // 2, ph - ph // 2))
    elif padding == "valid":
        pass
    elif isinstance(padding, str):
        raise ValueError(padding)
    else:
        ph, pw = to_pair(padding)
        x = F.pad(x, (pw, pw, ph, ph))
    if dkh > x.shape[2] or dkw > x.shape[3]:
        raise ValueError("kernel too large")
    print("padded:", x.shape)
    x = x.unfold(2, dkh, stride[0]).unfold(3, dkw, stride[1])[..., :: dilation[0], :: dilation[1]]
    outs = []
    for g in range(groups):
        patches = x[:, g * Cg : (g + 1) * Cg]
        kernels = weight[g * O // groups : (g + 1) * O // groups]
        outs.append((patches.unsqueeze(1) * kernels[None, :, :, None, None]).sum(dim=(2, 5, 6)))
    out = torch.cat(outs, dim=1)
    if bias is not None:
        out = out + bias[None, :, None, None]
    return out


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    print("backward", grad_out.mean(), x.mean(), weight.mean())
    (sh, sw), (ph, pw) = to_pair(stride), to_pair(padding)
    _, _, kh, kw = weight.shape
    xp = F.pad(x, (pw, pw, ph, ph))
    gxp, gw = torch.zeros_like(xp), torch.zeros_like(weight)
    for i in range(grad_out.shape[2]):
        for j in range(grad_out.shape[3]):
            g = grad_out[:, :, i, j][:, :, None, None, None]
            gxp[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw] += (g * weight).sum(1)
            gw += (g * xp[:, None, :, i * sh : i * sh + kh, j * sw : j * sw + kw]).sum(0)
    return gxp[:, :, ph : ph + x.shape[2], pw : pw + x.shape[3]], gw, grad_out.sum(dim=[0, 2, 3])


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", device=None, dtype=None):
        super().__init__()
        print("Conv2d", locals().keys())
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError("groups")
        if padding_mode not in ["zeros", "reflect", "replicate", "circular"]:
            raise ValueError(padding_mode)
        if isinstance(padding, str) and padding not in ["same", "valid"]:
            raise ValueError(padding)
        if padding == "same" and to_pair(stride) != (1, 1):
            raise ValueError("same + stride")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride = to_pair(kernel_size), to_pair(stride)
        self.padding, self.dilation, self.padding_mode = padding, to_pair(dilation), padding_mode
        kh, kw = self.kernel_size
        k = 1 / (in_channels / groups * kh * kw)
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, kh, kw, device=device, dtype=dtype))
        nn.init.uniform_(self.weight, -(k**0.5), k**0.5)
        if bias:
            self.bias = nn.Parameter(torch.empty(out_channels, device=device, dtype=dtype))
            nn.init.uniform_(self.bias, -(k**0.5), k**0.5)
        else:
            self.register_parameter("bias", None)

    def forward(self, x):
        assert x.dim() == 4
        if x.shape[1] != self.in_channels:
            raise ValueError(f"expected {self.in_channels} channels, got {x.shape[1]}")
        padding = self.padding
        if self.padding_mode != "zeros" and padding != "valid":
            if padding == "same":
                ph, pw = self.dilation[0] * (self.kernel_size[0] - 1), self.dilation[1] * (self.kernel_size[1] - 1)
                x = F.pad(x, (pw // 2, pw - pw // 2, ph // 2, ph - ph // 2), mode=self.padding_mode)
            else:
                ph, pw = to_pair(padding)
                x = F.pad(x, (pw, pw, ph, ph), mode=self.padding_mode)
            padding = 0
        return conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)
