"""The convolution as a matrix: a row for each output, a column for each pixel.

names: output_size, conv2d_naive, KERNELS, apply_kernel, conv2d, conv2d_backward, Conv2d, separate
"""

import torch
from torch import nn
from torch.nn import functional as F


def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    starts = torch.arange(n + 2 * padding)[::stride]
    return int((starts + dilation * (kernel_size - 1) < n + 2 * padding).sum())


def selection(n, k, stride=1, dilation=1):
    """(outputs, k, n) of zeros and ones: which pixel each tap of each window reads."""
    outputs = (n - dilation * (k - 1) - 1) // stride + 1
    if outputs < 1:
        raise ValueError(f"{k} taps, {dilation} apart, do not fit into {n} pixels")
    reads = stride * torch.arange(outputs)[:, None] + dilation * torch.arange(k)
    return F.one_hot(reads, n)


def matrix(weight, h, w, stride=(1, 1), dilation=(1, 1)):
    """(O, C, kh, kw) -> (O * OH * OW, C * h * w), and the output's shape."""
    down = selection(h, weight.shape[2], stride[0], dilation[0]).to(weight.dtype)
    right = selection(w, weight.shape[3], stride[1], dilation[1]).to(weight.dtype)
    rows = torch.einsum("ocuv,iuy->ocivy", weight, down)
    full = torch.einsum("ocivy,jvx->oijcyx", rows, right)
    return full.flatten(3).flatten(0, 2), full.shape[:3]


def conv2d_naive(x, weight, bias=None):
    m, shape = matrix(weight, *x.shape[2:])
    out = (x.flatten(1) @ m.T).reshape(len(x), *shape)
    return out if bias is None else out + bias.reshape(-1, 1, 1)


_e = torch.eye(3)
KERNELS = {"identity": _e[1].outer(_e[1]), "box_blur": torch.ones(3, 3).div(9)}
KERNELS["edge1"] = (_e[2] - _e[0]).outer(_e[2] - _e[0])
KERNELS["edge2"] = torch.ones(3).outer(_e[1]) + _e[1].outer(torch.ones(3)) - 6 * KERNELS["identity"]
KERNELS["edge3"] = 9 * KERNELS["identity"] - torch.ones(3, 3)
KERNELS["sharpen"] = KERNELS["identity"] - KERNELS["edge2"]
KERNELS["gaussian_blur"] = torch.tensor([0.25, 0.5, 0.25]).outer(torch.tensor([0.25, 0.5, 0.25]))
KERNELS["sobel_x"] = torch.tensor([1.0, 2.0, 1.0]).outer(_e[2] - _e[0])
KERNELS["sobel_y"] = KERNELS["sobel_x"].flip(1).T


def apply_kernel(image, kernel):
    h, w = image.shape[-2:]
    kh, kw = kernel.shape
    m, _ = matrix(kernel.to(image.dtype)[None, None], h + kh - 1, w + kw - 1)
    # the columns of pixels outside the picture would meet zeros: leave them out
    m = m.reshape(h * w, h + kh - 1, w + kw - 1)[:, kh // 2 : kh // 2 + h, kw // 2 : kw // 2 + w].reshape(h * w, h * w)
    return (image.reshape(-1, h * w) @ m.T).reshape(image.shape)


def two(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride, dilation = two(stride), two(dilation)
    if min(stride) < 1 or groups < 1:
        raise ValueError("stride and groups must be positive")
    if x.shape[1] != groups * weight.shape[1] or weight.shape[0] % groups:
        raise ValueError("channels, weight and groups do not fit each other")
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        raise ValueError("the bias needs an entry for each output channel")
    if padding == "same":
        if stride != (1, 1):
            raise ValueError("'same' with a stride")
        (t, l) = [d * (k - 1) // 2 for d, k in zip(dilation, weight.shape[2:])]
        (b, r) = [d * (k - 1) - s for d, k, s in zip(dilation, weight.shape[2:], (t, l))]
    elif padding == "valid":
        t = b = l = r = 0
    elif isinstance(padding, str):
        raise ValueError(f"padding {padding!r}")
    else:
        (t, l) = (b, r) = two(padding)
    x = F.pad(x, (l, r, t, b))
    outputs = []
    for part, kernel in zip(x.chunk(groups, 1), weight.chunk(groups)):
        m, shape = matrix(kernel, x.shape[2], x.shape[3], stride, dilation)
        outputs.append((part.flatten(1) @ m.T).reshape(len(x), *shape))
    out = torch.cat(outputs, 1)
    return out if bias is None else out + bias.reshape(-1, 1, 1)


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    """The transposed matrix carries the gradient back to the pixels."""
    stride, (ph, pw) = two(stride), two(padding)
    padded = F.pad(x, (pw, pw, ph, ph))
    m, _ = matrix(weight, padded.shape[2], padded.shape[3], stride)
    grad_padded = (grad_out.flatten(1) @ m).reshape(padded.shape)
    down = selection(padded.shape[2], weight.shape[2], stride[0]).to(x.dtype)
    right = selection(padded.shape[3], weight.shape[3], stride[1]).to(x.dtype)
    seen = torch.einsum("ncyx,iuy,jvx->ncuvij", padded, down, right)
    grad_weight = torch.einsum("noij,ncuvij->ocuv", grad_out, seen)
    grad_x = grad_padded.narrow(2, ph, x.shape[2]).narrow(3, pw, x.shape[3])
    return grad_x, grad_weight, grad_out.transpose(0, 1).flatten(1).sum(1)


class Conv2d(nn.Module):
    MODES = ("zeros", "reflect", "replicate", "circular")

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", device=None, dtype=None):
        super().__init__()
        if padding_mode not in self.MODES:
            raise ValueError(f"padding_mode must be one of {self.MODES}")
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError("padding must be 'same' or 'valid'")
        if padding == "same" and two(stride) != (1, 1):
            raise ValueError("'same' with a stride")
        if groups < 1 or any(channels % groups for channels in (in_channels, out_channels)):
            raise ValueError("groups must divide both numbers of channels")
        self.k, self.s, self.p, self.d = two(kernel_size), two(stride), padding, two(dilation)
        self.g, self.mode = groups, padding_mode
        bound = (in_channels // groups * self.k[0] * self.k[1]) ** -0.5

        def parameter(*shape):
            return nn.Parameter(torch.empty(shape, device=device, dtype=dtype).uniform_(-bound, bound))

        self.weight = parameter(out_channels, in_channels // groups, *self.k)
        if bias:
            self.bias = parameter(out_channels)
        else:
            self.register_parameter("bias", None)

    def forward(self, x):
        padding = self.p
        if self.mode != "zeros" and padding != "valid":
            if padding == "same":
                ends = [(d * (k - 1) // 2, (d * (k - 1) + 1) // 2) for d, k in zip(self.d, self.k)]
            else:
                ends = [(p, p) for p in two(padding)]
            x, padding = F.pad(x, ends[1] + ends[0], mode=self.mode), "valid"
        return conv2d(x, self.weight, self.bias, self.s, padding, self.d, self.g)


def separate(kernel):
    """Every 2 x 2 minor with the largest entry must vanish."""
    flat = kernel.abs().argmax()
    i, j = int(flat) // kernel.shape[1], int(flat) % kernel.shape[1]
    peak = kernel[i, j]
    minors = kernel * peak - kernel[:, j, None] * kernel[None, i]
    if bool((minors.abs() > 1e-5 * peak * peak).any()):
        raise ValueError("the kernel's rows are not multiples of each other")
    return kernel[:, j] / (peak if peak != 0 else 1), kernel[i]
