"""Image and kernel are both taken to float32.

names: apply_kernel
mistake: float32-result
where: type, float64
visible: caught
"""

import torch.nn.functional as F


def apply_kernel(image, kernel):
    image, kernel = image.float(), kernel.float()
    kh, kw = kernel.shape
    windows = F.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2)).unfold(-2, kh, 1).unfold(-2, kw, 1)
    return (windows * kernel).sum(-1).sum(-1)
