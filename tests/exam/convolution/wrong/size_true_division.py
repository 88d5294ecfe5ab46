"""True division, and no rounding at all.

names: output_size
mistake: size-not-int
where: plainest, type, stride
visible: caught
"""

def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    return (n + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1
