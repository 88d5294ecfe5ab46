"""All midpoints in one batch.

names: integrated_gradients
"""

import torch


def integrated_gradients(model, image, target, steps=50):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    weights = (torch.arange(steps, dtype=image.dtype) + 0.5) / steps
    batch = torch.einsum("s,chw->schw", weights, image.detach()).requires_grad_()
    with torch.enable_grad():
        (gradients,) = torch.autograd.grad(model(batch)[:, target].sum(), batch)
    for module, mode in modes:
        module.training = mode
    return image.detach() * gradients.mean(0)
