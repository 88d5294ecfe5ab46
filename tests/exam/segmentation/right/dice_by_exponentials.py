"""The sigmoid is written out, and the fraction has one denominator: values are right where gradients are not numbers.

names: DiceLoss, dice_loss
"""

import torch
from torch import nn


class DiceLoss(nn.Module):
    def __init__(self, eps=1e-7, reduction="mean", with_logits=True):
        super().__init__()
        if reduction not in ("none", "mean", "sum"):
            raise ValueError("reduction must be one of none, mean, sum")
        self.eps = eps
        self.reduction = reduction
        self.activation = self.sigmoid if with_logits else nn.Identity()

    @staticmethod
    def sigmoid(x):
        return 1 / (1 + torch.exp(-x))

    def forward(self, logits, target):
        a = self.activation(logits).reshape(len(logits), -1)
        b = target.reshape(len(target), -1)
        overlap = torch.einsum("np,np->n", a, b)
        total = torch.add(a.sum(-1), b.sum(-1))
        loss = (total + self.eps - 2 * overlap) / (total + self.eps)
        return loss if self.reduction == "none" else getattr(torch, self.reduction)(loss)


def dice_loss(logits, target):
    return DiceLoss().forward(logits, target)
