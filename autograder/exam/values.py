"""What comes back from a student's object of this process, made into plain values of our own."""

from __future__ import annotations

from typing import Any

import torch

from autograder.objects import operations
from autograder.wire.limits import LIMITS


def plain(value: torch.Tensor) -> torch.Tensor:
    """A contiguous tensor of exact type, whose subclass, if it has one, is not asked.

    Raise MemoryError where it is larger than what may cross from a candidate.
    """
    with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():
        if operations.size_of(value) > operations.LARGEST:
            raise MemoryError(f"it gave back more than {LIMITS.answer_mib} MiB at once")
        own = value.as_subclass(torch.Tensor).resolve_conj().resolve_neg()
        return own.clone(memory_format=torch.contiguous_format)


def owned(value: Any) -> Any:
    """Dense tensors that share nothing, exact built-in types."""
    if isinstance(value, torch.Tensor):
        return plain(value)
    if isinstance(value, list | tuple):
        return (list if isinstance(value, list) else tuple)(owned(item) for item in value)
    if isinstance(value, dict):
        return {key: owned(item) for key, item in value.items()}
    for exact in (bool, int, float, str):
        if isinstance(value, exact):
            return exact(value)
    return value
