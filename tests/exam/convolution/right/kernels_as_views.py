"""An ordered dict of views: kernels share memory with each other, are expanded, turned or lie in one block.

names: KERNELS, separate
"""

from collections import OrderedDict

import torch

_block = torch.tensor(
    [
        [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
        [[1, 0, -1], [0, 0, 0], [-1, 0, 1]],
        [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    ],
    dtype=torch.float32,
)
_smooth = torch.tensor([1.0, 2.0, 1.0])
_slope = torch.tensor([-1.0, 0.0, 1.0])
_sobel = torch.outer(_smooth, _slope)

KERNELS = OrderedDict(zip(("identity", "edge1", "edge2"), _block))
KERNELS["edge3"] = 9 * KERNELS["identity"] - torch.ones(()).expand(3, 3)
KERNELS["sharpen"] = KERNELS["identity"] - KERNELS["edge2"]
KERNELS["box_blur"] = torch.tensor(1 / 9).expand(3, 3)
KERNELS["gaussian_blur"] = torch.outer(_smooth, _smooth).div(16)
KERNELS["sobel_x"] = _sobel
KERNELS["sobel_y"] = _sobel.flip(1).mT


def separate(kernel):
    """By the row and the column of the largest entry."""
    u, v = divmod(int(kernel.abs().argmax()), kernel.shape[1])
    pivot = kernel[u, v]
    column, row = kernel[:, v], kernel[u]
    if pivot != 0:
        row = row / pivot
    if not torch.allclose(torch.outer(column, row), kernel, rtol=0, atol=1e-5 * float(pivot.abs())):
        raise ValueError("the rank is above 1")
    return column, row
