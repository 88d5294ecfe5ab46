"""All patches in one batch, a mask and `torch.where`; modes kept one by one; `backward` on a copy of the model.

names: occlusion_map, activations, saliency
"""

import copy

import torch
import torch.nn.functional as F


def occlusion_map(model, image, target, patch_size, stride, fill=0.0):
    modes = {module: module.training for module in model.modules()}
    channels, height, width = image.shape
    rows, columns = (height - patch_size) // stride + 1, (width - patch_size) // stride + 1
    y = torch.arange(height).reshape(1, 1, 1, height, 1) - stride * torch.arange(rows).reshape(-1, 1, 1, 1, 1)
    x = torch.arange(width).reshape(1, 1, 1, 1, width) - stride * torch.arange(columns).reshape(1, -1, 1, 1, 1)
    under = (y >= 0) & (y < patch_size) & (x >= 0) & (x < patch_size)  # (rows, columns, 1, H, W)
    batch = torch.where(under, torch.full_like(image, fill), image).reshape(-1, channels, height, width)
    for module in modes:
        module.training = False
    with torch.inference_mode():
        probabilities = F.softmax(model(batch), dim=-1)[..., target]
    for module, mode in modes.items():
        module.training = mode
    return probabilities.clone().reshape(rows, columns)


def activations(model, layer, images):
    """Of a deep copy of the model, whose modules stand in the same order."""
    place = list(model.modules()).index(layer)
    twin = copy.deepcopy(model).eval()
    found = {}

    def keep(module, given, output):
        found["output"] = torch.empty_like(output).copy_(output)

    list(twin.modules())[place].register_forward_hook(keep)
    with torch.no_grad():
        twin(images)
    return found["output"]


def saliency(model, image, target):
    twin = copy.deepcopy(model).eval()
    leaf = image.clone().unsqueeze(0).requires_grad_(True)
    twin(leaf)[:, target].sum().backward()
    return torch.max(torch.abs(leaf.grad[0]), dim=0).values
