"""`as_strided` on the padded image, and `topk`-free search for the first largest; averages over the same view.

names: max_pool2d, avg_pool2d
"""

import torch
import torch.nn.functional as F


class Windows:
    """Where the windows of a pooling lie."""

    def __init__(self, shape, kernel_size, stride, padding, dilation, ceil_mode):
        def pair(v):
            return (v, v) if isinstance(v, int) else tuple(v)

        self.kernel, self.padding, self.dilation = pair(kernel_size), pair(padding), pair(dilation)
        self.stride = self.kernel if stride is None else pair(stride)
        self.size, self.more = [], []
        for n, k, s, p, d in zip(shape, self.kernel, self.stride, self.padding, self.dilation):
            reach = (k - 1) * d + 1
            if p > reach / 2:
                raise ValueError("padding")
            size = (n + 2 * p - reach + (s - 1 if ceil_mode else 0)) // s + 1
            if ceil_mode and (size - 1) * s >= n + p:
                size -= 1
            self.size.append(size)
            self.more.append(max(0, (size - 1) * s + reach - n - 2 * p))

    def of(self, x, value, beyond=None):
        ph, pw = self.padding
        x = F.pad(x, (pw, pw, ph, ph), value=value)
        x = F.pad(x, (0, self.more[1], 0, self.more[0]), value=value if beyond is None else beyond).contiguous()
        n, c, down, right = x.stride()
        steps = (down * self.stride[0], right * self.stride[1], down * self.dilation[0], right * self.dilation[1])
        return x.as_strided((*x.shape[:2], *self.size, *self.kernel), (n, c, *steps))


def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    windows = Windows(x.shape[2:], kernel_size, stride, padding, dilation, ceil_mode)
    pixels = windows.of(x, -torch.inf).reshape(*x.shape[:2], *windows.size, -1)
    first = pixels.argmax(dim=-1, keepdim=True)
    values = torch.take_along_dim(pixels, first, dim=-1).squeeze(-1)
    if not return_indices:
        return values
    plane = torch.arange(x.shape[2] * x.shape[3]).view(1, 1, x.shape[2], x.shape[3])
    plane = windows.of(plane, -1).reshape(1, 1, *windows.size, -1)
    return values, torch.take_along_dim(plane.expand(pixels.shape), first, dim=-1).squeeze(-1)


def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    windows = Windows(x.shape[2:], kernel_size, stride, padding, 1, ceil_mode)
    ones = x.new_ones(1, 1, *x.shape[2:])
    share = windows.of(ones, 1.0 if count_include_pad else 0.0, beyond=0.0).sum(dim=(4, 5))
    return windows.of(x, 0.0).sum(dim=(4, 5)).div(share)
