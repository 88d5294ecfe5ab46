"""A frame as large as the image on every side, of which a window is cut.

names: shift, cutout
"""

import torch
import torch.nn.functional as F


def shift(image, dx, dy):
    _, height, width = image.shape
    framed = F.pad(image, (width, width, height, height))
    dx, dy = max(-width, min(dx, width)), max(-height, min(dy, height))
    return framed[:, height - dy : 2 * height - dy, width - dx : 2 * width - dx]


def cutout(image, top, left, height, width):
    def keep(n, start, length):
        return ~((torch.arange(n) >= start) & (torch.arange(n) < start + length))

    rows, columns = keep(image.shape[1], top, height), keep(image.shape[2], left, width)
    return image * (rows[:, None] | columns).to(image.dtype)
