"""A loop over images; the sigmoid is a hyperbolic tangent; the reduction is looked up when the loss is called.

names: DiceLoss, dice_loss
"""

from functools import partial

import torch


def one(eps, a, b):
    return 1.0 - 2.0 * torch.dot(a, b) / (torch.cat([a, b]).sum() + eps)


class DiceLoss(torch.nn.Module):
    reductions = {"none": lambda each: each, "mean": lambda each: sum(each) / len(each), "sum": lambda each: each.sum(0)}

    def __init__(self, eps=1e-7, reduction="mean", with_logits=True):
        super().__init__()
        self.register_buffer("eps", torch.tensor(eps, dtype=torch.float64), persistent=False)
        self.settings = {"reduction": reduction, "with_logits": with_logits}

    def probabilities(self, x):
        return (torch.tanh(x / 2) + 1) / 2 if self.settings["with_logits"] else x

    def forward(self, prediction, target):
        if self.settings["reduction"] not in self.reductions:
            raise ValueError(f"{self.settings['reduction']!r} is no reduction")
        each = map(partial(one, self.eps.to(prediction)), self.probabilities(prediction).flatten(1), target.flatten(1))
        return self.reductions[self.settings["reduction"]](torch.stack(list(each)))


dice_loss = DiceLoss(reduction="mean").__call__
