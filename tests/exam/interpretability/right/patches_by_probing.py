"""Ones in the place of the weights: the gradient of a unit is positive on all pixels of its window.

names: top_patches
"""

import torch
import torch.nn.functional as F


def two(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def window_of(layers, unit, shape):
    """What a unit sees of an image of this shape: all the padding stands around the image from the start."""
    around, jump = [0, 0], [1, 1]
    for layer in layers:
        around = [a + p * j for a, p, j in zip(around, two(layer.padding), jump)]
        jump = [j * s for j, s in zip(jump, two(layer.stride))]
    plane = torch.zeros(1, 1, *(side + 2 * a + 60 for side, a in zip(shape, around)), requires_grad=True)
    x = plane
    for layer in layers:
        extent = [d * (n - 1) + 1 for n, d in zip(two(layer.kernel_size), two(layer.dilation))]
        x = F.conv2d(x, torch.full((1, 1, *extent), 1 / (extent[0] * extent[1])), stride=two(layer.stride))
    (gradient,) = torch.autograd.grad(x[0, 0, unit[0], unit[1]], plane)
    rows, columns = (gradient[0, 0] > 0).nonzero().T
    top, left = (max(0, int(places.min()) - a) for places, a in zip((rows, columns), around))
    bottom, right = (min(n, int(places.max()) + 1 - a) for n, places, a in zip(shape, (rows, columns), around))
    return top, left, bottom, right


def top_patches(model, layer, channel, images, k):
    """The k best of the images: (index, window, value)."""
    names = [id(module) for module in model]
    part = model[: names.index(id(layer)) + 1]
    modes = {module: module.training for module in model.modules()}
    model.eval()
    with torch.inference_mode():
        maps = part(images)[:, channel].clone()
    for module, mode in modes.items():
        module.training = mode
    moving = [module for module in part if hasattr(module, "kernel_size")]
    values, chosen = maps.amax((1, 2)).topk(k)
    found = []
    for value, index in zip(values, chosen):
        row, column = (maps[index] == value).nonzero()[-1].tolist()  # the last of equal ones
        found.append((int(index), window_of(moving, (row, column), images.shape[2:]), value))
    return found
