"""Bilinear for images, with four taps, and nearest for masks.

names: rotate
"""

import math

import torch


def rotate(image, angle):
    channels, height, width = image.shape
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float64) - (height - 1) / 2,
        torch.arange(width, dtype=torch.float64) - (width - 1) / 2,
        indexing="ij",
    )
    columns, rows = cos * x - sin * y + (width - 1) / 2, sin * x + cos * y + (height - 1) / 2
    columns, rows = columns.mul(1e9).round().div(1e9), rows.mul(1e9).round().div(1e9)

    def tap(r, c):
        inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
        return image[:, r.clamp(0, height - 1), c.clamp(0, width - 1)] * inside.to(image.dtype)

    if not image.is_floating_point():
        return tap(rows.round().long(), columns.round().long())
    top, left = rows.floor().long(), columns.floor().long()
    down, right = (rows - top).to(image.dtype), (columns - left).to(image.dtype)
    upper = (1 - right) * tap(top, left) + right * tap(top, left + 1)
    lower = (1 - right) * tap(top + 1, left) + right * tap(top + 1, left + 1)
    return (1 - down) * upper + down * lower
