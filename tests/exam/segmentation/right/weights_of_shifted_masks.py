"""A mask against its shifts.

names: boundary_weights
"""

import torch


def boundary_weights(mask, width=1, boost=4.0):
    n, h, w = mask.shape
    near = torch.zeros(n, h, w, dtype=torch.bool)
    down, right = min(width, h - 1), min(width, w - 1)
    for dy in range(-down, down + 1):
        for dx in range(-right, right + 1):
            y, x = slice(max(0, dy), h + min(0, dy)), slice(max(0, dx), w + min(0, dx))
            v, u = slice(max(0, -dy), h + min(0, -dy)), slice(max(0, -dx), w + min(0, -dx))
            near[:, v, u] |= mask[:, v, u] != mask[:, y, x]
    return 1 + boost * near.float()
