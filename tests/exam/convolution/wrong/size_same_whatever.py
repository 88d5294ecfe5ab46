"""Every layer is taken to keep the size, divided by the stride.

names: output_size
mistake: none
where: plainest, kernel_size, padding, dilation
visible: caught
"""

def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    return -(-n // stride)
