"""What of a model is left as it was found: a footprint before equals the footprint after."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from autograder.wire import codec

# Where a module keeps the hooks that were put on it.
HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_state_dict_hooks",
    "_load_state_dict_pre_hooks",
)


@dataclass
class ModuleMark:
    """A module's mode, and how many hooks it has."""

    training: bool
    hooks: int


@dataclass
class TensorMark:
    """A parameter's or a buffer's flag, whether a gradient lies in it, and a checksum of its values."""

    requires_grad: bool
    has_gradient: bool
    checksum: int


@dataclass
class Footprint:
    """The marks of a model's modules ("" is the model itself) and tensors, by name."""

    modules: dict[str, ModuleMark]
    tensors: dict[str, TensorMark]


def footprint(module: nn.Module) -> Footprint:
    """Mode and hooks of every module; flag, gradient and values of every parameter and buffer."""
    modules = dict(module.named_modules(remove_duplicate=False))
    return Footprint(
        {name: ModuleMark(part.training, sum(len(getattr(part, h)) for h in HOOKS)) for name, part in modules.items()},
        {
            name: TensorMark(tensor.requires_grad, tensor.grad is not None, checksum(tensor))
            for name, tensor in named_tensors(module)
        },
    )


def named_tensors(module: nn.Module) -> list[tuple[str, torch.Tensor]]:
    """Parameters and buffers, those that no `state_dict` holds included."""
    return [*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)]


def checksum(tensor: torch.Tensor) -> int:
    """CRC-32 of its type, shape and values."""
    return zlib.crc32(codec.raw(tensor.detach()), zlib.crc32(repr((tensor.dtype, tuple(tensor.shape))).encode()))


def part(module: nn.Module, path: str) -> nn.Module:
    """The module within it at this dotted path ("features.0"), the very object."""
    return module.get_submodule(path)


def is_(obj: Any, other: Any) -> bool:
    """Are the two one object?"""
    return obj is other
