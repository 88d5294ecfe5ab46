"""All the padding goes to the bottom and the right.

names: apply_kernel
mistake: padding-one-side
where: plainest, padding, border
visible: caught
"""

import torch


def apply_kernel(image, kernel):
    kernel = kernel.to(image.dtype)
    kh, kw = kernel.shape
    h, w = image.shape[-2:]
    padded = torch.zeros(*image.shape[:-2], h + kh - 1, w + kw - 1, dtype=image.dtype)
    padded[..., :h, :w] = image
    out = torch.zeros_like(image)
    for i in range(kh):
        for j in range(kw):
            out = out + kernel[i, j] * padded[..., i : i + h, j : j + w]
    return out
