"""First along the rows, then along the columns: a window is a product of two intervals. Averages are matrices.

names: max_pool2d, avg_pool2d, adaptive_avg_pool2d
"""

import torch


def intervals(n, k, s, p, d, ceil_mode):
    """(windows, k): which pixel each tap meets, perhaps one outside."""
    fit = (n + 2 * p - d * (k - 1) - 1) / s
    windows = int(-(-fit // 1)) + 1 if ceil_mode else int(fit) + 1
    at = torch.tensor([[w * s - p + t * d for t in range(k)] for w in range(windows)])
    return at[at[:, 0] < n] if ceil_mode else at


def options(kernel_size, stride, padding, dilation):
    pairs = [v if isinstance(v, tuple) else (v,) * 2 for v in (kernel_size, stride or kernel_size, padding, dilation)]
    kernel, _, padding, dilation = pairs
    if any(2 * p > d * (k - 1) + 1 for k, p, d in zip(kernel, padding, dilation)):
        raise ValueError("the padding is more than half the kernel")
    return list(zip(*pairs))


def along(x, axis, at):
    """The largest pixel of each interval along an axis, and where it is."""
    n = x.shape[axis]
    x = x.movedim(axis, -1)
    taken = x[..., at.clamp(0, n - 1)].masked_fill((at < 0) | (at >= n), -torch.inf)
    values, tap = taken.max(-1)
    where = at.expand(taken.shape).gather(-1, tap[..., None])[..., 0]
    return values.movedim(-1, axis), where.movedim(-1, axis)


def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    down, right = options(kernel_size, stride, padding, dilation)
    columns, which = along(x, 3, intervals(x.shape[3], *right, ceil_mode))
    values, row = along(columns, 2, intervals(x.shape[2], *down, ceil_mode))
    if return_indices:
        return values, row * x.shape[3] + which.gather(2, row)
    return values


def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    down, right = options(kernel_size, stride, padding, 1)
    matrices = []
    for n, (k, s, p, d) in zip(x.shape[2:], (down, right)):
        at = intervals(n, k, s, p, d, ceil_mode)
        members = (at[:, :, None] == torch.arange(n)).sum(1).to(x.dtype)
        counted = at < n + p if count_include_pad else (at >= 0) & (at < n)
        matrices.append(members / counted.sum(1, keepdim=True))
    return torch.einsum("ih,nchw,jw->ncij", matrices[0], x, matrices[1])


def adaptive_avg_pool2d(x, output_size):
    if isinstance(output_size, int):
        output_size = output_size, output_size
    for axis, m in ((2, output_size[0]), (3, output_size[1])):
        if m is None:
            continue
        n = x.shape[axis]
        rows = x.movedim(axis, 0)
        x = torch.stack([rows[i * n // m : (i * n + n + m - 1) // m].mean(0) for i in range(m)]).movedim(0, axis)
    return x
