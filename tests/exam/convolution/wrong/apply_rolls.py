"""torch.roll brings what leaves on one side back on the other.

names: apply_kernel
mistake: wrap-around
where: plainest, border, padding
visible: caught
"""

import torch


def apply_kernel(image, kernel):
    kernel = kernel.to(image.dtype)
    kh, kw = kernel.shape
    out = torch.zeros_like(image)
    for i in range(kh):
        for j in range(kw):
            out = out + kernel[i, j] * torch.roll(image, (kh // 2 - i, kw // 2 - j), (-2, -1))
    return out
