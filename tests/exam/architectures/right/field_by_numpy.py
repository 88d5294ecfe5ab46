"""Sums of products, in NumPy's numbers.

names: receptive_field
"""

import numpy as np


def receptive_field(layers):
    table = np.array(layers, dtype=np.int64).reshape(-1, 3)
    jumps = np.concatenate([[1], np.cumprod(table[:, 1])])
    return np.int64(1 + ((table[:, 0] - 1) * table[:, 2] * jumps[:-1]).sum()), jumps[-1]
