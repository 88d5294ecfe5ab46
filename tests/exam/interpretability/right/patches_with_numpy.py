"""Image by image in NumPy; numbers come back as NumPy's, windows as lists.

names: top_patches
"""

import numpy as np
import torch


class Field:
    """A window along one axis, which grows from layer to layer."""

    def __init__(self):
        self.size, self.jump, self.start = 1, 1, 0

    def grow(self, kernel, stride, padding, dilation):
        self.size += (kernel - 1) * dilation * self.jump
        self.start -= padding * self.jump
        self.jump *= stride

    def of(self, place, length):
        first = self.start + place * self.jump
        return max(0, first), min(length, first + self.size)


def top_patches(model, layer, channel, images, k):
    outputs = {}

    def keep(module, inputs, output):
        outputs["layer"] = output.detach().numpy().copy()

    fields = Field(), Field()
    for module in model:
        if type(module).__name__ in ("Conv2d", "MaxPool2d"):
            numbers = [module.kernel_size, module.stride, module.padding, module.dilation]
            for axis, field in enumerate(fields):
                field.grow(*(number if isinstance(number, int) else number[axis] for number in numbers))
        if module is layer:
            break
    before = model.training
    model.train(False)
    hook = layer.register_forward_hook(keep)
    rows = []
    for index in range(len(images)):
        with torch.no_grad():
            model(images[index : index + 1])
        plane = outputs["layer"][0, channel]
        y, x = np.unravel_index(plane.argmax(), plane.shape)
        (top, bottom), (left, right) = fields[0].of(y, images.shape[2]), fields[1].of(x, images.shape[3])
        rows.append([np.int64(index), [top, left, bottom, right], plane.max()])
    hook.remove()
    model.train(before)
    return sorted(rows, key=lambda row: row[2], reverse=True)[:k]
