"""Columns by `F.unfold`; bins by index lists; unpooling by `index_put` on three index tensors.

names: max_pool2d, adaptive_avg_pool2d, max_unpool2d
"""

import torch
import torch.nn.functional as F


def pair(v):
    return (v, v) if isinstance(v, int) else (v[0], v[1])


def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    batch, channels, height, width = x.shape
    (kh, kw), (ph, pw), (dh, dw) = pair(kernel_size), pair(padding), pair(dilation)
    sh, sw = (kh, kw) if stride is None else pair(stride)
    for p, reach in ((ph, dh * (kh - 1) + 1), (pw, dw * (kw - 1) + 1)):
        if 2 * p > reach:
            raise ValueError("padding should be at most half of the effective kernel")

    def windows(n, k, s, p, d):
        span = n + 2 * p - d * (k - 1) - 1
        windows = (span + s - 1) // s + 1 if ceil_mode else span // s + 1
        return windows - 1 if ceil_mode and (windows - 1) * s >= n + p else windows

    rows, columns = windows(height, kh, sh, ph, dh), windows(width, kw, sw, pw, dw)
    below = max(0, (rows - 1) * sh + dh * (kh - 1) + 1 - height - ph)
    beside = max(0, (columns - 1) * sw + dw * (kw - 1) + 1 - width - pw)
    numbers = torch.arange(1.0, height * width + 1, dtype=torch.float64).reshape(1, 1, height, width)

    def unfolded(t, value):
        t = F.pad(t, (pw, beside, ph, below), value=value)
        t = t[:, :, : (rows - 1) * sh + dh * (kh - 1) + 1, : (columns - 1) * sw + dw * (kw - 1) + 1]
        found = F.unfold(t.reshape(-1, 1, *t.shape[2:]), (kh, kw), dilation=(dh, dw), stride=(sh, sw))
        return found.reshape(*t.shape[:2], kh * kw, rows, columns)

    pixels = unfolded(x, -torch.inf)
    values, tap = torch.max(pixels, dim=2)
    if not return_indices:
        return values
    where = unfolded(numbers, 0.0).expand(pixels.shape).gather(2, tap.unsqueeze(2)).squeeze(2)
    return values, where.long() - 1


def adaptive_avg_pool2d(x, output_size):
    h, w = x.shape[2:]
    m, k = pair(output_size)
    m, k = h if m is None else m, w if k is None else k
    lists = [
        [list(range(i * n // size, ((i + 1) * n + size - 1) // size)) for i in range(size)] for n, size in ((h, m), (w, k))
    ]
    rows = torch.stack([x[:, :, some].mean(2) for some in lists[0]], 2)
    return torch.stack([rows[..., some].mean(3) for some in lists[1]], 3)


def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    batch, channels, rows, columns = x.shape
    if output_size is None:
        (kh, kw), (ph, pw) = pair(kernel_size), pair(padding)
        sh, sw = (kh, kw) if stride is None else pair(stride)
        height, width = (rows - 1) * sh - 2 * ph + kh, (columns - 1) * sw - 2 * pw + kw
    else:
        *_, height, width = output_size
    n = torch.arange(batch).reshape(-1, 1, 1, 1).expand(x.shape)
    c = torch.arange(channels).reshape(1, -1, 1, 1).expand(x.shape)
    out = torch.zeros(batch, channels, height * width, dtype=x.dtype)
    if (indices // width >= height).any():
        raise ValueError("an index is out of the plane")
    out = out.index_put((n, c, indices), x)
    return out.reshape(batch, channels, height, width)
