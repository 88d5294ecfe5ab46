"""What a grading run did."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.classroom.journal import Entry
from autograder.classroom.standings import Line


@dataclass
class Times:
    """Seconds from the run's start to the first and to the last result, and what parts of it took."""

    first: float = 0.0
    last: float = 0.0
    bookkeeping: float = 0.0
    feedback: float = 0.0


@dataclass
class Summary:
    """What a run did. `fresh`: the submissions that have a result of this run, by student and assignment. `failures`:
    what went wrong beside a submission's own result, in whole sentences. `changed`: those whose mark this run changed,
    or would have. `stopped`: why the run ended before its end, None where it did not; `left`: submissions that it was
    to grade and did not."""

    lines: list[Line] = field(default_factory=list)
    fresh: set[tuple[str, str]] = field(default_factory=set)
    changed: list[Entry] = field(default_factory=list)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)
    stopped: str | None = None
    left: int = 0
    times: Times = field(default_factory=Times)

    @property
    def graded(self) -> int:
        """How many submissions have a result of this run."""
        return len(self.fresh)
