"""The padded picture as one long row: a tap is an offset, a window is a place in the row.

names: conv2d, conv2d_naive, conv2d_backward, apply_kernel
"""

import torch
import torch.nn.functional as F


def places(height, width, kernel, stride, dilation):
    """(kh * kw, OH * OW) positions in a row of height * width pixels, and (OH, OW)."""
    top = torch.arange(0, height - dilation[0] * (kernel[0] - 1), stride[0])
    left = torch.arange(0, width - dilation[1] * (kernel[1] - 1), stride[1])
    down = dilation[0] * torch.arange(kernel[0])
    right = dilation[1] * torch.arange(kernel[1])
    windows = (top[:, None] * width + left).reshape(-1)
    taps = (down[:, None] * width + right).reshape(-1)
    return taps[:, None] + windows, (len(top), len(left))


def conv2d_naive(x, weight, bias=None):
    where, size = places(*x.shape[2:], weight.shape[2:], (1, 1), (1, 1))
    row = x.flatten(2)
    out = torch.stack([row[:, :, p].flatten(1) @ weight.flatten(1).T for p in where.T], -1).unflatten(-1, size)
    return out if bias is None else out + bias.unsqueeze(1).unsqueeze(2)


def apply_kernel(image, kernel):
    kh, kw = kernel.shape
    padded = F.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    where, _ = places(*padded.shape[-2:], (kh, kw), (1, 1), (1, 1))
    return (kernel.to(image.dtype).reshape(-1) @ padded.flatten(-2)[..., where]).reshape(image.shape)


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride, dilation, kernel = pair(stride), pair(dilation), tuple(weight.shape[2:])
    if min(stride) < 1 or groups < 1:
        raise ValueError("stride and groups must be positive")
    if x.shape[1] != weight.shape[1] * groups or len(weight) % groups:
        raise ValueError("groups, channels and weight do not fit")
    if bias is not None and bias.shape != weight[:, 0, 0, 0].shape:
        raise ValueError("one bias for each filter")
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel)]
    if padding in ("same", "valid"):
        if padding == "same" and stride != (1, 1):
            raise ValueError("'same' with a stride")
        total = [r - 1 if padding == "same" else 0 for r in reach]
    elif isinstance(padding, str):
        raise ValueError(f"padding {padding!r}")
    else:
        total = [2 * p for p in pair(padding)]
    x = F.pad(x, (total[1] // 2, total[1] - total[1] // 2, total[0] // 2, total[0] - total[0] // 2))
    if any(r > n for r, n in zip(reach, x.shape[2:])):
        raise ValueError("the kernel is larger than the padded input")
    where, size = places(*x.shape[2:], kernel, stride, dilation)
    columns = torch.stack([x.flatten(2).index_select(2, p) for p in where], 2)  # (N, C, taps, windows)
    columns = columns.reshape(len(x), groups, -1, where.shape[1])
    out = (weight.reshape(groups, len(weight) // groups, -1) @ columns).reshape(len(x), len(weight), *size)
    return out if bias is None else out + bias.reshape(-1, 1, 1)


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    stride, (ph, pw) = pair(stride), pair(padding)
    padded = F.pad(x, (pw, pw, ph, ph))
    where, _ = places(*padded.shape[2:], weight.shape[2:], stride, (1, 1))
    row, grad = padded.flatten(2), grad_out.flatten(2)
    grad_row = torch.zeros_like(row)
    grad_weight = torch.zeros_like(weight.flatten(2))
    for tap, p in enumerate(where):
        grad_row.index_add_(2, p, torch.einsum("nop,oc->ncp", grad, weight.flatten(2)[:, :, tap]))
        grad_weight[:, :, tap] = torch.einsum("nop,ncp->oc", grad, row[:, :, p])
    grad_x = F.pad(grad_row.reshape(padded.shape), (-pw, -pw, -ph, -ph))
    return grad_x, grad_weight.reshape(weight.shape), grad_out.sum((0, 2, 3))
