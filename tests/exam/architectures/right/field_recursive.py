"""The last layer upon all before it.

names: receptive_field
"""


def receptive_field(layers):
    if len(layers) == 0:
        return 1, 1
    *before, (kernel_size, stride, dilation) = layers
    size, jump = receptive_field(before)
    return [size + (kernel_size - 1) * dilation * jump, jump * stride]
