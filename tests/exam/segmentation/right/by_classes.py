"""IoU with one-hot masks; weights of boundaries by comparing shifted pictures; training in a class of its own.

names: iou, boundary_weights, fit
"""

import torch
import torch.nn.functional as F


def iou(pred, target, num_classes, ignore_index=255):
    valid = (target != ignore_index).unsqueeze(-1)
    labels = torch.arange(num_classes)
    p = (pred.unsqueeze(-1) == labels) & valid
    t = (target.unsqueeze(-1) == labels) & valid
    axes = tuple(range(p.dim() - 1))
    return (p & t).sum(axes).double() / (p | t).sum(axes)


def boundary_weights(mask, width=1, boost=4.0):
    n, h, w = mask.shape
    result = torch.ones(n, h, w)
    for y in range(h):
        for x in range(w):
            part = mask[:, max(0, y - width) : y + width + 1, max(0, x - width) : x + width + 1]
            result[:, y, x] += boost * (part != mask[:, y : y + 1, x : x + 1]).flatten(1).any(1)
    return result


class Trainer:
    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def loss(self, images, masks):
        logits = self.model(images)
        if logits.shape[1] != 1:
            return F.cross_entropy(logits, masks.long())
        return F.binary_cross_entropy_with_logits(logits, masks.unsqueeze(1).float())

    def epoch(self, loader):
        self.model.train()
        total = 0.0
        for images, masks in loader:
            self.optimizer.zero_grad()
            loss = self.loss(images, masks)
            loss.backward()
            self.optimizer.step()
            total = total + loss.detach()
        return (total / len(loader)).item()


def fit(model, loader, epochs):
    trainer = Trainer(model)
    return [trainer.epoch(loader) for _ in range(epochs)]
