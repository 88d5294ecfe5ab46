"""Everything at stride 1 with a kernel filled up by zeros, by complex FFT; the stride picks from the full result.

names: conv2d, apply_kernel, conv2d_backward
"""

import torch


def full_correlation(x, kernel):
    """All overlaps: (..., H, W), (..., kh, kw) -> (..., H + kh - 1, W + kw - 1); entry 0 is the kernel's last tap."""
    size = [a + b - 1 for a, b in zip(x.shape[-2:], kernel.shape[-2:])]
    turned = torch.flip(kernel, (-2, -1))
    return torch.fft.ifft2(torch.fft.fft2(x, size) * torch.fft.fft2(turned, size)).real


def apply_kernel(image, kernel):
    (h, w), (kh, kw) = image.shape[-2:], kernel.shape
    top, left = (kh - 1) // 2, (kw - 1) // 2
    return full_correlation(image, kernel.to(image.dtype))[..., top : top + h, left : left + w]


def as_pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (dh, dw) = as_pair(stride), as_pair(dilation)
    if sh < 1 or sw < 1 or groups < 1:
        raise ValueError("stride and groups must be positive")
    if len(weight) % groups or x.shape[1] != groups * weight.shape[1]:
        raise ValueError("channels and groups do not fit")
    if bias is not None and tuple(bias.shape) != (len(weight),):
        raise ValueError("bias does not fit")

    kh, kw = dh * (weight.shape[2] - 1) + 1, dw * (weight.shape[3] - 1) + 1
    holes = torch.zeros(*weight.shape[:3], kw, dtype=weight.dtype).index_copy(3, torch.arange(0, kw, dw), weight)
    kernel = torch.zeros(*weight.shape[:2], kh, kw, dtype=weight.dtype).index_copy(2, torch.arange(0, kh, dh), holes)

    h, w = x.shape[2:]
    if padding == "same":
        if (sh, sw) != (1, 1):
            raise ValueError("'same' wants stride 1")
        top, left, bottom, right = (kh - 1) // 2, (kw - 1) // 2, kh // 2, kw // 2
    elif padding == "valid":
        top = left = bottom = right = 0
    elif isinstance(padding, str):
        raise ValueError(f"padding={padding!r} is unknown")
    else:
        top, left = bottom, right = as_pair(padding)
    if kh > h + top + bottom or kw > w + left + right:
        raise ValueError("the kernel is larger than the padded input")
    # the first window starts `top` rows above the picture; beyond the full result lies nothing but zeros
    x = torch.cat([x.new_zeros(*x.shape[:2], top, w), x, x.new_zeros(*x.shape[:2], bottom, w)], 2)
    x = torch.cat([x.new_zeros(*x.shape[:3], left), x, x.new_zeros(*x.shape[:3], right)], 3)

    planes = x.unflatten(1, (groups, 1, -1))
    out = full_correlation(planes, kernel.unflatten(0, (groups, -1))).sum(3).flatten(1, 2)
    out = out[:, :, kh - 1 : x.shape[2], kw - 1 : x.shape[3]][:, :, ::sh, ::sw]
    return out if bias is None else out + bias[:, None, None]


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    (sh, sw), (ph, pw) = as_pair(stride), as_pair(padding)
    (n, c, h, w), (o, _, kh, kw) = x.shape, weight.shape
    # the gradient of the subsampling is zero where nothing was picked
    grad = torch.zeros(n, o, h + 2 * ph - kh + 1, w + 2 * pw - kw + 1, dtype=x.dtype)
    grad[:, :, ::sh, ::sw] = grad_out
    grad_padded = full_correlation(grad[:, :, None], weight.flip(2, 3)).sum(1)
    padded = torch.zeros(n, c, h + 2 * ph, w + 2 * pw, dtype=x.dtype)
    padded[:, :, ph : ph + h, pw : pw + w] = x
    grad_weight = full_correlation(padded[:, None], grad[:, :, None]).sum(0)
    top, left = grad.shape[2] - 1, grad.shape[3] - 1
    grad_weight = grad_weight[:, :, top : top + kh, left : left + kw]
    return grad_padded[:, :, ph : ph + h, pw : pw + w], grad_weight, grad_out.sum((0, 2, 3))
