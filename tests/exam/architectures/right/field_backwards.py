"""From the output to the input: a layer turns n units into (n − 1) · stride + span.

names: receptive_field
"""


def receptive_field(layers):
    size, jump = 1, 1
    for kernel_size, stride, dilation in layers[::-1]:
        size = (size - 1) * stride + dilation * (kernel_size - 1) + 1
        jump = stride * jump
    return size, jump
