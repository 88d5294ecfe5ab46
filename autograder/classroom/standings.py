"""What is told of each submission: to programs as JSON, to spreadsheets as a row, to people as a first mistake."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autograder.classroom.folder import ClassFolder
from autograder.classroom.jobs import without_grading
from autograder.classroom.journal import Entry

if TYPE_CHECKING:  # which imports this module, and nbgrader, seconds of it
    from autograder.classroom.gradebook import Gradebook

FROM_RESULT = [
    "student",
    "assignment",
    "status",
    "score",
    "max_score",
    "seconds",
    "criteria",
    "stopped",
    "limit",
    "repaired",
    "faults",
    "bonus",
]
COLUMNS = [
    "student",
    "assignment",
    "status",
    "score",
    "max_score",
    "manual_points",
    "bonus",
    "total",
    "late_seconds",
    "timestamp",
    "known",
    "limit",
    "repaired",
    "changed",
]


@dataclass
class Record:
    """What the gradebook says of one submission. `total`: nbgrader's score, manual marks and overrides included;
    `manual`: points of manually graded cells by grade_id, None where one waits for its mark; `comments`: written by
    people."""

    total: float = 0.0
    late_seconds: float = 0.0
    manual: dict[str, float | None] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)

    @property
    def manual_points(self) -> float | None:
        """The points given by people; None while a cell waits for its mark."""
        given = [points for points in self.manual.values() if points is not None]
        return sum(given) if len(given) == len(self.manual) else None


@dataclass(frozen=True)
class Line:
    """One submission after a run: the journal's entry (None: it has no result), the gradebook's record (None: it has
    none), and whether the gradebook knew the student before the grader entered them."""

    student: str
    assignment: str
    entry: Entry | None
    record: Record | None
    known: bool

    @property
    def key(self) -> tuple[str, str]:
        return self.student, self.assignment

    def to_json(self) -> dict[str, Any]:
        """The object of `--json`. Where the grader failed there is a status of null, and no score."""
        answer: dict[str, Any] = dict.fromkeys(FROM_RESULT) | {
            "student": self.student,
            "assignment": self.assignment,
            "criteria": [],
            "stopped": [],
            "repaired": [],
            "faults": [],
        }
        if self.entry:
            answer = {key: getattr(self.entry.result, key) for key in FROM_RESULT}
            answer["criteria"] = [
                {key: getattr(row, key) for key in ("cell", "title", "points", "earned")} | {"mistake": row.sentence}
                for row in self.entry.result.criteria
            ]
            answer["stopped"] = [cell.sentence for cell in self.entry.result.stopped]
        change = self.entry.change if self.entry else None
        return {
            **answer,
            "known": self.known,
            "manual_points": self.record.manual_points if self.record else None,
            "changed": change.to_json() if change else None,
        }

    def to_row(self) -> dict[str, Any]:
        """The row of `marks.csv`. `total` is nbgrader's score: manual marks and overrides in, bonus out."""
        answer = self.to_json()
        if self.record:
            answer |= {"total": self.record.total, "late_seconds": round(self.record.late_seconds)}
        answer["timestamp"] = self.entry.timestamp if self.entry else None
        answer["repaired"] = "; ".join(answer["repaired"])
        answer["changed"] = self.entry.change.told() if self.entry and self.entry.change else None
        return {column: answer.get(column) for column in COLUMNS}

    @property
    def first_mistake(self) -> str:
        """What a short table says: the limit run into, the first cell that stopped and cost points, or the first
        criterion's sentence that was not met."""
        if self.entry is None:
            return "no result: the grader's fault, grade again"
        result = self.entry.result
        stopped = (cell.sentence for cell in result.stopped)
        unmet = (row.sentence for row in result.criteria if row.sentence)
        return result.limit or next(stopped, None) or next(unmet, "")


class Roster:
    """Whom the gradebook knew otherwise than from a grading run."""

    def __init__(self, students: dict[str, bool], entries: Iterable[Entry]):
        """`students`: everyone in the gradebook, True for those of whom it holds more than the id; `entries`: the
        journal's."""
        self._students = students
        self._entered = {entry.result.student for entry in entries if not entry.known}

    def knows(self, student: str) -> bool:
        return self._students.get(student, False) or (student in self._students and student not in self._entered)


def lines_of(
    folder: ClassFolder,
    assignments: list[str],
    latest: dict[tuple[str, str], Entry],
    gradebook: Gradebook,
    roster: Roster,
) -> list[Line]:
    """How each submission in the class folder stands, without those that a person took out of the gradebook. Folders
    that can be no student's are told of, though written nowhere."""
    lines = []
    taken_out = gradebook.taken_out()
    for name in assignments:
        records = gradebook.records(name)
        for s in folder.submissions(name):
            if s.key in taken_out:
                continue
            if s.refusal:
                lines.append(Line(*s.key, without_grading(folder, s, "unreadable", s.refusal), None, False))
            else:
                lines.append(Line(*s.key, latest.get(s.key), records.get(s.student), roster.knows(s.student)))
    return lines
