"""Networks that tell how they were trained, for the exam of any `fit`."""

from __future__ import annotations

import torch
from torch import nn


class Sent(torch.autograd.Function):
    """Passes logits on. Going back, `network.told(gradient)` hears of the gradient that came to them."""

    @staticmethod
    def forward(ctx, logits, network):
        ctx.network = network
        return logits.clone()

    @staticmethod
    def backward(ctx, cotangent):
        ctx.network.told(cotangent.detach().clone())
        return cotangent, None


class FixedLogits(nn.Module):
    """Logits that training cannot change: fixed mixtures of the input's channels, of each pixel or, `pooled`, of their
    means over the image. So each batch's loss is known.

    `logits` and `sent` are those of the last call and the gradient that came back; they are not kept with the state."""

    def __init__(self, mixture: torch.Tensor, pooled: bool = False):
        super().__init__()
        self.pooled = pooled
        self.register_buffer("mixture", mixture)
        self.register_buffer("logits", None, persistent=False)
        self.register_buffer("sent", None, persistent=False)
        self.nothing = nn.Parameter(torch.zeros(1, 1, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = torch.einsum("nchw,kc->nkhw", x, self.mixture)
        self.logits = (logits.mean((2, 3)) if self.pooled else logits).detach()
        return Sent.apply(self.logits + 0 * self.nothing.sum(), self)

    def told(self, gradient: torch.Tensor) -> None:
        self.sent = gradient


class TrainingProbe(nn.Module):
    """A small network with a batch norm, which tells afterwards how it was trained. `pooled`: one answer an image.

    `calls` tells of each call: was it in train mode, with which first weights and which images (numbers by which they
    are known), and did the last layer have another gradient than that of the batch before? `gradients` counts those
    that came back.
    """

    def __init__(self, classes: int, pooled: bool = False):
        super().__init__()
        self.pooled = pooled
        self.first, self.last, self.norm = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, classes, 1), nn.BatchNorm2d(4)
        self.calls: list[tuple[bool, float, float, bool]] = []
        self.features, self.before, self.gradients = torch.zeros(0), torch.zeros(0), 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls.append((self.training, mark(self.first.weight), mark(x), self.added_up()))
        features = torch.relu(self.norm(self.first(x)))
        self.features = features.detach()
        logits = Sent.apply(self.last(features), self)
        return logits.mean((2, 3)) if self.pooled else logits

    def told(self, gradient: torch.Tensor) -> None:
        self.gradients += 1
        self.before = torch.einsum("nkhw,nchw->kc", gradient, self.features).flatten()

    def added_up(self) -> bool:
        """Is the gradient that lies in the last layer another than the last batch's, times any number?"""
        kept = self.last.weight.grad
        if kept is None or not kept.any() or not len(self.before):
            return False
        kept = kept.detach().flatten()
        share = (kept @ self.before) / (self.before @ self.before)
        return bool((kept - share * self.before).norm() > 1e-3 * kept.norm())


def mark(tensor: torch.Tensor) -> float:
    """A number by which a tensor is known."""
    values = tensor.detach().double().flatten()
    return float(values @ torch.arange(1, len(values) + 1).double())


WITNESSES = {"fixed_logits": FixedLogits, "training_probe": TrainingProbe}
