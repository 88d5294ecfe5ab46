"""The middle row and column, divided by the centre: wrong where the centre is zero.

names: separate
mistake: none
where: refusal
"""

import torch


def separate(kernel):
    column, row = kernel[:, kernel.shape[1] // 2], kernel[kernel.shape[0] // 2]
    column = column / kernel[kernel.shape[0] // 2, kernel.shape[1] // 2]
    if not torch.allclose(column[:, None] * row[None, :], kernel, atol=1e-5):
        raise ValueError("the kernel is not separable")
    return column, row
