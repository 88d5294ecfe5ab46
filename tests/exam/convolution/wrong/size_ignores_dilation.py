"""Dilation is an argument nobody reads.

names: output_size
mistake: dilation-ignored
where: dilation
visible: caught
"""

def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    """The formula one remembers: (W - K + 2P) / S + 1."""
    return (n - kernel_size + 2 * padding) // stride + 1
