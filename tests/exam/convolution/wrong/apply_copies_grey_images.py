"""`torch.tensor(image)` makes a copy of a grey image, which no gradient leaves.

names: apply_kernel
mistake: detached
where: gradient, plane, image
"""

import torch
import torch.nn.functional as F


def apply_kernel(image, kernel):
    kh, kw = kernel.shape
    grey = image.dim() == 2
    if grey:
        image = torch.tensor(image)[None]
    windows = F.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2)).unfold(1, kh, 1).unfold(2, kw, 1)
    out = torch.einsum("chwij,ij->chw", windows, kernel.to(image.dtype))
    return out[0] if grey else out
