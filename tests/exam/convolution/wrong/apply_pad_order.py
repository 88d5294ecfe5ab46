"""F.pad's order is read as (top, bottom, left, right).

names: apply_kernel
mistake: padding-swapped
where: kernel not square, padding, border, sizes
visible: caught
"""

import torch
import torch.nn.functional as F


def apply_kernel(image, kernel):
    top, left = kernel.shape[0] // 2, kernel.shape[1] // 2
    padded = F.pad(image, (top, top, left, left))
    windows = padded.unfold(-2, kernel.shape[0], 1).unfold(-2, kernel.shape[1], 1)
    return torch.einsum("...ij,ij->...", windows, kernel.to(image.dtype))
