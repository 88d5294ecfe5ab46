"""An image (H, W) comes back as (1, H, W).

names: apply_kernel
mistake: plane-refused
where: plane, sizes
visible: caught
"""

import torch
import torch.nn.functional as F


def apply_kernel(image, kernel):
    if image.ndim == 2:
        image = image.unsqueeze(0)
    kh, kw = kernel.shape
    padded = F.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    channels = []
    for channel in padded:
        windows = channel.unfold(0, kh, 1).unfold(1, kw, 1)
        channels.append((windows * kernel.to(image.dtype)).sum((2, 3)))
    return torch.stack(channels)
