"""What criteria of one exam leave for each other while it is held."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograder.exam.compare import Comparison


@dataclass
class Notes:
    """Gradients that came beside right values wait here for their own criterion, calls for criteria that share them.

    compared: calls whose gradients were compared. faults: those whose gradients are wrong. shared: comparisons by the
    name that those who share them have agreed on.
    """

    compared: int = 0
    faults: list[Comparison] = field(default_factory=list)
    shared: dict[str, list[Comparison]] = field(default_factory=dict)
