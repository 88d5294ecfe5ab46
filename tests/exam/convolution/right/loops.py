"""Nested loops, as the formula is read aloud; a loop over output positions where a sum is long.

names: output_size, conv2d_naive, KERNELS, apply_kernel, conv2d, conv2d_backward, Conv2d, separate
"""

import torch
from torch import nn


def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    count, start = 0, -padding
    while start + dilation * (kernel_size - 1) < n + padding:
        count += 1
        start += stride
    return count


def conv2d_naive(x, weight, bias=None):
    N, C, H, W = x.shape
    O, _, kh, kw = weight.shape
    out = torch.zeros(N, O, H - kh + 1, W - kw + 1, dtype=x.dtype)
    for n in range(N):
        for o in range(O):
            for i in range(H - kh + 1):
                for j in range(W - kw + 1):
                    total = 0 if bias is None else bias[o]
                    for c in range(C):
                        for u in range(kh):
                            for v in range(kw):
                                total = total + weight[o, c, u, v] * x[n, c, i + u, j + v]
                    out[n, o, i, j] = total
    return out


KERNELS = {
    "identity": torch.tensor([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]),
    "edge1": torch.tensor([[1.0, 0.0, -1.0], [0.0, 0.0, 0.0], [-1.0, 0.0, 1.0]]),
    "edge2": torch.tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]),
    "edge3": torch.tensor([[-1.0, -1.0, -1.0], [-1.0, 8.0, -1.0], [-1.0, -1.0, -1.0]]),
    "sharpen": torch.tensor([[0.0, -1.0, 0.0], [-1.0, 5.0, -1.0], [0.0, -1.0, 0.0]]),
    "box_blur": torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]) / 9,
    "gaussian_blur": torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 16,
    "sobel_x": torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]),
    "sobel_y": torch.tensor([[1.0, 2.0, 1.0], [0.0, 0.0, 0.0], [-1.0, -2.0, -1.0]]),
}


def apply_kernel(image, kernel):
    if image.dim() == 3:
        return torch.stack([apply_kernel(channel, kernel) for channel in image])
    kernel = kernel.to(image.dtype)
    H, W = image.shape
    kh, kw = kernel.shape
    padded = torch.zeros(H + kh - 1, W + kw - 1, dtype=image.dtype)
    padded[kh // 2 : kh // 2 + H, kw // 2 : kw // 2 + W] = image
    rows = []
    for i in range(H):
        rows.append(torch.stack([(padded[i : i + kh, j : j + kw] * kernel).sum() for j in range(W)]))
    return torch.stack(rows)


def both(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    N, C, H, W = x.shape
    O, Cg, kh, kw = weight.shape
    sh, sw = both(stride)
    dh, dw = both(dilation)
    if sh < 1 or sw < 1:
        raise ValueError(f"stride must be at least 1, got {stride}")
    if groups < 1 or C % groups or O % groups:
        raise ValueError(f"{groups} groups do not divide {C} input and {O} output channels")
    if Cg != C // groups:
        raise ValueError(f"the weight wants {Cg} channels a group, the input has {C // groups}")
    if bias is not None and tuple(bias.shape) != (O,):
        raise ValueError(f"the bias must have {O} entries, got the shape {tuple(bias.shape)}")
    reach_h, reach_w = dh * (kh - 1) + 1, dw * (kw - 1) + 1
    if padding == "same":
        if (sh, sw) != (1, 1):
            raise ValueError("'same' wants stride 1")
        top, left = (reach_h - 1) // 2, (reach_w - 1) // 2
        full_h, full_w = H + reach_h - 1, W + reach_w - 1
    elif padding == "valid":
        top, left, full_h, full_w = 0, 0, H, W
    elif isinstance(padding, str):
        raise ValueError(f"padding must be 'same', 'valid' or numbers, got {padding!r}")
    else:
        top, left = both(padding)
        full_h, full_w = H + 2 * top, W + 2 * left
    if reach_h > full_h or reach_w > full_w:
        raise ValueError(f"a kernel reaching over {reach_h}x{reach_w} does not fit into {full_h}x{full_w}")
    padded = torch.zeros(N, C, full_h, full_w, dtype=x.dtype)
    padded[:, :, top : top + H, left : left + W] = x

    out = []
    for i in range(0, full_h - reach_h + 1, sh):
        for j in range(0, full_w - reach_w + 1, sw):
            patch = padded[:, :, i : i + reach_h : dh, j : j + reach_w : dw]
            patch = patch.reshape(N, groups, 1, Cg * kh * kw)
            out.append((patch * weight.reshape(1, groups, O // groups, Cg * kh * kw)).sum(-1).reshape(N, O))
    out = torch.stack(out, -1).reshape(N, O, (full_h - reach_h) // sh + 1, (full_w - reach_w) // sw + 1)
    return out if bias is None else out + bias.reshape(1, O, 1, 1)


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    (sh, sw), (ph, pw) = both(stride), both(padding)
    N, C, H, W = x.shape
    O, _, kh, kw = weight.shape
    padded = torch.zeros(N, C, H + 2 * ph, W + 2 * pw, dtype=x.dtype)
    padded[:, :, ph : ph + H, pw : pw + W] = x
    grad_padded, grad_weight = torch.zeros_like(padded), torch.zeros_like(weight)
    grad_bias = torch.zeros(O, dtype=x.dtype)
    for i in range(grad_out.shape[2]):
        for j in range(grad_out.shape[3]):
            here = (slice(None), slice(None), slice(i * sh, i * sh + kh), slice(j * sw, j * sw + kw))
            for n in range(N):
                for o in range(O):
                    g = grad_out[n, o, i, j]
                    grad_padded[here][n] += g * weight[o]
                    grad_weight[o] += g * padded[here][n]
                    grad_bias[o] += g
    return grad_padded[:, :, ph : ph + H, pw : pw + W], grad_weight, grad_bias


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", device=None, dtype=None):
        super().__init__()
        if groups < 1 or in_channels % groups != 0 or out_channels % groups != 0:
            raise ValueError(f"{groups} groups do not divide {in_channels} and {out_channels} channels")
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError(f"unknown padding_mode {padding_mode!r}")
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f"unknown padding {padding!r}")
        if padding == "same" and both(stride) != (1, 1):
            raise ValueError("'same' wants stride 1")
        self.kernel_size, self.stride, self.padding = both(kernel_size), both(stride), padding
        self.dilation, self.groups, self.padding_mode = both(dilation), groups, padding_mode
        kh, kw = self.kernel_size
        bound = (in_channels // groups * kh * kw) ** -0.5
        empty = torch.empty(out_channels, in_channels // groups, kh, kw, device=device, dtype=dtype)
        self.weight = nn.Parameter(empty.uniform_(-bound, bound))
        if bias:
            self.bias = nn.Parameter(torch.empty(out_channels, device=device, dtype=dtype).uniform_(-bound, bound))
        else:
            self.register_parameter("bias", None)

    def forward(self, x):
        if self.padding_mode == "zeros":
            return conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
        amounts = []
        for axis in (1, 0):
            if self.padding == "valid":
                amounts += [0, 0]
            elif self.padding == "same":
                total = self.dilation[axis] * (self.kernel_size[axis] - 1)
                amounts += [total // 2, total - total // 2]
            else:
                amounts += [both(self.padding)[axis]] * 2
        x = nn.functional.pad(x, amounts, mode=self.padding_mode)
        return conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def separate(kernel):
    kh, kw = kernel.shape
    best = (0, 0)
    for i in range(kh):
        for j in range(kw):
            if abs(kernel[i, j]) > abs(kernel[best]):
                best = (i, j)
    if kernel[best] == 0:
        return kernel[:, 0].clone(), kernel[0].clone()
    column, row = kernel[:, best[1]] / kernel[best], kernel[best[0]].clone()
    for i in range(kh):
        for j in range(kw):
            if abs(column[i] * row[j] - kernel[i, j]) > 1e-5 * abs(kernel[best]):
                raise ValueError("the kernel is not the product of a column and a row")
    return column, row
