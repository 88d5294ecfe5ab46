"""A class for each thing that must be put back, hooks on tensors, views with strides of their own, `torch.func`.

names: occlusion_map, activations, top_patches, answer_1, saliency, grad_cam, answer_2, answer_3, integrated_gradients
"""

from collections import namedtuple
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import partial, reduce

import torch
import torch.nn.functional as F
from torch import nn
from torch.func import grad, vmap
from torch.nn.modules.utils import _pair


class EvalMode(AbstractContextManager):
    """Each module's own mode is remembered."""

    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.modes = {module: module.training for module in self.model.modules()}
        return self.model.eval()

    def __exit__(self, *error):
        for module, mode in self.modes.items():
            module.training = mode


class Watch(AbstractContextManager):
    """Keeps what a layer gives back; what follows works on a copy of it."""

    def __init__(self, layer):
        self.output = self.gradient = None
        self.handle = layer.register_forward_hook(self)

    def __call__(self, module, inputs, output):
        self.output = output
        if output.requires_grad:
            output.register_hook(self.keep_gradient)
        return output.clone()

    def keep_gradient(self, gradient):
        self.gradient = gradient

    def __exit__(self, *error):
        self.handle.remove()


class Occluder:
    """All squares of one row at once: square j of image j, as one view of the batch."""

    def __init__(self, image, patch_size, stride, fill):
        self.image, self.patch_size, self.stride, self.fill = image.contiguous(), patch_size, stride, fill
        self.rows, self.columns = ((side - patch_size) // stride + 1 for side in image.shape[1:])

    def __len__(self):
        return self.rows

    def __getitem__(self, i):
        if not 0 <= i < len(self):
            raise IndexError(i)
        C, H, W = self.image.shape
        batch = self.image.repeat(self.columns, 1, 1, 1)
        size = (self.columns, C, self.patch_size, self.patch_size)
        batch.as_strided(size, (C * H * W + self.stride, H * W, W, 1), i * self.stride * W).fill_(self.fill)
        return batch


def occlusion_map(model, image, target, patch_size, stride, fill=0.0):
    with torch.no_grad(), EvalMode(model):
        probabilities = [F.softmax(model(row), dim=-1) for row in Occluder(image, patch_size, stride, fill)]
    return torch.stack(probabilities)[..., target]


def activations(model, layer, images):
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(EvalMode(model))
        watch = stack.enter_context(Watch(layer))
        model(images)
    return watch.output


@dataclass(frozen=True)
class Field:
    """What a unit sees along one axis."""

    size: int = 1
    start: int = 0
    jump: int = 1

    def behind(self, kernel_size, stride, padding, dilation):
        return Field(
            size=self.size + dilation * (kernel_size - 1) * self.jump,
            start=self.start - padding * self.jump,
            jump=self.jump * stride,
        )

    def of_unit(self, p):
        return replace(self, start=self.start + p * self.jump)

    def clipped(self, length):
        return max(self.start, 0), min(self.start + self.size, length)


class Layers:
    """A Sequential up to one of its modules."""

    def __init__(self, model, layer):
        self.part = model[: [module is layer for module in model].index(True) + 1]

    def field(self, axis):
        windows = (module for module in self.part if hasattr(module, "kernel_size"))
        settings = (
            [_pair(value)[axis] for value in (m.kernel_size, m.stride, m.padding, m.dilation)] for m in windows
        )
        return reduce(lambda field, setting: field.behind(*setting), settings, Field())


Patch = namedtuple("Patch", "image_index window value")


def top_patches(model, layer, channel, images, k):
    layers = Layers(model, layer)
    with torch.no_grad(), EvalMode(model):
        maps = layers.part(images).select(1, channel)
    rows, columns = layers.field(0), layers.field(1)
    values, places = maps.flatten(1).max(dim=1)
    patches = []
    for n in torch.argsort(values, descending=True)[:k].tolist():
        p, q = divmod(places[n].item(), maps.shape[-1])
        (top, bottom), (left, right) = rows.of_unit(p).clipped(images.shape[2]), columns.of_unit(q).clipped(images.shape[3])
        patches.append(Patch(n, (top, left, bottom, right), values[n].item()))
    return patches


field = Field().behind(5, 2, 2, 1).behind(3, 2, 0, 1).behind(3, 1, 1, 1).behind(3, 2, 1, 1)
answer_1 = 1
for unit in 0, 3:
    first, last = field.of_unit(unit).clipped(64)
    answer_1 *= last - first


def saliency(model, image, target):
    found = []
    x = image.detach().clone().requires_grad_(True)
    x.register_hook(found.append)
    with EvalMode(model):
        model(x.unsqueeze(0)).squeeze(0)[target].backward(inputs=[x])
    return found[0].abs().amax(dim=0)


def grad_cam(model, layer, image, target):
    x = image[None].detach().clone().requires_grad_()
    with EvalMode(model), Watch(layer) as watch:
        logit = model(x)[:, target].sum()
        logit.backward(inputs=[x])
    alpha = F.adaptive_avg_pool2d(watch.gradient, 1)
    cam = F.conv2d(watch.output.detach(), alpha).relu_()
    cam = F.interpolate(cam, size=image.shape[-2:], mode="bilinear", align_corners=False)[0, 0]
    return cam if cam.count_nonzero() == 0 else cam.div_(cam.max())


answer_2 = "B"

answer_3 = "C"


def integrated_gradients(model, image, target, steps=50):
    def logit(x):
        return model(x.unsqueeze(0))[0, target]

    alphas = torch.linspace(0.5, steps - 0.5, steps, dtype=image.dtype) / steps
    with EvalMode(model):
        gradients = vmap(lambda alpha: grad(logit)(alpha * image), chunk_size=1)(alphas)
    return image * gradients.mean(dim=0)
