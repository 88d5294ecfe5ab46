"""NumPy's sliding windows inside a torch.autograd.Function, which carries the gradients itself.

names: conv2d, apply_kernel, conv2d_backward, KERNELS, separate
"""

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view

_kernels = {
    "identity": np.pad([[1]], 1),
    "edge1": np.outer([-1, 0, 1], [-1, 0, 1]),
    "edge2": np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "edge3": np.pad([[9]], 1) - 1,
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "box_blur": np.full((3, 3), 1 / 9),
    "gaussian_blur": np.outer([1, 2, 1], [1, 2, 1]) / 16,
    "sobel_x": np.outer([1, 2, 1], [-1, 0, 1]),
    "sobel_y": np.outer([1, 0, -1], [1, 2, 1]),
}
KERNELS = {name: torch.from_numpy(array.astype(np.float32)) for name, array in _kernels.items()}


def windows_of(x, kernel, stride, dilation):
    """(N, C, H, W) -> (N, C, OH, OW, kh, kw)"""
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel)]
    view = sliding_window_view(x, reach, axis=(2, 3))  # ValueError where the reach is larger than the axis
    return view[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


class Correlation(torch.autograd.Function):
    """One group, no padding."""

    @staticmethod
    def forward(ctx, x, weight, stride, dilation):
        ctx.save_for_backward(x, weight)
        ctx.steps = stride, dilation
        windows = windows_of(x.detach().numpy(), weight.shape[2:], stride, dilation)
        out = np.tensordot(windows, weight.detach().numpy(), axes=([1, 4, 5], [1, 2, 3]))
        return torch.from_numpy(np.ascontiguousarray(np.moveaxis(out, -1, 1)))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        x, weight = (t.detach().numpy() for t in ctx.saved_tensors)
        grad_x, grad_weight = gradients(grad.numpy(), x, weight, *ctx.steps)
        return torch.from_numpy(grad_x), torch.from_numpy(grad_weight), None, None


def gradients(grad, x, weight, stride, dilation):
    grad_weight = np.tensordot(grad, windows_of(x, weight.shape[2:], stride, dilation), axes=([0, 2, 3], [0, 2, 3]))
    grad_x = np.zeros(x.shape, x.dtype)
    oh, ow = grad.shape[2:]
    for u in range(weight.shape[2]):
        for v in range(weight.shape[3]):
            rows = slice(u * dilation[0], u * dilation[0] + stride[0] * (oh - 1) + 1, stride[0])
            columns = slice(v * dilation[1], v * dilation[1] + stride[1] * (ow - 1) + 1, stride[1])
            grad_x[:, :, rows, columns] += np.einsum("nohw,oc->nchw", grad, weight[:, :, u, v])
    return grad_x, grad_weight


def zeros_around(x, top, bottom, left, right):
    return torch.nn.functional.pad(x, (left, right, top, bottom))


def apply_kernel(image, kernel):
    kh, kw = kernel.shape
    planes = zeros_around(image, kh // 2, kh // 2, kw // 2, kw // 2)
    planes = planes.reshape(-1, 1, *planes.shape[-2:])
    return Correlation.apply(planes, kernel.to(image.dtype)[None, None], (1, 1), (1, 1)).reshape(image.shape)


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride, dilation = pair(stride), pair(dilation)
    if stride[0] < 1 or stride[1] < 1 or groups < 1:
        raise ValueError("stride and groups must be positive")
    if x.shape[1] != weight.shape[1] * groups or weight.shape[0] % groups:
        raise ValueError("channels do not fit")
    if bias is not None and bias.shape != (weight.shape[0],):
        raise ValueError("bias does not fit")
    if padding == "same":
        if stride != (1, 1):
            raise ValueError("'same' wants stride 1")
        th, tw = (d * (k - 1) for d, k in zip(dilation, weight.shape[2:]))
        x = zeros_around(x, th // 2, th - th // 2, tw // 2, tw - tw // 2)
    elif isinstance(padding, str):
        if padding != "valid":
            raise ValueError("padding is 'same', 'valid' or numbers")
    else:
        ph, pw = pair(padding)
        x = zeros_around(x, ph, ph, pw, pw)
    parts = zip(x.chunk(groups, 1), weight.chunk(groups, 0))
    out = torch.cat([Correlation.apply(part, w, stride, dilation) for part, w in parts], 1)
    return out if bias is None else out + bias.view(-1, 1, 1)


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    ph, pw = pair(padding)
    padded = zeros_around(x, ph, ph, pw, pw).numpy()
    grad_padded, grad_weight = gradients(grad_out.numpy(), padded, weight.numpy(), pair(stride), (1, 1))
    grad_x = grad_padded[:, :, ph : ph + x.shape[2], pw : pw + x.shape[3]]
    return torch.from_numpy(grad_x.copy()), torch.from_numpy(grad_weight), grad_out.sum((0, 2, 3))


def separate(kernel):
    array = kernel.numpy()
    scale = np.abs(array).max()
    if np.linalg.matrix_rank(array, tol=1e-5 * max(scale, 1e-12)) > 1:
        raise ValueError("the kernel's rank is not 1")
    u, s, vh = np.linalg.svd(array)
    return torch.from_numpy(u[:, 0] * s[0]), torch.from_numpy(vh[0].copy())
