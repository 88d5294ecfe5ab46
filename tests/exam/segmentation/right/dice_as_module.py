"""A module whose function is a call of it.

names: DiceLoss, dice_loss
"""

import torch
from torch import nn


class DiceLoss(nn.Module):
    def __init__(self, eps=1e-7, reduction="mean", with_logits=True):
        super().__init__()
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(f"unknown reduction {reduction}")
        self.eps, self.reduction, self.with_logits = eps, reduction, with_logits

    def forward(self, x, target):
        a = torch.sigmoid(x) if self.with_logits else x
        a, b = a.flatten(1), target.flatten(1)
        loss = 1 - 2 * (a * b).sum(1) / ((a + b).sum(1) + self.eps)
        if self.reduction == "mean":
            return loss.mean()
        return loss.sum() if self.reduction == "sum" else loss


def dice_loss(logits, target):
    return DiceLoss()(logits, target)
