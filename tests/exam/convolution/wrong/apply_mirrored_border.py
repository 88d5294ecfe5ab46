"""The border is mirrored.

names: apply_kernel
mistake: padding-reflect
where: plainest, border, padding
visible: caught
"""

import torch
import torch.nn.functional as F


def apply_kernel(image, kernel):
    kh, kw = kernel.shape
    planes = image if image.dim() == 3 else image[None]
    padded = F.pad(planes, (kw // 2, kw // 2, kh // 2, kh // 2), mode="reflect")
    windows = padded.unfold(1, kh, 1).unfold(2, kw, 1)
    return torch.tensordot(windows, kernel.to(image.dtype), dims=2).reshape(image.shape)
