"""What assignment 06's exams have built: networks to train, and an encoder to build on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from convcourse.data import training_network


def vgg13_features(seed: int) -> nn.Sequential:
    """`torchvision.models.vgg13().features` with weights of its own: without the classifier, which takes seconds."""
    from torchvision.models.vgg import cfgs, make_layers  # an import of seconds, which only this needs

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make_layers(cfgs["B"])


class Sent(torch.autograd.Function):
    """Passes logits on. Going back, `network.sent` is the gradient that came to them."""

    @staticmethod
    def forward(ctx, logits, network):
        ctx.network = network
        return logits.clone()

    @staticmethod
    def backward(ctx, cotangent):
        ctx.network.sent = cotangent.detach().clone()
        return cotangent, None


class Silent(nn.Module):
    """Logits that training cannot change: fixed mixtures of the input's channels. So each batch's loss is known."""

    def __init__(self, mixture: torch.Tensor):
        super().__init__()
        self.register_buffer("mixture", mixture)
        self.register_buffer("sent", None, persistent=False)  # a state that is kept and loaded again has none
        self.nothing = nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return Sent.apply(torch.einsum("nchw,kc->nkhw", x, self.mixture) + 0 * self.nothing, self)


class Witness(torch.autograd.Function):
    """Passes values on. Going back, `witness` gets the gradient that still lies in `weight`: 0 where it was cleared."""

    @staticmethod
    def forward(ctx, x, witness, weight):
        ctx.weight = weight
        return x.clone()

    @staticmethod
    def backward(ctx, cotangent):
        kept = ctx.weight.grad
        return cotangent, torch.ones(1) * (0.0 if kept is None else kept.abs().sum()), None


class Witnessed(nn.Module):
    """A small network with a batch norm, whose state tells afterwards how it was trained. `calls`: was each call in
    train mode, and with which first weights (a number that tells them apart)?"""

    def __init__(self, classes: int):
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, classes, 1)
        self.norm, self.witness = nn.BatchNorm2d(4), nn.Parameter(torch.zeros(1))
        self.calls: list[tuple[bool, float]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weights = self.first.weight.detach().double().flatten()
        self.calls.append((self.training, float(weights @ torch.arange(len(weights)).double())))
        return Witness.apply(self.last(torch.relu(self.norm(self.first(x)))), self.witness, self.last.weight)


def scene_network(classes: int, seed: int) -> nn.Sequential:
    """The network by which the notebook's rule of training goes, with first weights of its own."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return training_network(classes)


RECIPES: dict[str, Callable[..., Any]] = {
    "vgg13_features": vgg13_features,
    "silent": Silent,
    "witnessed": Witnessed,
    "scene_network": scene_network,
}
