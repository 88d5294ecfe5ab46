"""One plane and one kernel at a time; torch.vmap carries it over images, groups, filters and channels.

names: conv2d, apply_kernel, conv2d_naive, KERNELS
"""

import torch
import torch.nn.functional as F


def correlate_plane(plane, kernel, stride, dilation):
    """(H, W), (kh, kw) -> (OH, OW)"""
    (h, w), (kh, kw), (sh, sw), (dh, dw) = plane.shape, kernel.shape, stride, dilation
    oh, ow = (h - dh * (kh - 1) - 1) // sh + 1, (w - dw * (kw - 1) - 1) // sw + 1
    total = torch.zeros(oh, ow, dtype=plane.dtype)
    for u in range(kh):
        for v in range(kw):
            total = total + kernel[u, v] * plane[u * dh :: sh, v * dw :: sw][:oh, :ow]
    return total


def apply_kernel(image, kernel):
    (kh, kw), kernel = kernel.shape, kernel.to(image.dtype)

    def one(plane):
        return correlate_plane(F.pad(plane, (kw // 2, kw // 2, kh // 2, kh // 2)), kernel, (1, 1), (1, 1))

    return one(image) if image.dim() == 2 else torch.vmap(one)(image)


def conv2d_naive(x, weight, bias=None):
    def one(image, filter_):
        return sum(correlate_plane(plane, tap, (1, 1), (1, 1)) for plane, tap in zip(image, filter_))

    out = torch.stack([torch.stack([one(image, filter_) for filter_ in weight]) for image in x])
    return out if bias is None else out + bias[:, None, None]


def two(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride, dilation = two(stride), two(dilation)
    if stride[0] < 1 or stride[1] < 1 or groups < 1:
        raise ValueError("stride and groups start at 1")
    if weight.shape[0] % groups or x.shape[1] != weight.shape[1] * groups:
        raise ValueError("weight and groups do not fit the channels")
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError("bias does not fit the filters")
    reach = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:])]
    if padding == "same":
        if stride != (1, 1):
            raise ValueError("padding 'same' has stride 1")
        border = (reach[1] // 2, reach[1] - reach[1] // 2, reach[0] // 2, reach[0] - reach[0] // 2)
    elif padding == "valid":
        border = (0, 0, 0, 0)
    elif isinstance(padding, str):
        raise ValueError(f"padding {padding!r} is unknown")
    else:
        border = (two(padding)[1],) * 2 + (two(padding)[0],) * 2
    x = F.pad(x, border)
    if reach[0] >= x.shape[2] or reach[1] >= x.shape[3]:
        raise ValueError("the kernel is larger than the padded input")

    def plane(p, k):
        return correlate_plane(p, k, stride, dilation)

    def filter_(channels, taps):  # (C, H, W), (C, kh, kw)
        return torch.vmap(plane)(channels, taps).sum(0)

    def group(channels, filters):  # (C, H, W), (O, C, kh, kw)
        return torch.vmap(filter_, in_dims=(None, 0))(channels, filters)

    def image(groups_of_channels):
        return torch.vmap(group)(groups_of_channels, weight.unflatten(0, (groups, -1)))

    out = torch.vmap(image)(x.unflatten(1, (groups, -1))).flatten(1, 2)
    return out if bias is None else out + bias.view(-1, 1, 1)


KERNELS = {
    key: torch.tensor(value, dtype=torch.float64).to(torch.float32)
    for key, value in {
        "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
        "edge1": [[1, 0, -1], [0, 0, 0], [-1, 0, 1]],
        "edge2": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
        "edge3": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
        "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
        "box_blur": [[0.1111111111] * 3] * 3,
        "gaussian_blur": [[0.0625, 0.125, 0.0625], [0.125, 0.25, 0.125], [0.0625, 0.125, 0.0625]],
        "sobel_x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
        "sobel_y": [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
    }.items()
}
