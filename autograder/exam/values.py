"""What comes back from a student's object of this process, made into plain values of our own."""

from __future__ import annotations

from typing import Any

import torch


def plain(value: torch.Tensor) -> torch.Tensor:
    """A dense tensor of exact type, whose subclass, if it has one, is not asked."""
    with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():
        dense = value if value.layout == torch.strided else value.to_dense()
        return dense.as_subclass(torch.Tensor).clone(memory_format=torch.contiguous_format)


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
