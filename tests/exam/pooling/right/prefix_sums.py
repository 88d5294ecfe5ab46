"""An integral image: the sum over any rectangle is four of its entries.

names: avg_pool2d, adaptive_avg_pool2d
"""

import torch
from torch import Tensor


def integral(x: Tensor) -> Tensor:
    total = x.double().cumsum(2).cumsum(3)
    return torch.nn.functional.pad(total, (1, 0, 1, 0))


def rectangles(total: Tensor, top: Tensor, bottom: Tensor, left: Tensor, right: Tensor) -> Tensor:
    below, above = total[:, :, bottom], total[:, :, top]
    return below[..., right] - below[..., left] - above[..., right] + above[..., left]


def avg_pool2d(
    x: Tensor,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    bounds, areas = [], []
    stride = kernel_size if stride is None else stride
    for axis in (0, 1):
        k, s, p = (v if isinstance(v, int) else v[axis] for v in (kernel_size, stride, padding))
        n = x.shape[2 + axis]
        if p > k // 2:
            raise ValueError(f"pad {p} should be at most half of kernel size {k}")
        start = torch.arange(-p, n + p, s)
        start = start[start < n] if ceil_mode else start[start + k <= n + p]
        if ceil_mode:  # all but one must fit
            fitting = int((start + k <= n + p).sum())
            start = start[: fitting + 1] if fitting and start[fitting - 1] + k < n + p else start[:fitting]
        end = start + k
        inside = start.clamp(0), end.clamp(max=n)
        bounds += inside
        areas.append(end.clamp(max=n + p) - start if count_include_pad else inside[1] - inside[0])
    sums = rectangles(integral(x), *bounds)
    return (sums / torch.outer(*areas)).to(x.dtype)


def adaptive_avg_pool2d(x: Tensor, output_size: int | tuple[int | None, int | None]) -> Tensor:
    bounds, areas = [], []
    for axis, n in enumerate(x.shape[2:]):
        m = output_size if isinstance(output_size, int) else output_size[axis]
        i = torch.arange(n if m is None else m)
        start, end = i * n // len(i), ((i + 1) * n + len(i) - 1) // len(i)
        bounds += [start, end]
        areas.append(end - start)
    return (rectangles(integral(x), *bounds) / (areas[0][:, None] * areas[1])).to(x.dtype)
