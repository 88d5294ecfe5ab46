"""im2col by advanced indexing, then one matrix product.

names: output_size, conv2d_naive, KERNELS, apply_kernel, conv2d, conv2d_backward, Conv2d
"""

import math

import torch
import torch.nn.functional as F
from torch import nn, tensor


def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    last_start = n + 2 * padding - (dilation * (kernel_size - 1) + 1)
    return int(math.floor(last_start / stride)) + 1


def conv2d_naive(x, weight, bias=None):
    kh, kw = weight.shape[2:]
    height, width = x.shape[2] - kh + 1, x.shape[3] - kw + 1
    out = torch.empty(x.shape[0], weight.shape[0], height, width, dtype=x.dtype)
    for i in range(height):
        for j in range(width):
            patch = x[:, :, i : i + kh, j : j + kw].reshape(x.shape[0], -1)
            out[:, :, i, j] = patch @ weight.reshape(weight.shape[0], -1).T
    if bias is not None:
        out += bias.view(1, -1, 1, 1)
    return out


KERNELS = {
    "identity": tensor([[0, 0, 0], [0, 1, 0], [0, 0, 0]], dtype=torch.float32),
    "edge1": tensor([[1, 0, -1], [0, 0, 0], [-1, 0, 1]], dtype=torch.float32),
    "edge2": tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]], dtype=torch.float32),
    "edge3": tensor([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], dtype=torch.float32),
    "sharpen": tensor([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], dtype=torch.float32),
    "box_blur": tensor([[1, 1, 1], [1, 1, 1], [1, 1, 1]], dtype=torch.float32) / 9,
    "gaussian_blur": tensor([[1, 2, 1], [2, 4, 2], [1, 2, 1]], dtype=torch.float32) / 16,
    "sobel_x": tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=torch.float32),
    "sobel_y": tensor([[1, 2, 1], [0, 0, 0], [-1, -2, -1]], dtype=torch.float32),
}


def apply_kernel(image, kernel):
    kernel = kernel.to(dtype=image.dtype)
    (kh, kw), (h, w) = kernel.shape, image.shape[-2:]
    padded = F.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    rows = torch.arange(h).view(h, 1, 1, 1) + torch.arange(kh).view(1, 1, kh, 1)
    columns = torch.arange(w).view(1, w, 1, 1) + torch.arange(kw).view(1, 1, 1, kw)
    return (padded[..., rows, columns] * kernel).sum(dim=(-1, -2))


def _pair(v):
    return (v, v) if isinstance(v, int) else (v[0], v[1])


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    N, C, H, W = x.shape
    O, Cg, kh, kw = weight.shape
    (sh, sw), (dh, dw) = _pair(stride), _pair(dilation)
    if sh <= 0 or sw <= 0:
        raise ValueError(f"stride {stride} is not positive")
    if groups <= 0 or C % groups or O % groups or C // groups != Cg:
        raise ValueError(f"{C} input channels, {O} filters of {Cg} channels and {groups} groups do not fit")
    if bias is not None and bias.shape != torch.Size([O]):
        raise ValueError(f"bias has shape {tuple(bias.shape)}, expected ({O},)")
    if padding == "same":
        if sh * sw != 1:
            raise ValueError("'same' needs stride 1")
        total_h, total_w = dh * (kh - 1), dw * (kw - 1)
        top, left = total_h // 2, total_w // 2
    elif padding == "valid":
        total_h = total_w = top = left = 0
    elif isinstance(padding, str):
        raise ValueError(f"padding={padding!r}")
    else:
        top, left = _pair(padding)
        total_h, total_w = 2 * top, 2 * left
    x = F.pad(x, (left, total_w - left, top, total_h - top))
    OH = (x.shape[2] - dh * (kh - 1) - 1) // sh + 1
    OW = (x.shape[3] - dw * (kw - 1) - 1) // sw + 1
    if OH <= 0 or OW <= 0:
        raise ValueError("the kernel is larger than the padded input")

    rows = (sh * torch.arange(OH)).view(OH, 1, 1, 1) + (dh * torch.arange(kh)).view(1, 1, kh, 1)
    columns = (sw * torch.arange(OW)).view(1, OW, 1, 1) + (dw * torch.arange(kw)).view(1, 1, 1, kw)
    patches = x[:, :, rows, columns]  # (N, C, OH, OW, kh, kw)
    patches = patches.reshape(N, groups, Cg, OH * OW, kh * kw).permute(0, 1, 2, 4, 3)
    patches = patches.reshape(N, groups, Cg * kh * kw, OH * OW)
    out = (weight.reshape(groups, O // groups, -1) @ patches).reshape(N, O, OH, OW)
    if bias is not None:
        out = out + bias.reshape(O, 1, 1)
    return out


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    (sh, sw), (ph, pw) = _pair(stride), _pair(padding)
    (N, C, H, W), (O, _, kh, kw), (OH, OW) = x.shape, weight.shape, grad_out.shape[2:]
    rows = (sh * torch.arange(OH)).view(OH, 1, 1, 1) + torch.arange(kh).view(1, 1, kh, 1)
    columns = (sw * torch.arange(OW)).view(1, OW, 1, 1) + torch.arange(kw).view(1, 1, 1, kw)
    width = W + 2 * pw
    where = (rows * width + columns).reshape(-1)  # positions in a padded plane, window by window

    planes = F.pad(x, (pw, pw, ph, ph)).reshape(N, C, -1)
    patches = planes[:, :, where].reshape(N, C, OH * OW, kh * kw)
    flat = grad_out.reshape(N, O, OH * OW)
    grad_weight = torch.einsum("nop,ncpk->ock", flat, patches).reshape(weight.shape)

    sent_back = torch.einsum("nop,ock->ncpk", flat, weight.reshape(O, C, -1)).reshape(N, C, -1)
    grad_planes = torch.zeros_like(planes).index_add_(2, where, sent_back)
    grad_x = grad_planes.reshape(N, C, H + 2 * ph, width)[:, :, ph : ph + H, pw : pw + W]
    return grad_x, grad_weight, grad_out.sum(dim=(0, 2, 3))


class Conv2d(nn.Module):
    """Borders of every mode by indices: an index of -1 means zero."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", device=None, dtype=None):
        super().__init__()
        if groups <= 0 or in_channels % groups or out_channels % groups:
            raise ValueError(f"groups={groups} does not divide {in_channels} and {out_channels}")
        if padding_mode not in ["zeros", "reflect", "replicate", "circular"]:
            raise ValueError(f"padding_mode={padding_mode!r}")
        if isinstance(padding, str) and padding not in ["same", "valid"]:
            raise ValueError(f"padding={padding!r}")
        if padding == "same" and _pair(stride) != (1, 1):
            raise ValueError("'same' needs stride 1")
        kh, kw = _pair(kernel_size)
        spans = [d * (k - 1) for d, k in zip(_pair(dilation), (kh, kw))]
        if padding == "same":
            self.ends = [(s // 2, s - s // 2) for s in spans]
        else:
            self.ends = [(0, 0)] * 2 if padding == "valid" else [(p, p) for p in _pair(padding)]
        self.mode, self.arguments = padding_mode, (stride, 0, dilation, groups)
        bound = 1 / math.sqrt(in_channels // groups * kh * kw)
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, kh, kw, device=device, dtype=dtype))
        self.weight.data.uniform_(-bound, bound)
        self.register_parameter("bias", None)
        if bias:
            self.bias = nn.Parameter(torch.empty(out_channels, device=device, dtype=dtype))
            self.bias.data.uniform_(-bound, bound)

    def border(self, x, axis):
        before, after = self.ends[axis - 2]
        n = x.shape[axis]
        index = torch.arange(-before, n + after, device=x.device)
        if self.mode == "zeros":
            inside = ((index >= 0) & (index < n)).to(x.dtype)
            x = x.index_select(axis, index.clamp(0, n - 1))
            return x * (inside[:, None] if axis == 2 else inside)
        if self.mode == "reflect":
            index = (n - 1) - ((n - 1) - index.abs()).abs()
        elif self.mode == "replicate":
            index = index.clamp(0, n - 1)
        else:
            index = index % n
        return x.index_select(axis, index)

    def forward(self, x):
        return conv2d(self.border(self.border(x, 2), 3), self.weight, self.bias, *self.arguments)
