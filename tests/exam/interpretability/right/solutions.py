"""The solutions of the notebook.

names: occlusion_map, activations, top_patches, saliency, grad_cam, integrated_gradients, answer_1, answer_2, answer_3
"""

from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import nn


@contextmanager
def evaluating(model):
    """Within it the model is in eval mode. Afterwards it is in the mode in which it came."""
    came_in_train_mode = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(came_in_train_mode)


def occlusion_map(model, image, target, patch_size, stride, fill=0.0):
    """The probability of class `target` for the image (C, H, W) with a square covered, for each place of the square.

    Returns (⌊(H - patch_size) / stride⌋ + 1, ⌊(W - patch_size) / stride⌋ + 1).
    """
    height, width = image.shape[1:]
    tops, lefts = range(0, height - patch_size + 1, stride), range(0, width - patch_size + 1, stride)
    rows = []
    with evaluating(model), torch.no_grad():
        for top in tops:
            covered = image.repeat(len(lefts), 1, 1, 1)  # (squares, C, H, W)
            for one, left in zip(covered, lefts):
                one[:, top : top + patch_size, left : left + patch_size] = fill
            rows.append(model(covered).softmax(1)[:, target])
    return torch.stack(rows)


def activations(model, layer, images):
    """The output of a layer of the model for a batch of images (N, C, H, W), detached."""
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output.detach().clone()))
    try:
        with evaluating(model), torch.no_grad():
            model(images)
    finally:
        handle.remove()
    return kept[0]


def top_patches(model, layer, channel, images, k):
    """The k images (N, C, H, W) to which a channel of the layer responds most, and the windows it responds to.

    Returns a list of (image_index, (top, left, bottom, right), value), best first.
    """
    sizes, starts, jumps = [1, 1], [0, 0], [1, 1]
    x = images.clone()
    with evaluating(model), torch.no_grad():
        for module in model:
            x = module(x)
            if isinstance(module, nn.Conv2d | nn.MaxPool2d):
                given = (module.kernel_size, module.stride, module.padding, module.dilation)
                pairs = [pair if isinstance(pair, tuple) else (pair, pair) for pair in given]
                for axis, (kernel, stride, padding, dilation) in enumerate(zip(*pairs)):
                    sizes[axis] += dilation * (kernel - 1) * jumps[axis]
                    starts[axis] -= padding * jumps[axis]
                    jumps[axis] *= stride
            if module is layer:
                break
    values, places = x[:, channel].flatten(1).max(1)
    found = []
    for index in values.argsort(descending=True)[:k].tolist():
        unit = divmod(places[index].item(), x.shape[3])
        first = [start + place * jump for start, place, jump in zip(starts, unit, jumps)]
        top, left = (max(0, begin) for begin in first)
        bottom, right = (min(side, begin + size) for side, begin, size in zip(images.shape[2:], first, sizes))
        found.append((index, (top, left, bottom, right), values[index].item()))
    return found


def saliency(model, image, target):
    """The largest absolute derivative over channels of the target's logit by the pixels of the image (C, H, W): (H, W)."""
    x = image.detach().clone().requires_grad_()
    with evaluating(model):
        (gradient,) = torch.autograd.grad(model(x[None])[0, target], x)
    return gradient.abs().amax(0)


def grad_cam(model, layer, image, target):
    """Where the layer's maps speak for class `target` in the image (C, H, W): a map (H, W) in 0…1."""
    kept = []

    def keep(module, inputs, output):
        kept.append(output)
        return output.clone()

    handle = layer.register_forward_hook(keep)
    try:
        with evaluating(model):
            logit = model(image.detach().clone()[None].requires_grad_())[0, target]
    finally:
        handle.remove()
    maps = kept[0]  # (1, C', h, w)
    (gradient,) = torch.autograd.grad(logit, maps)
    weights = gradient.mean((2, 3), keepdim=True)
    found = F.relu((weights * maps).sum(1, keepdim=True)).detach()
    found = F.interpolate(found, image.shape[1:], mode="bilinear", align_corners=False)[0, 0]
    return found / found.max() if found.max() > 0 else found


def integrated_gradients(model, image, target, steps=50):
    """What each channel of each pixel adds to the target's logit on the way from black to the image (C, H, W)."""
    total = torch.zeros_like(image)
    with evaluating(model):
        for i in range(steps):
            x = ((i + 0.5) / steps * image.detach()).requires_grad_()
            (gradient,) = torch.autograd.grad(model(x[None])[0, target], x)
            total += gradient
    return image * total / steps


answer_1 = 15 * 25
answer_2 = "B"
answer_3 = "C"
