"""The size comes back as a float.

names: output_size
mistake: size-not-int
where: plainest, type
visible: caught
"""

import numpy as np


def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    return float(np.floor((n + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1))
