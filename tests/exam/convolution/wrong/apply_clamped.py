"""The result is cut to 0...1 so that it can be shown.

names: apply_kernel
mistake: clamped
where: plainest
visible: caught
"""

import torch.nn.functional as F


def apply_kernel(image, kernel):
    kh, kw = kernel.shape
    padded = F.pad(image, (kw // 2, kw // 2, kh // 2, kh // 2))
    windows = padded.unfold(-2, kh, 1).unfold(-2, kw, 1)
    return (windows * kernel.to(image.dtype)).sum((-2, -1)).clamp(0, 1)
