"""Padding is counted at one end only.

names: output_size
mistake: padding-one-side
where: padding
visible: caught
"""

def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    reach = dilation * (kernel_size - 1) + 1
    return (n + padding - reach) // stride + 1
