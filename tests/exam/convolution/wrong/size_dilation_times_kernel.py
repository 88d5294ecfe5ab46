"""The dilated kernel is taken to reach over dilation * kernel_size pixels.

names: output_size
mistake: dilation-off-by-one
where: dilation
visible: caught
"""

def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    padded = n + 2 * padding
    reach = dilation * kernel_size
    return (padded - reach) // stride + 1
