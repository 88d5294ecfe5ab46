"""Shifted slices, whose bounds turn negative where a kernel reaches beyond the whole image.

names: apply_kernel
mistake: none
where: kernel larger
"""

import torch


def apply_kernel(image, kernel):
    (kh, kw), (h, w) = kernel.shape, image.shape[-2:]
    kernel = kernel.to(image.dtype)
    out = torch.zeros_like(image)
    for i in range(kh):
        for j in range(kw):
            y, x = i - kh // 2, j - kw // 2
            there = image[..., max(0, y) : h + min(0, y), max(0, x) : w + min(0, x)]
            out[..., max(0, -y) : h + min(0, -y), max(0, -x) : w + min(0, -x)] += kernel[i, j] * there
    return out
