"""What an exam may have built in the candidate: a fixed list of names, with plain arguments.

A part that builds on an earlier one is examined with PyTorch's own function standing in where the student's is missing
or wrong, never with a reference of ours, which would then be within the student's reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F

from autograder.candidate.ban import BAN


class Allowed(torch.autograd.Function):
    """A function of PyTorch's, forward and backward with the ban lifted."""

    @staticmethod
    def forward(ctx, function, *tensors):
        with BAN.during(None), torch.enable_grad():
            ctx.leaves = [t if t is None else t.detach().requires_grad_(t.requires_grad) for t in tensors]
            ctx.output = function(*ctx.leaves)
        return ctx.output.detach()

    @staticmethod
    def backward(ctx, cotangent):
        wanted = [t for t in ctx.leaves if t is not None and t.requires_grad]
        with BAN.during(None):
            found = iter(torch.autograd.grad(ctx.output, wanted, cotangent, allow_unused=True))
        return None, *(next(found) if t is not None and t.requires_grad else None for t in ctx.leaves)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """`torch.nn.functional.conv2d`, allowed where the operator is banned: it stands in for the student's own."""
    return Allowed.apply(lambda *t: F.conv2d(*t, stride, padding, dilation, groups), x, weight, bias)


RECIPES = {"conv2d": conv2d}


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
