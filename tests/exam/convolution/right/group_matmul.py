"""A loop over the groups, a batched matrix product in each; slices of the picture stacked into columns.

names: output_size, conv2d_naive, KERNELS, apply_kernel, conv2d, conv2d_backward, Conv2d
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    return math.floor((n + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1)


def conv2d_naive(x, weight, bias=None):
    n_images, n_in, height, width = x.size()
    n_out, _, k1, k2 = weight.size()
    out = torch.zeros((n_images, n_out, height - k1 + 1, width - k2 + 1), dtype=x.dtype, device=x.device)
    for n in range(n_images):
        for o in range(n_out):
            for i in range(height - k1 + 1):
                for j in range(width - k2 + 1):
                    out[n, o, i, j] += (x[n, :, i : i + k1, j : j + k2] * weight[o]).sum()
            if bias is not None:
                out[n, o] += bias[o]
    return out


KERNELS = {name: torch.zeros(3, 3) for name in ("identity", "edge1", "edge2", "edge3", "sharpen")}
KERNELS["identity"][1, 1] = 1
KERNELS["edge1"][[0, 2], [0, 2]] = 1
KERNELS["edge1"][[0, 2], [2, 0]] = -1
KERNELS["edge2"][[0, 1, 1, 2], [1, 0, 2, 1]] = 1
KERNELS["edge2"][1, 1] = -4
KERNELS["edge3"][:] = -1
KERNELS["edge3"][1, 1] = 8
KERNELS["sharpen"] = KERNELS["identity"] - KERNELS["edge2"]
KERNELS["box_blur"] = torch.full((3, 3), 1 / 9)
KERNELS["gaussian_blur"] = torch.Tensor([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
KERNELS["sobel_x"] = torch.Tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
KERNELS["sobel_y"] = torch.Tensor([[1, 2, 1], [0, 0, 0], [-1, -2, -1]])


def apply_kernel(image, kernel):
    if image.ndim == 2:
        return apply_kernel(image.unsqueeze(0), kernel).squeeze(0)
    (k1, k2), (channels, height, width) = kernel.shape, image.shape
    padded = nn.ZeroPad2d((k2 // 2, k2 // 2, k1 // 2, k1 // 2))(image)
    columns = [padded[:, i : i + height, j : j + width] for i in range(k1) for j in range(k2)]
    return torch.stack(columns, dim=-1) @ kernel.reshape(-1).type(image.dtype)


def make_pair(value):
    if isinstance(value, int):
        return value, value
    first, second = value
    return first, second


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    s1, s2 = make_pair(stride)
    d1, d2 = make_pair(dilation)
    n_images, n_in = x.shape[0], x.shape[1]
    n_out, n_per_group, k1, k2 = weight.shape
    reach1, reach2 = d1 * (k1 - 1) + 1, d2 * (k2 - 1) + 1

    if s1 < 1 or s2 < 1:
        raise ValueError(f"stride must be at least 1, got {stride}")
    if groups < 1:
        raise ValueError(f"groups must be at least 1, got {groups}")
    if n_in % groups:
        raise ValueError(f"{n_in} input channels are not divisible by {groups} groups")
    if n_out % groups:
        raise ValueError(f"{n_out} output channels are not divisible by {groups} groups")
    if n_in // groups != n_per_group:
        raise ValueError(f"each group has {n_in // groups} input channels, the weight wants {n_per_group}")
    if bias is not None and list(bias.shape) != [n_out]:
        raise ValueError(f"bias must have shape ({n_out},), got {tuple(bias.shape)}")

    match padding:
        case "same":
            if (s1, s2) != (1, 1):
                raise ValueError("padding='same' needs stride 1")
            pads = ((reach2 - 1) // 2, reach2 - 1 - (reach2 - 1) // 2, (reach1 - 1) // 2, reach1 - 1 - (reach1 - 1) // 2)
        case "valid":
            pads = (0, 0, 0, 0)
        case str():
            raise ValueError(f"padding must be 'same', 'valid' or numbers, got {padding!r}")
        case _:
            p1, p2 = make_pair(padding)
            pads = (p2, p2, p1, p1)
    x = F.pad(x, pads)
    if reach1 > x.shape[2] or reach2 > x.shape[3]:
        raise ValueError(f"kernel reaches over {reach1} x {reach2}, the padded input is {x.shape[2]} x {x.shape[3]}")

    h_out = (x.shape[2] - reach1) // s1 + 1
    w_out = (x.shape[3] - reach2) // s2 + 1
    results = []
    for g in range(groups):
        channels = x[:, g * n_per_group : (g + 1) * n_per_group]
        taps = []
        for i in range(k1):
            for j in range(k2):
                top, left = i * d1, j * d2
                taps.append(channels[:, :, top : top + s1 * (h_out - 1) + 1 : s1, left : left + s2 * (w_out - 1) + 1 : s2])
        columns = torch.stack(taps, dim=2).reshape(n_images, n_per_group * k1 * k2, h_out * w_out)
        filters = weight[g * (n_out // groups) : (g + 1) * (n_out // groups)].reshape(n_out // groups, -1)
        results.append(filters.matmul(columns))
    out = torch.cat(results, dim=1).reshape(n_images, n_out, h_out, w_out)
    if bias is not None:
        out = out + bias.reshape(1, n_out, 1, 1)
    return out


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    s1, s2 = make_pair(stride)
    p1, p2 = make_pair(padding)
    n_images, n_in, height, width = x.shape
    n_out, _, k1, k2 = weight.shape
    _, _, h_out, w_out = grad_out.shape
    padded = F.pad(x, (p2, p2, p1, p1))
    flat_grad = grad_out.reshape(n_images, n_out, -1)
    # what each window sends back, (N, C, k1, k2, OH, OW), laid over the picture window by window
    sent = (weight.reshape(n_out, -1).T @ flat_grad).reshape(n_images, n_in, k1, k2, h_out, w_out)
    grad_padded = torch.zeros_like(padded)
    grad_weight = torch.zeros_like(weight)
    for i in range(h_out):
        for j in range(w_out):
            window = (..., slice(i * s1, i * s1 + k1), slice(j * s2, j * s2 + k2))
            grad_padded[window] += sent[..., i, j]
            grad_weight += (grad_out[:, :, i, j].T @ padded[window].reshape(n_images, -1)).reshape(weight.shape)
    grad_x = grad_padded[:, :, p1 : p1 + height, p2 : p2 + width].clone()
    return grad_x, grad_weight, flat_grad.sum(dim=-1).sum(dim=0)


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", device=None, dtype=None):
        super().__init__()
        k1, k2 = make_pair(kernel_size)
        self.stride, self.dilation, self.groups = make_pair(stride), make_pair(dilation), groups
        if groups <= 0 or in_channels % groups or out_channels % groups:
            raise ValueError("in_channels and out_channels must be divisible by groups")

        match padding:
            case "same":
                if self.stride != (1, 1):
                    raise ValueError("padding='same' needs stride 1")
                t1, t2 = self.dilation[0] * (k1 - 1), self.dilation[1] * (k2 - 1)
                pads = (t2 // 2, t2 - t2 // 2, t1 // 2, t1 - t1 // 2)
            case "valid":
                pads = (0, 0, 0, 0)
            case str():
                raise ValueError(f"padding must be 'same' or 'valid', got {padding!r}")
            case _:
                p1, p2 = make_pair(padding)
                pads = (p2, p2, p1, p1)
        match padding_mode:
            case "zeros":
                self.pad = nn.ZeroPad2d(pads)
            case "reflect":
                self.pad = nn.ReflectionPad2d(pads)
            case "replicate":
                self.pad = nn.ReplicationPad2d(pads)
            case "circular":
                self.pad = nn.CircularPad2d(pads)
            case _:
                raise ValueError(f"padding_mode {padding_mode!r} is unknown")

        self.weight = nn.Parameter(torch.empty((out_channels, in_channels // groups, k1, k2), device=device, dtype=dtype))
        if bias:
            self.bias = nn.Parameter(torch.empty((out_channels,), device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        fan_in = self.weight.shape[1] * self.weight.shape[2] * self.weight.shape[3]
        self.weight.uniform_(-1, 1).mul_(1 / math.sqrt(fan_in))
        if self.bias is not None:
            self.bias.uniform_(-1, 1).mul_(1 / math.sqrt(fan_in))

    def forward(self, x):
        return conv2d(self.pad(x), self.weight, self.bias, self.stride, 0, self.dilation, self.groups)
