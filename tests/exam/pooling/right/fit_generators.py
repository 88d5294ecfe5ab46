"""A generator of losses, one optimiser for each tensor, gradients asked of autograd and laid in place by hand.

names: fit
"""

from collections import defaultdict

import torch
from torch.nn.functional import log_softmax, nll_loss


def losses(model, loader, epochs):
    learned = [p for p in model.parameters() if p.requires_grad]
    optimisers = [torch.optim.NAdam([p], lr=4e-3) for p in learned]
    for epoch in range(epochs):
        model.train(True)
        batches = iter(loader)
        while True:
            try:
                images, labels = next(batches)
            except StopIteration:
                break
            value = nll_loss(log_softmax(model(images), dim=-1), labels)
            for p, gradient in zip(learned, torch.autograd.grad(value, learned, allow_unused=True)):
                p.grad = gradient
            for optimiser in optimisers:
                optimiser.step()
            yield epoch, value.item()


def fit(model, loader, epochs):
    seen = defaultdict(list)
    for epoch, value in losses(model, loader, epochs):
        seen[epoch].append(value)
    return tuple(sum(values) / len(values) for values in seen.values())
