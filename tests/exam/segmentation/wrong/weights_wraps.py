"""The picture goes round.

names: boundary_weights
mistake: none
"""

import torch


def boundary_weights(mask, width=1, boost=4.0):
    n, h, w = mask.shape
    near = torch.zeros(n, h, w, dtype=torch.bool)
    for dy in range(-width, width + 1):
        for dx in range(-width, width + 1):
            near |= mask != mask.roll((dy, dx), (1, 2))
    return 1 + boost * near.float()
