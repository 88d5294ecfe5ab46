"""Windows as one as_strided view, read from the tensor's own strides; sums by tensordot.

names: output_size, conv2d_naive, KERNELS, apply_kernel, conv2d, conv2d_backward, Conv2d, separate
"""

import torch
import torch.nn.functional as F
from torch import nn


def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    return len(range(0, n + 2 * padding - dilation * (kernel_size - 1), stride))


def windows_of(x, kernel, stride=(1, 1), dilation=(1, 1)):
    """(N, C, H, W) -> (N, C, OH, OW, kh, kw), nothing copied."""
    sizes = [output_size(n, k, s, 0, d) for n, k, s, d in zip(x.shape[2:], kernel, stride, dilation)]
    if min(sizes) < 1:
        raise ValueError(f"a {kernel[0]}x{kernel[1]} kernel does not fit into {x.shape[2]}x{x.shape[3]}")
    sn, sc, sh, sw = x.stride()
    return x.as_strided(
        (x.shape[0], x.shape[1], *sizes, *kernel),
        (sn, sc, sh * stride[0], sw * stride[1], sh * dilation[0], sw * dilation[1]),
        x.storage_offset(),
    )


def conv2d_naive(x, weight, bias=None):
    x = x.contiguous()
    out = torch.tensordot(windows_of(x, tuple(weight.shape[2:])), weight, ([1, 4, 5], [1, 2, 3])).permute(0, 3, 1, 2)
    return out if bias is None else out + bias.view(-1, 1, 1)


_smooth, _slope = torch.tensor([1.0, 2.0, 1.0]), torch.tensor([-1.0, 0.0, 1.0])
_identity = F.pad(torch.ones(1, 1), (1, 1, 1, 1))
_cross = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])
KERNELS = dict(
    identity=_identity,
    edge1=torch.outer(_slope, _slope),
    edge2=_cross,
    edge3=9 * _identity - torch.ones(3, 3),
    sharpen=_identity - _cross,
    box_blur=torch.full((3, 3), 1 / 9),
    gaussian_blur=torch.outer(_smooth, _smooth) / 16,
    sobel_x=torch.outer(_smooth, _slope),
    sobel_y=-torch.outer(_smooth, _slope).T,
)


def apply_kernel(image, kernel):
    kh, kw = kernel.shape
    planes = image.reshape(1, -1, *image.shape[-2:])
    padded = F.pad(planes, (kw // 2, kw // 2, kh // 2, kh // 2)).contiguous()
    return torch.tensordot(windows_of(padded, (kh, kw)), kernel.to(image.dtype), 2).reshape(image.shape)


def two(value):
    return (value,) * 2 if isinstance(value, int) else tuple(value)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride, dilation, kernel = two(stride), two(dilation), tuple(weight.shape[2:])
    if min(*stride, groups) < 1:
        raise ValueError("stride and groups must be at least 1")
    if x.shape[1] != weight.shape[1] * groups:
        raise ValueError(f"expected {weight.shape[1] * groups} channels, got {x.shape[1]}")
    if weight.shape[0] % groups:
        raise ValueError(f"{groups} groups do not divide {weight.shape[0]} output channels")
    if bias is not None and bias.numel() != weight.shape[0]:
        raise ValueError(f"expected a bias of {weight.shape[0]} entries, got {bias.numel()}")
    if padding == "same":
        if stride != (1, 1):
            raise ValueError("'same' padding wants stride 1")
        totals = [d * (k - 1) for d, k in zip(dilation, kernel)]
        pads = [(t // 2, t - t // 2) for t in totals]
    elif padding == "valid":
        pads = [(0, 0), (0, 0)]
    elif isinstance(padding, str):
        raise ValueError(f"unknown padding {padding!r}")
    else:
        pads = [(p, p) for p in two(padding)]
    x = F.pad(x, (*pads[1], *pads[0])).contiguous()
    parts = [
        torch.tensordot(windows_of(part, kernel, stride, dilation), w, ([1, 4, 5], [1, 2, 3]))
        for part, w in zip(x.chunk(groups, 1), weight.chunk(groups, 0))
    ]
    out = torch.cat(parts, -1)
    if bias is not None:
        out = out + bias
    return out.permute(0, 3, 1, 2)


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    stride, (ph, pw), kernel = two(stride), two(padding), tuple(weight.shape[2:])
    padded = F.pad(x, (pw, pw, ph, ph)).contiguous()
    grad_weight = torch.tensordot(grad_out, windows_of(padded, kernel, stride), ([0, 2, 3], [0, 2, 3]))
    pieces = torch.tensordot(grad_out, weight, ([1], [0]))  # (N, OH, OW, C, kh, kw): what each window sends back
    grad_padded = torch.zeros_like(padded)
    for u in range(kernel[0]):
        for v in range(kernel[1]):
            rows = slice(u, u + stride[0] * grad_out.shape[2], stride[0])
            columns = slice(v, v + stride[1] * grad_out.shape[3], stride[1])
            target = grad_padded[:, :, rows, columns]
            target += pieces[..., u, v].permute(0, 3, 1, 2)[:, :, : target.shape[2], : target.shape[3]]
    return grad_padded[:, :, ph : ph + x.shape[2], pw : pw + x.shape[3]], grad_weight, grad_out.sum((0, 2, 3))


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", device=None, dtype=None):
        super().__init__()
        if groups < 1:
            raise ValueError("groups must be at least 1")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError("padding_mode must be zeros, reflect, replicate or circular")
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError("padding must be same or valid, or numbers")
        if padding == "same" and any(s != 1 for s in two(stride)):
            raise ValueError("same padding wants stride 1")
        self.in_channels, self.out_channels, self.kernel_size = in_channels, out_channels, two(kernel_size)
        self.stride, self.dilation, self.groups = two(stride), two(dilation), groups
        self.padding = padding if isinstance(padding, str) else two(padding)
        self.padding_mode = padding_mode
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
        if bias:
            self.bias = nn.Parameter(torch.empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self):
        fan_in = self.weight.shape[1] * self.weight.shape[2] * self.weight.shape[3]
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_((2 * torch.rand_like(parameter) - 1) / fan_in**0.5)

    def forward(self, x):
        padding = self.padding
        if self.padding_mode != "zeros" and padding != "valid":
            if padding == "same":
                totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size)]
                (top, bottom), (left, right) = [(t // 2, t - t // 2) for t in totals]
            else:
                (top, left), (bottom, right) = padding, padding
            x, padding = F.pad(x, (left, right, top, bottom), self.padding_mode), 0
        return conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


def separate(kernel):
    row = kernel[kernel.abs().sum(1).argmax()]
    norm = (row * row).sum()
    column = kernel @ row / norm if norm > 0 else kernel[:, 0]
    if not torch.allclose(torch.outer(column, row), kernel, rtol=1e-5, atol=1e-5 * float(kernel.abs().max())):
        raise ValueError("not separable")
    return column, row
