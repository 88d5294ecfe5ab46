"""Whole numbers of NumPy, as they come out of its arithmetic.

names: answer_1, answer_2, answer_3, output_size
"""

import numpy as np


def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    window = np.int32(dilation) * (kernel_size - 1) + 1
    return np.floor_divide(n + 2 * padding - window, stride) + np.int64(1)


sides = np.array([96])
for k, s, p, d in np.array([[7, 2, 3, 1], [3, 3, 0, 1], [3, 1, 3, 3]]):
    sides = output_size(sides, k, s, p, d)
answer_1 = sides.max()
answer_2 = np.prod([28, 28, 32, 8, 3, 3])
answer_3 = np.array(["A", "B", "C"])[1]
