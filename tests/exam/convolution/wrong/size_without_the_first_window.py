"""The + 1 for the window at the start is forgotten.

names: output_size
mistake: plus-one-missing
where: plainest
visible: caught
"""

def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    effective_kernel = kernel_size + (kernel_size - 1) * (dilation - 1)
    return (n + 2 * padding - effective_kernel) // stride
