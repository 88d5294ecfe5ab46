"""An image whose last side is at most four is taken to be (H, W, C).

names: apply_kernel
mistake: none
where: plainest, channels
"""

import torch
import torch.nn.functional as F


def apply_kernel(image, kernel):
    kh, kw = kernel.shape
    turned = image.dim() == 3 and image.shape[2] <= 4
    if turned:
        image = image.permute(2, 0, 1)
    windows = F.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2)).unfold(-2, kh, 1).unfold(-2, kw, 1)
    out = torch.einsum("...ij,ij->...", windows, kernel.to(image.dtype))
    return out.permute(1, 2, 0) if turned else out
