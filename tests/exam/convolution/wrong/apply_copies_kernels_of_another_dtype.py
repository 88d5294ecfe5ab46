"""A kernel of another dtype is copied by `torch.tensor`, and gets no gradient.

names: apply_kernel
mistake: detached
where: gradient, kernel, other types, type
"""

import torch
import torch.nn.functional as F


def apply_kernel(image, kernel):
    kh, kw = kernel.shape
    if kernel.dtype != image.dtype:
        kernel = torch.tensor(kernel, dtype=image.dtype)
    windows = F.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2)).unfold(-2, kh, 1).unfold(-2, kw, 1)
    return torch.einsum("...ij,ij->...", windows, kernel)
