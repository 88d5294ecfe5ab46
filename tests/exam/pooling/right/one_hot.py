"""Unpooling as a product with one-hot rows; equal indices are told apart by keeping the first.

names: max_unpool2d
"""

import torch
import torch.nn.functional as F


def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    sides = []
    for axis in (0, 1):
        k, p, s = (v if isinstance(v, int) else v[axis] for v in (kernel_size, padding, stride or kernel_size))
        sides.append(s * (x.shape[2 + axis] - 1) + k - 2 * p)
    if output_size is not None:
        sides = list(output_size)[-2:]
    pixels = sides[0] * sides[1]
    flat = indices.flatten(2)
    if flat.max() >= pixels:
        raise ValueError(f"index {int(flat.max())} of a plane of {pixels} pixels")
    rows = F.one_hot(flat, pixels)  # (N, C, h · w, H · W)
    rows = rows * (rows.cumsum(2) == 1)
    return torch.einsum("nci,ncip->ncp", x.flatten(2), rows.to(x.dtype)).reshape(*x.shape[:2], *sides)
