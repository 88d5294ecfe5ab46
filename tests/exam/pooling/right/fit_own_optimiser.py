"""RMSprop written by hand, with the weights changed under `no_grad`.

names: fit
"""

import torch
from torch import nn


def fit(model, loader, epochs):
    squares = {p: torch.zeros_like(p) for p in model.parameters()}
    loss_of = nn.CrossEntropyLoss(reduction="sum")
    history = []
    for _ in range(epochs):
        model.train()
        values = []
        for images, labels in loader:
            model.zero_grad()
            loss = loss_of(model(images), labels) / len(labels)
            loss.backward()
            with torch.no_grad():
                for p, s in squares.items():
                    if p.grad is None:
                        continue
                    s.mul_(0.95).addcmul_(p.grad, p.grad, value=0.05)
                    p -= 2e-3 * p.grad / (s.sqrt() + 1e-4)
            values.append(float(loss))
        history += [sum(values) / len(values)]
    return history
