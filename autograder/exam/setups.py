"""Configurations of a convolution, or of its transpose: shapes and arguments, to which a seed gives the values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

Shape = tuple[int, int, int, int, int, int, int]  # N, C_in, H, W, C_out, kH, kW


@dataclass(frozen=True)
class Setup:
    """One configuration: shapes, the arguments that differ from their defaults, a bias or not, and how to say so."""

    shape: Shape
    arguments: dict[str, Any] = field(default_factory=dict)
    bias: bool = True
    dtype: torch.dtype = torch.float32
    about: str = ""


def words(arguments: dict[str, Any]) -> str:
    """ "with stride (2, 1) and padding 1"."""
    named = [f"{key} {value!r}" for key, value in arguments.items() if key != "groups" or value != 1]
    return f"with {' and '.join(named)}" if named else ""


def setups(shapes: list[Shape], arguments: list[dict[str, Any]]) -> list[Setup]:
    """Every shape with every choice of arguments; bias and float64 take turns so that each choice meets both."""
    made = []
    for i, chosen in enumerate(arguments):
        for j, shape in enumerate(shapes):
            dtype = torch.float64 if (i + j) % 4 == 3 else torch.float32
            made.append(Setup(shape, chosen, (i + j) % 3 != 0, dtype, words(chosen)))
    return made
