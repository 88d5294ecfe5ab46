"""What an exam may have built in the candidate: a fixed list of names, with plain arguments, in a module for each
assignment, and the witnesses that they share.

A part that builds on an earlier one is examined with PyTorch's own function standing in where the student's is missing
or wrong, never with a reference of ours, which would then be within the student's reach.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from autograder.objects.assignments import gathered
from autograder.objects.recipes.witnesses import WITNESSES

RECIPES: dict[str, Callable[..., Any]] = {**WITNESSES, **gathered(__name__, "RECIPES")}


class Recipe:
    """An argument that is made where the student's code is: `RECIPES[name](*args, **kwargs)`, of plain values."""

    def __init__(self, name: str, *args: Any, **kwargs: Any):
        if name not in RECIPES:
            raise KeyError(f"no recipe {name!r}; there are {', '.join(RECIPES)}")
        self.name, self.args, self.kwargs = name, args, kwargs

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def build(self) -> Any:
        return RECIPES[self.name](*self.args, **self.kwargs)


class Loader:
    """A data loader of given (input, target) batches. Each pass gives fresh copies, and is counted."""

    def __init__(self, batches: Sequence[tuple[torch.Tensor, torch.Tensor]]):
        self._batches = list(batches)
        self._served = [0] * len(self._batches)
        sizes = [len(inputs) for inputs, _ in self._batches]
        self.dataset, self.batch_size = range(sum(sizes)), max(sizes, default=0)  # to read these is a habit

    @property
    def passes(self) -> int:
        """Complete passes so far: how often every batch was handed out."""
        return min(self._served, default=0)

    @property
    def served(self) -> int:
        """Batches handed out so far."""
        return sum(self._served)

    def batch(self, position: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Hand out one batch."""
        inputs, targets = self._batches[position]
        self._served[position] += 1
        return inputs.clone(), targets.clone()

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        return (self.batch(position) for position in range(len(self)))
