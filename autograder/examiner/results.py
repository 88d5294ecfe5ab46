"""What comes of a submission: the record in the journal, from which gradebook, report and feedback are made."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

# What can become of a submission, from the best to the worst.
STATUSES = "graded", "timeout", "output", "memory", "crashed", "missing", "unreadable"

# What a record read from a file must hold at least, by field; `CELL`: each of `cells`; `CRITERION`: each criterion.
KINDS: dict[str, Any] = {
    **dict.fromkeys(("student", "assignment", "status", "sha256", "job"), str),
    **dict.fromkeys(("score", "max_score", "bonus"), int | float),
    **dict.fromkeys(("criteria", "stopped", "repaired", "noticed", "faults", "untouched"), list),
    **dict.fromkeys(("seconds", "cells"), dict),
    "limit": str | None,
}
CELL: dict[str, Any] = dict.fromkeys(("points", "max_points"), int | float)
CRITERION: dict[str, Any] = {
    **dict.fromkeys(("cell", "criterion", "title"), str),
    **dict.fromkeys(("points", "earned"), int | float),
    **dict.fromkeys(("sentence", "mistake"), str | None),
}


@dataclass(frozen=True)
class CriterionResult:
    """What came of one criterion.

    cell: the grade_id of the cell that asks it. criterion: its id in that cell's exam. title: what students read.
    points, earned: what it is worth, and what was earned of that.
    sentence: what is wrong; None where the criterion was met.
    mistake: the id of the mistake, where it has a name and the book a box about it.
    """

    cell: str
    criterion: str
    title: str
    points: float
    earned: float
    sentence: str | None = None
    mistake: str | None = None


@dataclass(frozen=True)
class StoppedCell:
    """A cell that did not run to its end, so that names were missing that an exam asked for.

    cell: its id in the executed notebook. because: how the sentences of the criteria that it cost tell of it.
    sentence: how it ended, and what was missing.
    """

    cell: str
    because: str
    sentence: str


@dataclass(frozen=True)
class SubmissionResult:
    """The result of one submission.

    student, assignment: whose, and of what.
    status: the worst that happened, one of `STATUSES`; `score` is what was earned all the same.
    score, max_score: automatic points only, multiples of 0.5; `bonus` stands apart from both.
    manual_points: None here: people give them, in the gradebook.
    seconds: wall clock by part: `fork`, `cells` and `exam`.
    criteria: in order.
    stopped: cells that cost criteria, because they did not run to their end.
    limit: which limits were run into, in a sentence or two, or why nothing was graded; None where neither is so.
    repaired: accidents of the file that were mended, a plain sentence each.
    noticed: what the source says of ways round a ban, a sentence each, for the instructor's eyes.
    faults: what an exam or the grader met that it did not expect, a sentence each, for the instructor's eyes: a fault
        of ours. The result counts all the same.
    cells: grade_id -> {"points", "max_points"} of each automatically graded cell.
    untouched: grade_ids of the cells for answers that stand as they were handed out.
    sha256: of the submitted bytes, "" where there were none.
    job: a hash that names the work; the same job gives the same result.
    """

    student: str
    assignment: str
    status: str
    score: float
    max_score: float
    bonus: float = 0.0
    manual_points: float | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    criteria: list[CriterionResult] = field(default_factory=list)
    stopped: list[StoppedCell] = field(default_factory=list)
    limit: str | None = None
    repaired: list[str] = field(default_factory=list)
    noticed: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    cells: dict[str, dict[str, float]] = field(default_factory=dict)
    untouched: list[str] = field(default_factory=list)
    sha256: str = ""
    job: str = ""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"status is {self.status!r}, which is none of {', '.join(STATUSES)}")

    @classmethod
    def without_grading(
        cls,
        student: str,
        assignment: str,
        status: str,
        why: str | None,
        max_score: float,
        job: str,
        sha256: str = "",
        faults: Iterable[str] = (),
    ) -> SubmissionResult:
        """Of a submission that nothing executed is kept of: 0 points, and why."""
        return cls(student, assignment, status, 0.0, max_score, limit=why, faults=list(faults), job=job, sha256=sha256)

    def to_json(self) -> dict[str, Any]:
        """A dict that `json` can write, and `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> SubmissionResult:
        """Raise `TypeError` or `ValueError` where `values` are not those of a result."""
        rows, stopped = values.get("criteria", []), values.get("stopped", [])
        must_be({"criteria": rows, "stopped": stopped}, {"criteria": list, "stopped": list})
        cells = [StoppedCell(**cell) for cell in stopped]
        made = cls(**values | {"criteria": [CriterionResult(**row) for row in rows], "stopped": cells})
        must_be(vars(made), KINDS)
        for cell in cells:
            must_be(vars(cell), dict.fromkeys(vars(cell), str))
        for criterion in made.criteria:
            must_be(vars(criterion), CRITERION)
        for points in made.cells.values():
            must_be(points, CELL)
        if not all(math.isfinite(number) for number in (made.score, made.max_score, made.bonus)):
            raise ValueError("a score is no number")
        return made


def must_be(values: Any, kinds: dict[str, Any]) -> None:
    """Raise `TypeError` unless `values` is a dict that holds these names with values of these types."""
    if not isinstance(values, dict):
        raise TypeError(f"a {type(values).__name__} where a dict is expected")
    for name, kind in kinds.items():
        if not isinstance(values.get(name), kind):
            raise TypeError(f"{name} is a {type(values.get(name)).__name__}")


def worst(statuses: Iterable[str]) -> str:
    """The worst of what happened; "graded" where nothing did."""
    return max(statuses, key=STATUSES.index, default="graded")


def in_halves(points: float) -> float:
    """Points as nbgrader gets them: the nearest multiple of 0.5, so that a sum is never a hair over the maximum."""
    return round(points * 2) / 2
