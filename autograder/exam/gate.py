"""What an exam reckons with comes through here: what it is read as, it is, or the criterion is lost and says why.

Whatever a student's object gives back is plain by the time an exam sees it, but of any type, shape and size.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from autograder.exam.compare import TOLERANCE, kind
from autograder.exam.core import Unnamed
from autograder.exam.subject import Subject


def tensor(name: str, got: Any) -> torch.Tensor:
    """What came back, where it is a tensor of float32 or float64."""
    if not isinstance(got, torch.Tensor) or got.dtype not in TOLERANCE:
        raise Unnamed(f"`{name}` gave back {kind(got)} where a tensor of float32 is expected.", tells=("result",))
    return got


def not_of_shape(name: str, got: torch.Tensor, expected: str) -> Unnamed:
    """What is said of a result that has another number of axes than `expected`, or no entries."""
    said = f"`{name}` gave back a tensor of shape {tuple(got.shape)} where {expected} is expected."
    return Unnamed(said, tells=("result",))


def maps(name: str, got: Any) -> torch.Tensor:
    """What a network gave back, where it is a tensor (N, C, H, W) of float32 or float64 with entries."""
    found = tensor(name, got)
    if found.dim() != 4 or not found.numel():
        raise not_of_shape(name, found, "(N, C, H, W)")
    return found


def batch(name: str, got: Any) -> torch.Tensor:
    """What a network gave back, where it is a tensor (N, C, …) of float32 or float64 with entries."""
    found = tensor(name, got)
    if found.dim() < 2 or not found.numel():
        raise not_of_shape(name, found, "(N, C, …)")
    return found


def number(value: Any) -> float | None:
    """An int, a float or a tensor of one such entry as a float, infinite where it is too large; None for all else."""
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        value = value.item()
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def module(made: Subject) -> Subject:
    """What a class makes, where it is an nn.Module."""
    if not made.is_module:
        raise Unnamed(f"`{made.name}(…)` gives no `nn.Module`.", tells=("module",))
    return made


def entries(network: Subject) -> int:
    """Entries of all that has a name in a module's state: what a state of ours for it would take."""
    return sum(math.prod(entry.shape) for entry in network.outline().values() if entry.shape is not None)


def equal(a: torch.Tensor | None, b: torch.Tensor | None) -> bool:
    """The same shape, type and values; NaN equals nothing. Names that are registered but off have no tensor."""
    if a is None or b is None:
        return a is b
    return a.dtype == b.dtype and torch.equal(a, b)


def gap(a: torch.Tensor, b: torch.Tensor) -> float:
    """The largest difference; infinite between shapes that differ."""
    return float((a - b).abs().max()) if a.shape == b.shape else math.inf
