"""The kernel is divided by its sum where that is not zero.

names: apply_kernel
mistake: kernel-normalised
where: plainest, kernel
visible: caught
"""

import torch.nn.functional as F


def apply_kernel(image, kernel):
    kernel = kernel.to(image.dtype)
    if kernel.sum().abs() > 1e-6:
        kernel = kernel / kernel.sum()
    kh, kw = kernel.shape
    h, w = image.shape[-2:]
    padded = F.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    return sum(kernel[i, j] * padded[..., i : i + h, j : j + w] for i in range(kh) for j in range(kw))
