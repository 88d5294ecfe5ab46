"""The + 1 stands inside the division.

names: output_size
mistake: plus-one-inside
where: stride
visible: caught
"""

def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    return (n + 2 * padding - dilation * (kernel_size - 1) - 1 + 1) // stride
