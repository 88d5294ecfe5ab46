"""`squeeze()` takes the channel axis off again, and every other axis of one pixel.

names: apply_kernel
mistake: none
where: plane, one-pixel side, sizes
"""

import torch
import torch.nn.functional as F


def apply_kernel(image, kernel):
    kh, kw = kernel.shape
    grey = image.dim() == 2
    planes = image[None] if grey else image
    windows = F.pad(planes, (kw // 2, kw // 2, kh // 2, kh // 2)).unfold(1, kh, 1).unfold(2, kw, 1)
    out = torch.einsum("chwij,ij->chw", windows, kernel.to(image.dtype))
    return out.squeeze() if grey else out
