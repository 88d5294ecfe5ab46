"""The channels are added up, and each gets the sum.

names: apply_kernel
mistake: channels-mixed
where: channels
visible: caught
"""

import torch.nn.functional as F


def apply_kernel(image, kernel):
    kernel = kernel.to(image.dtype)
    kh, kw = kernel.shape
    planes = image if image.dim() == 3 else image[None]
    windows = F.pad(planes, (kw // 2, kw // 2, kh // 2, kh // 2)).unfold(1, kh, 1).unfold(2, kw, 1)
    mixed = (windows * kernel).sum((0, 3, 4))
    return mixed.expand_as(image)
