"""As the notebook's solutions may be.

names: occlusion_map, activations, saliency
"""

from contextlib import contextmanager

import torch


@contextmanager
def in_eval_mode(model):
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def occlusion_map(model, image, target, patch_size, stride, fill=0.0):
    """The target's probability under each patch: (rows, columns)."""
    height, width = image.shape[1:]
    rows, columns = (height - patch_size) // stride + 1, (width - patch_size) // stride + 1
    result = torch.zeros(rows, columns)
    with in_eval_mode(model), torch.no_grad():
        for i in range(rows):
            for j in range(columns):
                top, left = i * stride, j * stride
                covered = image.clone()
                covered[:, top : top + patch_size, left : left + patch_size] = fill
                result[i, j] = model(covered[None])[0].softmax(0)[target]
    return result


def activations(model, layer, images):
    """The layer's own output for the images."""
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output.detach().clone()))
    try:
        with in_eval_mode(model), torch.no_grad():
            model(images)
    finally:
        handle.remove()
    return kept[0]


def saliency(model, image, target):
    """The largest absolute derivative of the target's logit over the channels: (H, W)."""
    image = image.detach().clone().requires_grad_()
    with in_eval_mode(model):
        logit = model(image[None])[0, target]
    (gradient,) = torch.autograd.grad(logit, image)
    return gradient.abs().amax(0)
