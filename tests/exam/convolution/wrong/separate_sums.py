"""Row sums and column sums, divided by the whole sum: wrong for kernels that sum to zero.

names: separate
mistake: none
where: plainest, result
"""

import torch


def separate(kernel):
    if torch.linalg.matrix_rank(kernel) > 1:
        raise ValueError("the kernel is not separable")
    return kernel.sum(1) / kernel.sum(), kernel.sum(0)
