"""The assignments as they are handed out: each one's cells in order, and what a notebook may use where it is graded.

`assignments.json` is made with the notebooks, by `python -m autograder.release`.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from convcourse.submission.mending import Given, stripped

PATIENCE = 3.0  # by the clock, what waits may take so many times the seconds of processor time that it has
FILE = Path(__file__).with_name("assignments.json")


@dataclass(frozen=True)
class Entry:
    """A cell of an assignment. kind: given, solution or grade; defines: the name that its part must define."""

    id: str
    type: str
    kind: str
    text: str
    defines: str | None = None
    optional: bool = False

    @property
    def given(self) -> Given:
        """What is known of it when it is looked for in a file."""
        return Given(self.type, self.kind == "solution", self.text, self.text, frozenset(filter(None, [self.defines])))


@dataclass(frozen=True)
class Allowed:
    """Seconds of processor time of a cell, of a visible check and of the whole notebook, the memory that its code may
    take, and the text that a cell may put out."""

    cell_seconds: float
    call_seconds: float
    notebook_seconds: float
    memory_mib: int
    output_kib: int


@dataclass(frozen=True)
class Assignment:
    """One assignment."""

    name: str
    allowed: Allowed
    entries: list[Entry]


@cache
def common() -> frozenset[str]:
    """Ids and texts of cells that several assignments have: by them no assignment is recognised."""
    cells = [entry for one in assignments().values() for entry in one.entries]
    counted = Counter(entry.id for entry in cells) + Counter(stripped(entry.text) for entry in cells)
    return frozenset(what for what, count in counted.items() if count > 1)


def assignments() -> dict[str, Assignment]:
    """All of them, by name."""
    told = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        name: Assignment(name, Allowed(**one["allowed"]), [Entry(**entry) for entry in one["cells"]])
        for name, one in told.items()
    }
