"""The seeded generator that fills an exam's cases: the skeleton of cases is fixed, the seed gives values and order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

import torch

from autograder.exam.notes import Notes

T = TypeVar("T")
LAYOUTS = ("non-contiguous", "channels-last", "expanded")


class Draw:
    """Tensors of order 1, and permutations, from one seed; `notes` are what criteria of one exam leave each other."""

    def __init__(self, seed: int, notes: Notes | None = None):
        self.notes = Notes() if notes is None else notes
        self.torch = torch.Generator().manual_seed(seed % 2**63)
        self.python = random.Random(seed)

    def normal(self, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """Standard normal values of a shape."""
        return torch.randn(shape, generator=self.torch, dtype=dtype)

    def integers(self, low: int, high: int, *shape: int) -> torch.Tensor:
        """int64 values from low up to, not including, high."""
        return torch.randint(low, high, shape, generator=self.torch)

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in another order."""
        return self.python.sample(list(items), len(items))

    def uniform(self, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """Values in 0…1, as an image has."""
        return torch.rand(shape, generator=self.torch, dtype=dtype)

    def laid_out(self, layout: str, shape: tuple[int, ...]) -> torch.Tensor:
        """Standard normal values of a shape, in memory in one of the unusual `LAYOUTS`."""
        return in_layout(layout, self.normal(*shape))

    def away_from_zero(self, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """Values of order 1 and either sign, none nearer to zero than 1/2."""
        sign = 2 * self.integers(0, 2, *shape) - 1
        return (0.5 + self.uniform(*shape, dtype=dtype)) * sign


def in_layout(layout: str, given: torch.Tensor) -> torch.Tensor:
    """A tensor of the same shape that lies in memory in one of the unusual `LAYOUTS`.

    It has the same values, but for "expanded", where the first and last axes repeat one entry.
    """
    if layout == "expanded":
        return given[:1, ..., :1].expand(given.shape)
    axes = list(range(given.dim()))
    order = axes[::-1] if layout == "non-contiguous" else [*axes[:-3], *axes[-2:], *axes[-3:-2]]
    back = [order.index(axis) for axis in axes]
    return given.permute(order).contiguous().permute(back)
