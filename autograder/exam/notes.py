"""What criteria of one exam leave for each other while it is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.exam.calls import Call
    from autograder.exam.compare import Comparison
    from autograder.exam.reading import Asked


@dataclass
class Notes:
    """Calls that are read together in the end; gradients that came beside right values and wait for their criterion.

    door: a part's plainest calls. asked: what each criterion asked, by its id. compared: calls whose gradients were
    compared. faults: those whose gradients are wrong. shared: comparisons by the name that those who share them have
    agreed on.
    """

    door: Sequence[Call] = ()
    asked: dict[str, Asked] = field(default_factory=dict)
    compared: int = 0
    faults: list[Comparison] = field(default_factory=list)
    shared: dict[str, Any] = field(default_factory=dict)
