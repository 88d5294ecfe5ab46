"""One shifted copy of the picture for each tap of the kernel, added up.

names: output_size, conv2d_naive, KERNELS, apply_kernel, conv2d, conv2d_backward, Conv2d, separate
"""

from itertools import product

import torch
import torch.nn as nn
import torch.nn.functional as F


def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    free = n + 2 * padding - dilation * (kernel_size - 1)
    return -(-free // stride)


def conv2d_naive(x, weight, bias=None):
    kh, kw = weight.shape[-2:]
    oh, ow = x.shape[-2] - kh + 1, x.shape[-1] - kw + 1
    out = x.new_zeros(x.shape[0], weight.shape[0], oh, ow)
    for c, i, j in product(range(x.shape[1]), range(kh), range(kw)):
        out = out + x[:, None, c, i : i + oh, j : j + ow] * weight[None, :, c, i, j, None, None]
    return out if bias is None else out + bias[None, :, None, None]


def _table(text, scale=1.0):
    return torch.tensor([[float(entry) for entry in row.split()] for row in text.split("/")]) * scale


KERNELS = {
    "identity": _table("0 0 0 / 0 1 0 / 0 0 0"),
    "edge1": _table("1 0 -1 / 0 0 0 / -1 0 1"),
    "edge2": _table("0 1 0 / 1 -4 1 / 0 1 0"),
    "edge3": _table("-1 -1 -1 / -1 8 -1 / -1 -1 -1"),
    "sharpen": _table("0 -1 0 / -1 5 -1 / 0 -1 0"),
    "box_blur": _table("1 1 1 / 1 1 1 / 1 1 1", 1 / 9),
    "gaussian_blur": _table("1 2 1 / 2 4 2 / 1 2 1", 1 / 16),
    "sobel_x": _table("-1 0 1 / -2 0 2 / -1 0 1"),
    "sobel_y": _table("1 2 1 / 0 0 0 / -1 -2 -1"),
}


def apply_kernel(image, kernel):
    """Each tap sends the picture to where it is wanted; what falls off the edge is cut."""
    kernel = kernel.to(image.dtype)
    h, w = image.shape[-2:]
    kh, kw = kernel.shape
    out = torch.zeros_like(image)
    for i, j in product(range(kh), range(kw)):
        down, right = kh // 2 - i, kw // 2 - j
        if abs(down) < h and abs(right) < w:
            source = image[..., max(-down, 0) : h - max(down, 0), max(-right, 0) : w - max(right, 0)]
            borders = (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0))
            out = out + kernel[i, j] * F.pad(source, borders)
    return out


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (dh, dw) = pair(stride), pair(dilation)
    kh, kw = weight.shape[2:]
    if sh < 1 or sw < 1:
        raise ValueError(f"stride must be positive, found {stride}")
    if groups < 1 or weight.shape[0] % groups != 0:
        raise ValueError(f"groups={groups} must be positive and divide {weight.shape[0]}")
    if x.shape[1] != groups * weight.shape[1]:
        raise ValueError(f"x must have {groups * weight.shape[1]} channels, found {x.shape[1]}")
    if bias is not None and len(bias) != weight.shape[0]:
        raise ValueError(f"bias must have {weight.shape[0]} entries, found {len(bias)}")
    if isinstance(padding, str):
        if padding == "same" and (sh, sw) == (1, 1):
            before = [dh * (kh - 1) // 2, dw * (kw - 1) // 2]
            after = [dh * (kh - 1) - before[0], dw * (kw - 1) - before[1]]
        elif padding == "valid":
            before = after = [0, 0]
        else:
            raise ValueError(f"padding={padding!r} with stride {stride}")
    else:
        before = after = pair(padding)
    x = F.pad(x, (before[1], after[1], before[0], after[0]))
    oh = output_size(x.shape[2], kh, sh, 0, dh)
    ow = output_size(x.shape[3], kw, sw, 0, dw)
    if oh < 1 or ow < 1:
        raise ValueError("no window fits into the padded input")

    n, o = x.shape[0], weight.shape[0]
    x = x.reshape(n, groups, 1, -1, *x.shape[2:])
    weight = weight.reshape(groups, o // groups, -1, kh, kw)
    out = x.new_zeros(n, groups, o // groups, oh, ow)
    for i, j in product(range(kh), range(kw)):
        seen = x[..., i * dh : i * dh + (oh - 1) * sh + 1 : sh, j * dw : j * dw + (ow - 1) * sw + 1 : sw]
        out = out + (seen * weight[:, :, :, i, j, None, None]).sum(3)
    out = out.reshape(n, o, oh, ow)
    return out if bias is None else out + bias[:, None, None]


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    x_padded = F.pad(x, (pw, pw, ph, ph))
    grad_padded, grad_weight = torch.zeros_like(x_padded), torch.zeros_like(weight)
    oh, ow = grad_out.shape[2:]
    for i, j in product(range(weight.shape[2]), range(weight.shape[3])):
        rows, columns = slice(i, i + (oh - 1) * sh + 1, sh), slice(j, j + (ow - 1) * sw + 1, sw)
        grad_padded[:, :, rows, columns] += torch.einsum("nohw,oc->nchw", grad_out, weight[:, :, i, j])
        grad_weight[:, :, i, j] = torch.einsum("nohw,nchw->oc", grad_out, x_padded[:, :, rows, columns])
    height, width = x.shape[2:]
    return grad_padded[:, :, ph:, pw:][:, :, :height, :width], grad_weight, grad_out.sum(3).sum(2).sum(0)


class Conv2d(nn.Module):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device=None,
        dtype=None,
    ):
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups or out_channels % groups:
            raise ValueError(f"{in_channels} and {out_channels} channels must be divisible by groups={groups}")
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError(f"padding_mode must be zeros, reflect, replicate or circular, found {padding_mode!r}")
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"padding must be same or valid, found {padding!r}")
            if padding == "same" and pair(stride) != (1, 1):
                raise ValueError("padding='same' wants stride 1")
        super().__init__()
        self.kernel_size, self.stride, self.dilation = pair(kernel_size), pair(stride), pair(dilation)
        self.padding, self.padding_mode, self.groups = padding, padding_mode, groups
        bound = (in_channels // groups * self.kernel_size[0] * self.kernel_size[1]) ** -0.5
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = nn.Parameter((torch.rand(shape, device=device, dtype=dtype) * 2 - 1) * bound)
        if bias:
            self.bias = nn.Parameter((torch.rand(out_channels, device=device, dtype=dtype) * 2 - 1) * bound)
        else:
            self.register_parameter("bias", None)

    def forward(self, x):
        common = dict(stride=self.stride, dilation=self.dilation, groups=self.groups)
        if self.padding_mode == "zeros":
            return conv2d(x, self.weight, self.bias, padding=self.padding, **common)
        if self.padding == "same":
            total = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size)]
            borders = (total[1] // 2, (total[1] + 1) // 2, total[0] // 2, (total[0] + 1) // 2)
        else:
            ph, pw = (0, 0) if self.padding == "valid" else pair(self.padding)
            borders = (pw, pw, ph, ph)
        return conv2d(F.pad(x, borders, mode=self.padding_mode), self.weight, self.bias, padding="valid", **common)


def separate(kernel):
    """Power iteration: a rank-1 kernel is reached in one step."""
    row = kernel[kernel.abs().amax(dim=1).argmax()]
    if not row.any():
        return torch.zeros_like(kernel[:, 0]), row.clone()
    column = kernel @ (row / row.dot(row))
    rest = kernel - column[:, None] * row[None, :]
    if rest.abs().max() > 1e-5 * kernel.abs().max():
        raise ValueError(f"kernel is not separable: {float(rest.abs().max()):.3g} is left over")
    return column, row.clone()
