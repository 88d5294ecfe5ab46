"""A hook keeps the layer's output; the windows follow from size, jump and start along each axis.

names: top_patches
"""

import torch
from torch import nn


def pair(value):
    return (value, value) if isinstance(value, int) else value


def seen(model, layer, axis):
    """Along an axis what units of the layer see: size, jump, and where the first unit's window starts."""
    size, jump, start = 1, 1, 0
    for module in model:
        if isinstance(module, nn.Conv2d | nn.MaxPool2d):
            kernel, stride, padding, dilation = (
                pair(number)[axis] for number in (module.kernel_size, module.stride, module.padding, module.dilation)
            )
            size, start, jump = size + dilation * (kernel - 1) * jump, start - padding * jump, jump * stride
        if module is layer:
            break
    return size, jump, start


def top_patches(model, layer, channel, images, k):
    """The k images (of N, C, H, W) in which the channel of the layer is largest: index, window and value of each."""
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output.detach().clone()))
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            model(images)
    finally:
        handle.remove()
        model.train(training)
    maps = kept[0][:, channel]
    values, positions = maps.flatten(1).max(dim=1)
    found = []
    for index in values.argsort(descending=True)[:k].tolist():
        unit = divmod(positions[index].item(), maps.shape[2])
        window = []
        for axis, length in enumerate(images.shape[2:]):
            size, jump, start = seen(model, layer, axis)
            first = start + unit[axis] * jump
            window.append((max(first, 0), min(first + size, length)))
        (top, bottom), (left, right) = window
        found.append((index, (top, left, bottom, right), values[index].item()))
    return found
