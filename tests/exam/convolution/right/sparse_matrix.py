"""The kernel becomes a sparse matrix over all pixels of all channels, which multiplies the flat images.

names: conv2d, conv2d_naive, apply_kernel
"""

import torch



def sparse(weight, height, width, stride, start, out, dilation, groups):
    """(T * OH * OW, S * H * W). Taps that read the border are not in it."""
    t, s, kh, kw = weight.shape
    tap = torch.cartesian_prod(*map(torch.arange, (t, s, kh, kw, *out)))
    o, c, u, v, i, j = tap.unbind(1)
    row = i * stride[0] + u * dilation[0] - start[0]
    column = j * stride[1] + v * dilation[1] - start[1]
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    channel = torch.div(o, t // groups, rounding_mode="floor") * s + c
    to = ((o * out[0] + i) * out[1] + j)[inside]
    come = ((channel * height + row) * width + column)[inside]
    entries = weight[o, c, u, v][inside]
    shape = t * out[0] * out[1], groups * s * height * width
    return torch.sparse_coo_tensor(torch.stack([to, come]), entries, shape, check_invariants=True)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (n, channels, height, width), (t, s, kh, kw) = x.shape, weight.shape
    stride, dilation = [(a, a) if isinstance(a, int) else tuple(a) for a in (stride, dilation)]
    if groups < 1 or min(stride) < 1 or channels != s * groups or t % groups:
        raise ValueError("groups, channels or stride")
    if bias is not None and len(bias) != t:
        raise ValueError("bias")
    reach = dilation[0] * (kh - 1), dilation[1] * (kw - 1)
    if padding == "same" and stride == (1, 1):
        start, both = (reach[0] // 2, reach[1] // 2), reach
    elif padding == "valid":
        start = both = (0, 0)
    elif isinstance(padding, str):
        raise ValueError(f"padding={padding!r}")
    else:
        start = (padding, padding) if isinstance(padding, int) else tuple(padding)
        both = 2 * start[0], 2 * start[1]
    free = height + both[0] - reach[0], width + both[1] - reach[1]
    if min(free) < 1:
        raise ValueError("kernel")
    out = [(f - 1) // step + 1 for f, step in zip(free, stride)]
    matrix = sparse(weight, height, width, stride, start, out, dilation, groups)
    y = torch.sparse.mm(matrix, x.reshape(n, -1).T).T.reshape(n, t, *out)
    return y if bias is None else y + bias[None, :, None, None]


def conv2d_naive(x, weight, bias=None):
    return conv2d(x, weight, bias)


def apply_kernel(image, kernel):
    planes = image.reshape(-1, 1, *image.shape[-2:])
    return conv2d(planes, kernel.type_as(image)[None, None], padding="same").reshape(image.shape)
