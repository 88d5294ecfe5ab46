"""Each layer hands on, for every row and column of its output, which rows and columns of the image it has seen.

names: top_patches
"""

import heapq

import torch
from torch import nn


def ranges(before, kernel, stride, padding, dilation):
    """The pixel ranges of a layer's rows, from those of the rows of its input, which go on at equal steps outside."""
    (first, last), step = before[0], before[1][0] - before[0][0]
    count = (len(before) - 1 + 2 * padding - dilation * (kernel - 1) - 1 + 1) // stride + 1
    made = []
    for i in range(max(count, 0) + 1):
        low = i * stride - padding
        made.append((first + low * step, last + (low + dilation * (kernel - 1)) * step))
    return made


def top_patches(model, layer, channel, images, k):
    """Best first, one per image."""
    seen = [[(i, i) for i in range(n + 1)] for n in images.shape[-2:]]  # one more than there are, for the step
    mode, x = model.training, images.clone()
    model.eval()
    try:
        with torch.no_grad():
            for module in model:
                x = module(x)
                if isinstance(module, (nn.Conv2d, nn.MaxPool2d)):
                    numbers = (module.kernel_size, module.stride, module.padding, module.dilation)
                    for axis in (0, 1):
                        seen[axis] = ranges(seen[axis], *(n[axis] if isinstance(n, tuple) else n for n in numbers))
                if module is layer:
                    break
    finally:
        model.train(mode)
    height, width = images.shape[-2:]
    found = []
    for index, plane in enumerate(x[:, channel].tolist()):
        value, row, column = max((v, r, c) for r, line in enumerate(plane) for c, v in enumerate(line))
        (top, bottom), (left, right) = seen[0][row], seen[1][column]
        found.append((value, index, (max(top, 0), max(left, 0), min(bottom, height - 1) + 1, min(right, width - 1) + 1)))
    return [(index, window, value) for value, index, window in heapq.nlargest(k, found)]
