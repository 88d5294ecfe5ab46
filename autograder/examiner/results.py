"""What comes of a submission: the record in the journal, from which gradebook, report and feedback are made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

# What can become of a submission, from the best to the worst.
STATUSES = "graded", "timeout", "output", "memory", "crashed", "missing", "unreadable"


@dataclass(frozen=True)
class SubmissionResult:
    """The result of one submission.

    student, assignment: whose, and of what.
    status: the worst that happened, one of `STATUSES`; `score` is what was earned all the same.
    score, max_score: automatic points only, multiples of 0.5; `bonus` stands apart from both.
    manual_points: None here: people give them, in the gradebook.
    seconds: wall clock by part: `fork`, `cells` and `exam`.
    criteria: in order, each a dict of `cell` (grade_id), `title`, `points`, `earned`, `mistake` (a sentence, None where
        the criterion was met) and `anchor` (of the chapter's box about it, or None).
    limit: which limits were run into, in a sentence or two, or why nothing was graded; None where neither is so.
    repaired: accidents of the file that were mended, a plain sentence each.
    noticed: what the source says of ways round a ban, a sentence each, for the instructor's eyes.
    faults: where something of ours failed on what the student's code gave back, for the instructor's eyes.
    cells: grade_id -> {"points", "max_points"} of each automatically graded cell.
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
    criteria: list[dict[str, Any]] = field(default_factory=list)
    limit: str | None = None
    repaired: list[str] = field(default_factory=list)
    noticed: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    cells: dict[str, dict[str, float]] = field(default_factory=dict)
    sha256: str = ""
    job: str = ""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"status is {self.status!r}, which is none of {', '.join(STATUSES)}")

    @classmethod
    def without_grading(
        cls, student: str, assignment: str, status: str, why: str | None, max_score: float, job: str, sha256: str = ""
    ) -> SubmissionResult:
        """Of a submission that nothing is executed of ("unreadable" or "missing"): 0 points, and why."""
        return cls(student, assignment, status, 0.0, max_score, limit=why, job=job, sha256=sha256)

    def to_json(self) -> dict[str, Any]:
        """A dict that `json` can write, and `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> SubmissionResult:
        """Raise `TypeError` or `ValueError` where `values` are not those of a result."""
        return cls(**values)


def worst(statuses: Iterable[str]) -> str:
    """The worst of what happened; "graded" where nothing did."""
    return max(statuses, key=STATUSES.index, default="graded")


def in_halves(points: float) -> float:
    """Points as nbgrader gets them: the nearest multiple of 0.5, so that a sum is never a hair over the maximum."""
    return round(points * 2) / 2
