"""Modes of PyTorch and NumPy that code can leave behind, and where random numbers start.

An exam asks a function, not the cells before it: its calls begin in the modes that PyTorch has when it is imported, and
with random numbers that follow from the exam's own seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch


class Mode(NamedTuple):
    """How a mode is read and set, and what it is when PyTorch is imported."""

    read: Callable[[], Any]
    set: Callable[[Any], Any]
    imported: Any


def _default_device() -> torch.device | None:
    device = torch.get_default_device()
    return None if device.type == "cpu" else device  # any but None is a layer around each call that makes a tensor


# The functions themselves, so that what a student's code puts in their place is not called.
_MODES = (
    Mode(torch.get_default_dtype, torch.set_default_dtype, torch.float32),
    Mode(_default_device, torch.set_default_device, None),
    Mode(torch.is_grad_enabled, torch._C._set_grad_enabled, True),
    Mode(torch.is_anomaly_enabled, torch.set_anomaly_enabled, False),
    Mode(torch.are_deterministic_algorithms_enabled, torch._C._set_deterministic_algorithms, False),
    Mode(torch.get_float32_matmul_precision, torch.set_float32_matmul_precision, "highest"),
    Mode(lambda: torch.is_autocast_enabled("cpu"), lambda mode: torch.set_autocast_enabled("cpu", mode), False),
    Mode(np.geterr, lambda mode: np.seterr(**mode), np.geterr()),
)
Modes = tuple[Any, ...]
IMPORTED: Modes = tuple(mode.imported for mode in _MODES)


def present() -> Modes:
    """The modes as they are now."""
    return tuple(mode.read() for mode in _MODES)


def put(modes: Modes) -> None:
    """Set these modes."""
    for mode, wanted in zip(_MODES, modes, strict=True):
        if mode.read() != wanted:
            mode.set(wanted)


@contextmanager
def kept() -> Iterator[None]:
    """After the block, the modes are what they were before."""
    before = present()
    try:
        yield
    finally:
        put(before)


def begin(number: int) -> None:
    """The modes of an import, and random numbers from this seed on."""
    put(IMPORTED)
    seed(number)


def seed(number: int) -> None:
    """Random numbers start from this seed: PyTorch's, NumPy's and Python's."""
    random.seed(number)
    np.random.seed(number % 2**32)
    torch.default_generator.manual_seed(number % 2**63)  # `torch.manual_seed` looks for graphics cards too
