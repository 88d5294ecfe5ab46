"""The division by the stride is rounded up.

names: output_size
mistake: ceil-for-floor
where: stride
visible: caught
"""

import math


def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    return math.ceil((n + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1
