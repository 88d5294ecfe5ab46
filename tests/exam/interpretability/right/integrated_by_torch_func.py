"""By torch.func, five points at once.

names: integrated_gradients
"""

import torch


def integrated_gradients(model, image, target, steps=50):
    before = model.training
    model.eval()
    fixed = {name: p.detach() for name, p in model.named_parameters()} | dict(model.named_buffers())

    def logit(x):
        return torch.func.functional_call(model, fixed, (x.unsqueeze(0),))[0, target]

    points = torch.linspace(0.5 / steps, 1 - 0.5 / steps, steps)
    slope = torch.func.vmap(torch.func.grad(logit))
    total = sum(slope(some.reshape(-1, 1, 1, 1) * image).sum(0) for some in points.split(5))
    model.train(before)
    return total * image / steps
