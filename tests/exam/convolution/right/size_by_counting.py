"""The size is the length of a view of an array, and comes back as a tensor's element or an array's.

names: output_size, answer_1, answer_2, answer_3
"""

import numpy as np


def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    row = np.zeros(n + 2 * padding, dtype=np.int8)
    reach = dilation * (kernel_size - 1) + 1
    windows = np.lib.stride_tricks.sliding_window_view(row, reach)[::stride]
    return np.array(windows.shape[0])


answer_1 = np.float32(16.0)
answer_2 = np.array(28 * 28 * 32 * 8 * 9)
answer_3 = " B. "
