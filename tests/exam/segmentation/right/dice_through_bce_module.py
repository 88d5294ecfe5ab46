"""The loss inherits from PyTorch's losses; dice_loss is a partial application; refusals come at the call.

names: DiceLoss, dice_loss, fit
"""

import torch
from torch import nn
from torch.nn.modules.loss import _Loss


class DiceLoss(_Loss):
    def __init__(self, eps=1e-7, reduction="mean", with_logits=True):
        nn.Module.__init__(self)
        self.eps = eps
        self.reduction = reduction
        self.with_logits = with_logits

    def forward(self, pred, true):
        n = pred.shape[0]
        if self.with_logits:
            pred = nn.functional.logsigmoid(pred).exp()
        pred, true = pred.view(n, -1) if pred.is_contiguous() else pred.reshape(n, -1), true.reshape(n, -1)
        losses = torch.stack([1 - 2 * torch.dot(p, t) / ((p + t).sum() + self.eps) for p, t in zip(pred, true)])
        if self.reduction == "none":
            return losses
        if self.reduction not in ("mean", "sum"):
            raise ValueError(f"{self.reduction!r} is not a reduction")
        return getattr(losses, self.reduction)()


def dice_loss(logits, target, loss=DiceLoss()):
    return loss(logits, target)


def fit(model, loader, epochs):
    """Dice and cross-entropy together where there is one class."""
    optimizer = torch.optim.Adam(model.parameters(), 4e-3, betas=(0.9, 0.99))
    losses = []
    for _ in range(epochs):
        model.train(True)
        batches = []
        for images, masks in loader:
            for p in model.parameters():
                p.grad = None
            scores = model(images)
            if scores.shape[1] == 1:
                truth = masks[:, None].to(scores.dtype)
                loss = dice_loss(scores, truth) + nn.BCEWithLogitsLoss()(scores, truth)
            else:
                loss = torch.nn.functional.cross_entropy(scores.movedim(1, -1).reshape(-1, scores.shape[1]), masks.reshape(-1))
            torch.autograd.backward(loss)
            optimizer.step()
            batches.append(loss.item())
        losses.append(sum(batches) / len(batches))
    return losses
