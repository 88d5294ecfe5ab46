"""A float32 kernel meets a float64 image and stays what it is.

names: apply_kernel
mistake: kernel-dtype
where: type, other types
visible: caught
"""

import torch
import torch.nn.functional as F


def apply_kernel(image, kernel):
    kh, kw = kernel.shape
    padded = F.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    windows = padded.unfold(-2, kh, 1).unfold(-2, kw, 1)
    return windows.flatten(-2) @ kernel.flatten()
