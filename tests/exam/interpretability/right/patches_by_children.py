"""The children are run one after the other; each window is followed back from its unit through the layers.

names: top_patches
"""

import torch
from torch import nn


def top_patches(model, layer, channel, images, k):
    """A list of (image index, (top, left, bottom, right), value), best first."""
    was_training = model.training
    model.eval()
    layers, x = [], images
    with torch.no_grad():
        for module in model.children():
            x = module(x)
            layers.append(module)
            if module is layer:
                break
    model.train(was_training)

    def both(value):
        return value if isinstance(value, tuple) else (value, value)

    def back(row, column):
        edges = [[row, column], [row, column]]
        for module in reversed(layers):
            if not isinstance(module, (nn.Conv2d, nn.MaxPool2d)):
                continue
            for axis in range(2):
                s, p = both(module.stride)[axis], both(module.padding)[axis]
                reach = both(module.dilation)[axis] * (both(module.kernel_size)[axis] - 1)
                edges[0][axis] = edges[0][axis] * s - p
                edges[1][axis] = edges[1][axis] * s - p + reach
        (top, left), (bottom, right) = edges
        height, width = images.shape[-2:]
        return max(top, 0), max(left, 0), min(bottom + 1, height), min(right + 1, width)

    best = []
    for index, plane in enumerate(x[:, channel]):
        flat = plane.reshape(-1)
        place = int(flat.argmax())
        best.append((index, back(place // plane.shape[1], place % plane.shape[1]), float(flat[place])))
    best.sort(key=lambda one: -one[2])
    return best[:k]
