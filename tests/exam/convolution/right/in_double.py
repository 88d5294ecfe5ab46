"""Everything is computed in float64 and taken back to the images' type at the end, as numerical people do.

names: conv2d_naive, apply_kernel, conv2d, conv2d_backward, separate
"""

import functools

import torch


def pair(v):
    return (v, v) if isinstance(v, int) else tuple(v)


def in_double(function):
    """Tensors go in as float64; results come back in the type of the first."""

    @functools.wraps(function)
    def wrapped(*args, **options):
        def wide(v):
            return v.double() if isinstance(v, torch.Tensor) else v

        dtype = (args + tuple(options.values()))[0].dtype
        found = function(*map(wide, args), **{k: wide(v) for k, v in options.items()})
        if isinstance(found, tuple):
            return tuple(f.to(dtype) for f in found)
        return found.to(dtype)

    return wrapped


def framed(x, top, bottom, left, right):
    n, c, h, w = x.shape
    rows = [x.new_zeros(n, c, top, w), x, x.new_zeros(n, c, bottom, w)]
    x = torch.cat(rows, 2)
    return torch.cat([x.new_zeros(n, c, x.shape[2], left), x, x.new_zeros(n, c, x.shape[2], right)], 3)


@in_double
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (dh, dw) = pair(stride), pair(dilation)
    t, s, kh, kw = weight.shape
    if groups < 1 or sh < 1 or sw < 1:
        raise ValueError("stride and groups start at 1")
    if s * groups != x.size(1) or t % groups != 0:
        raise ValueError("the channels do not fit")
    if bias is not None and tuple(bias.shape) != (t,):
        raise ValueError("one bias for each output channel")
    reach_h, reach_w = dh * (kh - 1), dw * (kw - 1)
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(f"padding {padding}?")
        if padding == "same" and (sh, sw) != (1, 1):
            raise ValueError("same needs stride 1")
        if padding == "valid":
            reach = 0, 0
        else:
            reach = reach_h, reach_w
        x = framed(x, reach[0] // 2, reach[0] - reach[0] // 2, reach[1] // 2, reach[1] - reach[1] // 2)
    else:
        ph, pw = pair(padding)
        x = framed(x, ph, ph, pw, pw)
    height, width = x.size(2) - reach_h, x.size(3) - reach_w
    if height < 1 or width < 1:
        raise ValueError("the kernel is larger than the image")
    out = 0
    for i in range(kh):
        for j in range(kw):
            seen = x[:, :, i * dh : i * dh + height : sh, j * dw : j * dw + width : sw]
            seen = seen.reshape(x.size(0), groups, s, *seen.shape[2:])
            out = out + torch.einsum("ngshw,gts->ngthw", seen, weight[:, :, i, j].reshape(groups, -1, s))
    out = out.flatten(1, 2)
    return out if bias is None else out + bias.view(1, -1, 1, 1)


def conv2d_naive(x, weight, bias=None):
    return conv2d(x, weight, bias)


@in_double
def apply_kernel(image, kernel):
    h, w = image.shape[-2:]
    kh, kw = kernel.shape
    planes = framed(image.reshape(-1, 1, h, w), kh // 2, kh // 2, kw // 2, kw // 2)
    out = sum(kernel[i, j] * planes[:, :, i : i + h, j : j + w] for i in range(kh) for j in range(kw))
    return out.reshape(image.shape)


@in_double
def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    kh, kw = weight.shape[2:]
    oh, ow = grad_out.shape[2:]
    x = framed(x, ph, ph, pw, pw)
    grad_x, grad_weight = torch.zeros_like(x), torch.empty_like(weight)
    for i in range(kh):
        for j in range(kw):
            tap = (..., slice(i, i + (oh - 1) * sh + 1, sh), slice(j, j + (ow - 1) * sw + 1, sw))
            grad_weight[:, :, i, j] = torch.einsum("nthw,nshw->ts", grad_out, x[tap])
            grad_x[tap] += torch.einsum("nthw,ts->nshw", grad_out, weight[:, :, i, j])
    h, w = x.shape[2:]
    return grad_x[:, :, ph : h - ph, pw : w - pw], grad_weight, grad_out.sum((0, 2, 3))


@in_double
def separate(kernel):
    u, s, v = torch.linalg.svd(kernel)
    if (s[1:] > 1e-6 * s[0]).any():
        raise ValueError("not a product")
    return u[:, 0] * s[0].sqrt(), v[0] * s[0].sqrt()
