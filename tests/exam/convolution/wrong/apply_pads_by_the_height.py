"""Both axes are padded by half the kernel's height.

names: apply_kernel
mistake: square-kernel
where: kernel not square, padding, border, sizes
visible: caught
"""

import torch
import torch.nn.functional as F


def apply_kernel(image, kernel):
    k = kernel.shape[0] // 2
    padded = F.pad(image, (k, k, k, k))
    windows = padded.unfold(-2, kernel.shape[0], 1).unfold(-2, kernel.shape[1], 1)
    return torch.einsum("...ij,ij->...", windows, kernel.to(image.dtype))
