"""`unsqueeze_` gives the caller's grey image a channel axis.

names: apply_kernel
mistake: input-changed
where: changed, image, plane, gradient
"""

import torch
import torch.nn.functional as F


def apply_kernel(image, kernel):
    kh, kw = kernel.shape
    grey = image.dim() == 2
    if grey:
        image.unsqueeze_(0)
    windows = F.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2)).unfold(1, kh, 1).unfold(2, kw, 1)
    out = torch.einsum("chwij,ij->chw", windows, kernel.to(image.dtype))
    return out[0] if grey else out
