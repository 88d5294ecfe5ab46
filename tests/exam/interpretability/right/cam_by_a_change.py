"""A change of zeros is added to the layer's output; torch.func differentiates by it.

names: grad_cam
"""

import torch
import torch.nn.functional as F


def grad_cam(model, layer, image, target):
    maps = []

    def first(module, inputs, output):
        maps.append(output.detach().clone())

    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    hook = layer.register_forward_hook(first)
    with torch.no_grad():
        model(image.unsqueeze(0))
    hook.remove()

    def logit(change):
        adding = layer.register_forward_hook(lambda module, inputs, output: output + change)
        try:
            return model(image.unsqueeze(0))[0, target]
        finally:
            adding.remove()

    alpha = torch.func.grad(logit)(torch.zeros_like(maps[0]))[0].mean((1, 2))
    for module, mode in modes:
        module.training = mode
    plane = torch.einsum("c,chw->hw", alpha, maps[0][0]).clamp_min(0)
    plane = F.interpolate(plane[None, None], tuple(image.shape[-2:]), mode="bilinear").squeeze()
    plane = plane.reshape(image.shape[-2:])
    return plane / plane.max() if plane.any() else plane
