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
# Where PyTorch keeps the hooks that were put on every module.
EVERYWHERE = (
    "_global_forward_hooks",
    "_global_forward_pre_hooks",
    "_global_backward_hooks",
    "_global_backward_pre_hooks",
)


@dataclass
class ModuleMark:
    """A module's mode, the numbers of the hooks on it, and whether its `forward` is its class's own."""

    training: bool
    hooks: tuple[int, ...]
    own_forward: bool


@dataclass
class TensorMark:
    """A tensor's flag, a checksum of the gradient that lies in it (None for none), and one of its values."""

    requires_grad: bool
    gradient: int | None
    checksum: int


@dataclass
class Footprint:
    """The marks of a model's modules ("" is the model itself) and tensors, by name."""

    modules: dict[str, ModuleMark]
    tensors: dict[str, TensorMark]

    def since(self, before: Footprint) -> set[str]:
        """What is not as it was: any of "modules", "mode", "hooks", "lost hooks", "flags", "gradients" and "values"."""
        changed = {"modules"} if set(self.modules) != set(before.modules) else set()
        changed |= {"values"} if set(self.tensors) != set(before.tensors) else set()
        for name in self.modules.keys() & before.modules.keys():
            now, then = self.modules[name], before.modules[name]
            changed |= {"mode"} if now.training != then.training else set()
            changed |= {"hooks"} if {*now.hooks} - {*then.hooks} or now.own_forward != then.own_forward else set()
            changed |= {"lost hooks"} if {*then.hooks} - {*now.hooks} else set()
        for name in self.tensors.keys() & before.tensors.keys():
            now_, then_ = self.tensors[name], before.tensors[name]
            changed |= {"flags"} if now_.requires_grad != then_.requires_grad else set()
            changed |= {"gradients"} if now_.gradient != then_.gradient else set()
            changed |= {"values"} if now_.checksum != then_.checksum else set()
        return changed


def footprint(obj: nn.Module | torch.Tensor) -> Footprint:
    """Mode and hooks of every module, and flag, gradient and values of every parameter and buffer; of a tensor its
    own."""
    if isinstance(obj, torch.Tensor):
        return Footprint({}, {"": tensor_mark(obj)})
    modules = dict(obj.named_modules(remove_duplicate=False))
    marks = {name: ModuleMark(part.training, hooks_of(part), has_own_forward(part)) for name, part in modules.items()}
    return Footprint(marks, {name: tensor_mark(tensor) for name, tensor in named_tensors(obj)})


def tensor_mark(tensor: torch.Tensor) -> TensorMark:
    """The mark of one tensor."""
    gradient = tensor.grad if tensor.is_leaf else None
    return TensorMark(tensor.requires_grad, None if gradient is None else checksum(gradient), checksum(tensor))


def hooks_of(module: nn.Module) -> tuple[int, ...]:
    """PyTorch's numbers of the hooks that are called with it; no two hooks have one number."""
    kept = [getattr(module, name) for name in HOOKS] + [getattr(nn.modules.module, name) for name in EVERYWHERE]
    return tuple(sorted(number for hooks in kept for number in hooks))


def has_own_forward(module: nn.Module) -> bool:
    """Is its `forward` that of its class, and no other function that was put in its place?"""
    put = vars(module).get("forward")
    return put is None or getattr(put, "__func__", None) is type(module).forward


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
