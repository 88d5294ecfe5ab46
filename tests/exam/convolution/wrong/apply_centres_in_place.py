"""The values are centred with `-=`, which changes the caller's image.

names: apply_kernel
mistake: input-changed
where: changed, image, gradient, layout
visible: caught
"""

import torch
import torch.nn.functional as F


def apply_kernel(image, kernel):
    image -= 0.5  # centre the values ...
    kh, kw = kernel.shape
    padded = F.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2), value=-0.5)
    windows = padded.unfold(-2, kh, 1).unfold(-2, kw, 1)
    kernel = kernel.to(image.dtype)
    return torch.einsum("...ij,ij->...", windows, kernel) + 0.5 * kernel.sum()  # ... and shift back
