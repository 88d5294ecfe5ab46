"""Blur-pool as a matrix for each axis, whose rows hold the weights where the reflected pixels stand.

names: blur_pool
"""

from math import comb

import torch


def blur_pool(x, size=3, stride=2):
    def matrix(n):
        rows = torch.zeros(len(range(0, n, stride)), n, dtype=x.dtype)
        for row, centre in zip(rows, range(0, n, stride)):
            for i in range(size):
                at = abs(centre + i - (size - 1) // 2)
                at = 2 * (n - 1) - at if at >= n else at
                row[at] += comb(size - 1, i) / 2 ** (size - 1)
        return rows

    return matrix(x.shape[2]) @ x @ matrix(x.shape[3]).T
