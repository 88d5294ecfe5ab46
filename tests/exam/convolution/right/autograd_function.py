"""A torch.autograd.Function with its backward written out; autograd never looks inside.

names: conv2d, Conv2d
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


class Correlation(torch.autograd.Function):
    """Padded input (N, G, C, H, W) and weight (G, O, C, kh, kw) -> (N, G, O, OH, OW)."""

    @staticmethod
    def windows(x, kernel, stride, dilation):
        x = x.unfold(3, dilation[0] * (kernel[0] - 1) + 1, stride[0])
        return x.unfold(4, dilation[1] * (kernel[1] - 1) + 1, stride[1])[..., :: dilation[0], :: dilation[1]]

    @staticmethod
    def forward(ctx, x, weight, stride, dilation):
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.dilation = stride, dilation
        windows = Correlation.windows(x, weight.shape[3:], stride, dilation)
        return torch.einsum("ngchwuv,gocuv->ngohw", windows, weight)

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        grad_x = grad_weight = None
        if ctx.needs_input_grad[0]:
            grad_x = torch.zeros_like(x)
            # unfold gives views: adding into overlapping windows tap by tap, no element twice at once
            views = Correlation.windows(grad_x, weight.shape[3:], ctx.stride, ctx.dilation)
            for u in range(weight.shape[3]):
                for v in range(weight.shape[4]):
                    views[..., u, v] += torch.einsum("ngohw,goc->ngchw", grad, weight[..., u, v])
        if ctx.needs_input_grad[1]:
            windows = Correlation.windows(x, weight.shape[3:], ctx.stride, ctx.dilation)
            grad_weight = torch.einsum("ngohw,ngchwuv->gocuv", grad, windows)
        return grad_x, grad_weight, None, None


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride, dilation = pair(stride), pair(dilation)
    n_out, per_group, kh, kw = weight.shape
    if min(stride) < 1 or groups < 1:
        raise ValueError("stride and groups must be positive")
    if n_out % groups or x.shape[1] != per_group * groups:
        raise ValueError("channels do not fit")
    if bias is not None and bias.shape != (n_out,):
        raise ValueError("bias does not fit")
    if padding == "same":
        if stride != (1, 1):
            raise ValueError("'same' wants stride 1")
        h, w = dilation[0] * (kh - 1), dilation[1] * (kw - 1)
        x = F.pad(x, (w // 2, w - w // 2, h // 2, h - h // 2))
    elif isinstance(padding, str):
        if padding != "valid":
            raise ValueError("unknown padding")
    else:
        ph, pw = pair(padding)
        x = F.pad(x, (pw, pw, ph, ph))
    out = Correlation.apply(
        x.unflatten(1, (groups, per_group)), weight.unflatten(0, (groups, n_out // groups)), stride, dilation
    ).flatten(1, 2)
    return out if bias is None else out + bias[None, :, None, None]


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", device=None, dtype=None):
        super().__init__()
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError("groups must divide the channels")
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError("unknown padding_mode")
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError("unknown padding")
        if padding == "same" and pair(stride) != (1, 1):
            raise ValueError("'same' wants stride 1")
        self.padding, self.padding_mode = padding, padding_mode
        self.stride, self.dilation, self.groups = stride, dilation, groups
        kh, kw = pair(kernel_size)
        self.register_parameter(
            "weight", nn.Parameter(torch.empty(out_channels, in_channels // groups, kh, kw, device=device, dtype=dtype))
        )
        self.register_parameter(
            "bias", nn.Parameter(torch.empty(out_channels, device=device, dtype=dtype)) if bias else None
        )
        nn.init.kaiming_uniform_(self.weight, mode="fan_in", a=5**0.5)
        if bias:
            nn.init.uniform_(self.bias, -1 / math.sqrt(self.weight[0].numel()), 1 / math.sqrt(self.weight[0].numel()))

    def forward(self, x):
        padding = self.padding
        if padding == "same" or self.padding_mode != "zeros" and padding != "valid":
            span = [d * (k - 1) for d, k in zip(pair(self.dilation), self.weight.shape[2:])]
            h, w = span if padding == "same" else (2 * p for p in pair(padding))
            mode = self.padding_mode if self.padding_mode != "zeros" else "constant"
            x, padding = F.pad(x, (w // 2, (w + 1) // 2, h // 2, (h + 1) // 2), mode), 0
        return conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)
