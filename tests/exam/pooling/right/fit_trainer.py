"""A trainer whose mean runs over images, cross-entropy written out, losses in one tensor.

names: fit
"""

import torch


class Mean:
    def __init__(self):
        self.total, self.count = torch.zeros(()), 0

    def update(self, value, count):
        self.total = self.total + value.detach() * count
        self.count += count

    def compute(self):
        return self.total / self.count


class Trainer:
    def __init__(self, model, optimizer):
        self.model, self.optimizer = model, optimizer

    def loss(self, logits, labels):
        right = logits.gather(1, labels[:, None])[:, 0]
        return (torch.logsumexp(logits, dim=1) - right).mean()

    def step(self, images, labels):
        with torch.enable_grad():
            loss = self.loss(self.model(images), labels)
        for parameter in self.model.parameters():
            parameter.grad = None
        loss.backward()
        self.optimizer.step()
        return loss

    def epoch(self, loader):
        mean = Mean()
        self.model.train()
        for images, labels in loader:
            mean.update(self.step(images, labels), len(images))
        return mean.compute()


def fit(model, loader, epochs):
    trainer = Trainer(model, torch.optim.RAdam(model.parameters(), lr=5e-3))
    return torch.stack([trainer.epoch(loader) for _ in range(epochs)])
