"""What an exam may have built in the candidate: a fixed list of names, with plain arguments.

A part that builds on an earlier one is examined with PyTorch's own function standing in where the student's is missing
or wrong, never with a reference of ours, which would then be within the student's reach.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from autograder.objects.ban import BAN


class Allowed(torch.autograd.Function):
    """PyTorch's `conv2d`, forward and backward with the ban on it lifted."""

    @staticmethod
    def forward(ctx, function, *tensors):
        with BAN.lifting(), torch.enable_grad():
            ctx.leaves = [t if t is None else t.detach().requires_grad_(t.requires_grad) for t in tensors]
            ctx.output = function(*ctx.leaves)
        return ctx.output.detach()

    @staticmethod
    def backward(ctx, cotangent):
        wanted = [t for t in ctx.leaves if t is not None and t.requires_grad]
        with BAN.lifting():
            found = iter(torch.autograd.grad(ctx.output, wanted, cotangent, allow_unused=True))
        return None, *(next(found) if t is not None and t.requires_grad else None for t in ctx.leaves)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """`torch.nn.functional.conv2d`, allowed where the operator is banned: it stands in for the student's own."""
    return Allowed.apply(
        lambda x, weight, bias: F.conv2d(x, weight, bias, stride, padding, dilation, groups), x, weight, bias
    )


def vgg13_features(seed: int) -> nn.Sequential:
    """`torchvision.models.vgg13().features` with weights of its own: without the classifier, which takes seconds."""
    from torchvision.models.vgg import cfgs, make_layers  # an import of seconds, which only this needs

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make_layers(cfgs["B"])


class Silent(nn.Module):
    """Logits that training cannot change: fixed mixtures of the input's channels. So each batch's loss is known."""

    def __init__(self, mixture: torch.Tensor):
        super().__init__()
        self.register_buffer("mixture", mixture)
        self.nothing = nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.einsum("nchw,kc->nkhw", x, self.mixture) + 0 * self.nothing


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
    """A small network with a batch norm, whose state tells afterwards how it was trained."""

    def __init__(self, classes: int):
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, classes, 1)
        self.norm, self.witness = nn.BatchNorm2d(4), nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return Witness.apply(self.last(torch.relu(self.norm(self.first(x)))), self.witness, self.last.weight)


def colours(classes: int) -> nn.Sequential:
    """A network that sees five pixels far, for training where the student's own cannot be used."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 5, padding=2), nn.ReLU(), nn.Conv2d(16, 16, 5, padding=2), nn.ReLU(), nn.Conv2d(16, classes, 1)
    )


RECIPES: dict[str, Callable[..., Any]] = {
    "conv2d": conv2d,
    "vgg13_features": vgg13_features,
    "silent": Silent,
    "witnessed": Witnessed,
    "colours": colours,
}


class Recipe:
    """An argument that is made where the student's code is: `RECIPES[name](*args, **kwargs)`, of plain values."""

    def __init__(self, name: str, *args: Any, **kwargs: Any):
        if name not in RECIPES:
            raise KeyError(f"no recipe {name!r}; there are {', '.join(RECIPES)}")
        self.name, self.args, self.kwargs = name, args, kwargs

    def build(self) -> Any:
        return RECIPES[self.name](*self.args, **self.kwargs)


class Loader:
    """A data loader of given (input, target) batches. Each pass gives fresh copies, and is counted."""

    def __init__(self, batches: Sequence[tuple[torch.Tensor, torch.Tensor]]):
        self._batches = list(batches)
        self._served = [0] * len(self._batches)
        self.dataset = range(sum(len(inputs) for inputs, _ in self._batches))  # `len(loader.dataset)` is a habit

    @property
    def passes(self) -> int:
        """Complete passes so far: how often every batch was handed out."""
        return min(self._served, default=0)

    def batch(self, position: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Hand out one batch."""
        inputs, targets = self._batches[position]
        self._served[position] += 1
        return inputs.clone(), targets.clone()

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        return (self.batch(position) for position in range(len(self)))
