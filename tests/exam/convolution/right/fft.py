"""In the Fourier domain: the spectrum of the image times the conjugate of the kernel's.

names: conv2d_naive, KERNELS, apply_kernel, conv2d, conv2d_backward, Conv2d, output_size
"""

import torch
import torch.nn.functional as F
from torch import fft, nn


def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    whole, _ = divmod(n + 2 * padding - dilation * kernel_size + dilation - 1, stride)
    return whole + 1


def conv2d_naive(x, weight, bias=None):
    (h, w), (kh, kw) = x.shape[2:], weight.shape[2:]
    outputs = []
    for filter_ in weight:
        total = torch.zeros(x.shape[0], h - kh + 1, w - kw + 1, dtype=x.dtype)
        for c in range(x.shape[1]):
            for i in range(kh):
                for j in range(kw):
                    total = total + filter_[c, i, j] * x[:, c, i : i + h - kh + 1, j : j + w - kw + 1]
        outputs.append(total)
    out = torch.stack(outputs, dim=1)
    return out if bias is None else out + bias.unsqueeze(-1).unsqueeze(-1)


def _ring(centre, edge, corner):
    return torch.tensor([[corner, edge, corner], [edge, centre, edge], [corner, edge, corner]], dtype=torch.float)


KERNELS = {
    "identity": _ring(1, 0, 0),
    "edge1": torch.tensor([[1.0, 0, -1], [0, 0, 0], [-1, 0, 1]]),
    "edge2": _ring(-4, 1, 0),
    "edge3": _ring(8, -1, -1),
    "sharpen": _ring(5, -1, 0),
    "box_blur": _ring(1, 1, 1) / 9,
    "gaussian_blur": _ring(4, 2, 1) / 16,
    "sobel_x": torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "sobel_y": torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]).rot90(),
}


def correlate(a, b, size):
    """Circular cross-correlation of the last two axes, of the given size."""
    return fft.irfft2(fft.rfft2(a, size) * fft.rfft2(b, size).conj(), size)


def apply_kernel(image, kernel):
    (h, w), (kh, kw) = image.shape[-2:], kernel.shape
    full = correlate(image, kernel.to(image.dtype), (h + kh - 1, w + kw - 1))
    return full.roll((kh // 2, kw // 2), (-2, -1))[..., :h, :w]


def pair(value):
    return (value,) * 2 if isinstance(value, int) else tuple(value)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (dh, dw) = pair(stride), pair(dilation)
    O, Cg, kh, kw = weight.shape
    if min(sh, sw, groups) < 1:
        raise ValueError("stride and groups must be at least 1")
    if O % groups or x.shape[1] != Cg * groups:
        raise ValueError(f"weights for {groups} groups of {Cg} channels do not fit an input of {x.shape[1]}")
    if bias is not None and bias.shape != (O,):
        raise ValueError(f"the bias must have the shape ({O},), found {tuple(bias.shape)}")
    reach = (dh * (kh - 1) + 1, dw * (kw - 1) + 1)
    if padding == "same":
        if sh > 1 or sw > 1:
            raise ValueError("'same' is defined for stride 1")
        x = F.pad(x, ((reach[1] - 1) // 2, reach[1] // 2, (reach[0] - 1) // 2, reach[0] // 2))
    elif isinstance(padding, str):
        if padding != "valid":
            raise ValueError(f"{padding!r} is no padding")
    else:
        ph, pw = pair(padding)
        x = F.pad(x, (pw, pw, ph, ph))
    H, W = x.shape[2:]
    if reach[0] > H or reach[1] > W:
        raise ValueError(f"a window of {reach} pixels does not fit into {(H, W)}")

    kernel = weight.new_zeros(O, Cg, *reach)
    kernel[..., ::dh, ::dw] = weight
    spectrum = fft.rfft2(x).reshape(x.shape[0], groups, 1, Cg, H, W // 2 + 1)
    filters = fft.rfft2(kernel, (H, W)).conj().reshape(1, groups, O // groups, Cg, H, W // 2 + 1)
    out = fft.irfft2((spectrum * filters).sum(3), (H, W)).reshape(x.shape[0], O, H, W)
    out = out[:, :, : H - reach[0] + 1 : sh, : W - reach[1] + 1 : sw]
    return out if bias is None else out + bias.reshape(1, -1, 1, 1)


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    x = F.pad(x, (pw, pw, ph, ph))
    (H, W), (kh, kw) = x.shape[2:], weight.shape[2:]
    g = grad_out.new_zeros(*grad_out.shape[:2], H - kh + 1, W - kw + 1)
    g[:, :, ::sh, ::sw] = grad_out

    fx, fw, fg = fft.rfft2(x), fft.rfft2(weight, (H, W)), fft.rfft2(g, (H, W))
    # x correlated with g gives the weight's gradient; g convolved with the weight, the input's
    grad_weight = fft.irfft2(torch.einsum("nchw,nohw->ochw", fx, fg.conj()), (H, W))[:, :, :kh, :kw]
    grad_x = fft.irfft2(torch.einsum("nohw,ochw->nchw", fg, fw), (H, W))
    return grad_x[:, :, ph : H - ph, pw : W - pw], grad_weight, g.sum((0, 2, 3))


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", device=None, dtype=None):
        super().__init__()
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError("in_channels and out_channels must be multiples of groups")
        modes = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}
        if padding_mode not in modes:
            raise ValueError(f"padding_mode must be one of {sorted(modes)}")
        self.mode = modes[padding_mode]
        self.stride, self.dilation, self.groups = pair(stride), pair(dilation), groups
        kernel_size = pair(kernel_size)
        if padding == "same":
            if self.stride != (1, 1):
                raise ValueError("'same' is defined for stride 1")
            spans = [d * (k - 1) for d, k in zip(self.dilation, kernel_size)]
        elif padding == "valid":
            spans = [0, 0]
        elif isinstance(padding, str):
            raise ValueError("padding is 'same', 'valid', a number or a pair of numbers")
        else:
            spans = [2 * p for p in pair(padding)]
        self.border = [end for span in reversed(spans) for end in (span // 2, (span + 1) // 2)]
        self.weight = nn.Parameter(
            torch.empty((out_channels, in_channels // groups, *kernel_size), device=device, dtype=dtype)
        )
        self.register_parameter(
            "bias", nn.Parameter(torch.empty(out_channels, device=device, dtype=dtype)) if bias else None
        )
        fan_in, _ = nn.init._calculate_fan_in_and_fan_out(self.weight)
        for tensor in filter(lambda t: t is not None, (self.weight, self.bias)):
            nn.init.uniform_(tensor, a=-(fan_in**-0.5), b=fan_in**-0.5)

    def forward(self, input):
        padded = F.pad(input, self.border, mode=self.mode)
        return conv2d(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)
