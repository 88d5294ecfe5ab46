"""A loop over the midpoints.

names: integrated_gradients
"""

import torch


def integrated_gradients(model, image, target, steps=50):
    """The image (C, H, W) times the mean gradient of the target's logit on the way from black to the image."""
    training = model.training
    model.eval()
    total = torch.zeros_like(image)
    for i in range(steps):
        alpha = (i + 0.5) / steps
        x = (alpha * image).detach().requires_grad_()
        logit = model(x[None])[0, target]
        total += torch.autograd.grad(logit, x)[0]
    model.train(training)
    return image * total / steps
