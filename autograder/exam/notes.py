"""What criteria of one exam leave for each other while it is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.exam.calls import Call
    from autograder.exam.reading import Asked


@dataclass
class Notes:
    """Calls that are read together in the end, and what the exam finds out once.

    door: a part's plainest calls. asked: what each criterion asked, by its id. seen: what `core.once` has found, or the
    error that finding it raised. charged: mistakes that have cost a criterion (`core.charge`).
    """

    door: Sequence[Call] = ()
    asked: dict[str, Asked] = field(default_factory=dict)
    seen: Any = None
    charged: set[str] = field(default_factory=set)
