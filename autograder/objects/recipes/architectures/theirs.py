"""Layers of torchvision's ready networks are known wherever they go, so that they are refused in a student's network.

A network may be made where nothing is banned, in a cell of the student's own. What becomes a part of it is marked, and
copies are marked as well. Its numbers may be taken, its layers may not run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn
from torch.nn.modules.module import (
    register_module_forward_pre_hook,
    register_module_module_registration_hook,
)

from autograder.objects.ban import BAN
from autograder.objects.bans import LISTS
from autograder.objects.rule import BannedOperator

MARK = "a layer of a ready network"


def ready(network: nn.Module) -> bool:
    """Is it a network of torchvision, or of a class that inherits from one?"""
    return any(cls.__module__.startswith("torchvision.models.") for cls in type(network).__mro__)


def mark(network: nn.Module, name: str, layer: nn.Module | None) -> None:
    """Whatever becomes a part of a ready network is marked."""
    if layer is not None and ready(network):
        for part in layer.modules():
            part.__dict__[MARK] = True


@contextmanager
def refused() -> Iterator[None]:
    """Within the block marked layers do not run, if torchvision's networks are banned."""
    handle = register_module_forward_pre_hook(refuse)
    try:
        yield
    finally:
        handle.remove()


def refuse(layer: nn.Module, given: Any) -> None:
    """Called before any layer runs."""
    if BAN.name == "architectures" and MARK in vars(layer):
        raise BannedOperator(f"torchvision.models: {LISTS[BAN.name].sentence}")


register_module_module_registration_hook(mark)
