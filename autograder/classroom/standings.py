"""What is told of each submission: to programs as JSON, to spreadsheets as a row, to people as a first mistake."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from autograder.classroom.folder import ClassFolder
from autograder.classroom.jobs import without_grading
from autograder.classroom.journal import Entry
from autograder.classroom.marks import Person, Record

if TYPE_CHECKING:  # which imports this module, and nbgrader, seconds of it
    from autograder.classroom.gradebook import Gradebook

FROM_RESULT = "status", "score", "max_score", "bonus", "seconds", "limit", "repaired", "noticed", "faults"
FROM_RECORD = (
    *("manual_points", "override", "extra_credit", "penalty", "total", "max_total"),
    *("waiting", "by_hand", "late_seconds"),
)
LISTS = "criteria", "stopped", "repaired", "noticed", "faults", "waiting", "by_hand"
# Those of marks.csv.
COLUMNS = [
    *("student", "last_name", "first_name", "assignment", "status"),
    *("score", "max_score", "manual_points", "override", "extra_credit", "penalty", "total", "max_total", "bonus"),
    *("waiting", "by_hand", "late_seconds", "timestamp", "known", "limit", "repaired", "changed"),
]


@dataclass(frozen=True)
class Line:
    """One submission after a run: the journal's entry (None: it has no result), the gradebook's record (None: it has
    none), and whether the gradebook knew the student before the grader entered them. told: accidents of where the
    notebook lay, in sentences."""

    student: str
    assignment: str
    entry: Entry | None
    record: Record | None
    known: bool
    told: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        return self.student, self.assignment

    @property
    def person(self) -> Person:
        """What the roster says of the student."""
        return self.record.person if self.record else Person()

    @property
    def called(self) -> str:
        """The student as people find them: the name, where the roster has one, and the id."""
        return self.person.called(self.student)

    @property
    def score(self) -> float | None:
        """The automatic points, as the gradebook has them."""
        if self.record and self.record.cells:
            return self.record.automatic
        return self.entry.result.score if self.entry else None

    @property
    def differs(self) -> bool:
        """Has something else than `autograder grade` put other automatic points into the gradebook since?"""
        return self.entry is not None and not math.isclose(self.score or 0.0, self.entry.result.score, abs_tol=1e-6)

    def to_json(self) -> dict[str, Any]:
        """The object of `--json`. Where the grader failed there is a status of null, and no score."""
        result, record = self.entry.result if self.entry else None, self.record
        change = self.entry.change if self.entry else None
        criteria = result.criteria if result else []
        stopped = result.stopped if result else []
        answer = {
            "student": self.student,
            "assignment": self.assignment,
            "first_name": self.person.first_name,
            "last_name": self.person.last_name,
            **{name: getattr(result, name, None) for name in FROM_RESULT},
            **{name: getattr(record, name, None) for name in FROM_RECORD},
            "score": self.score,
            "timestamp": self.entry.timestamp if self.entry else None,
            "known": self.known,
            "changed": change.to_json() if change else None,
            "criteria": [
                {name: getattr(row, name) for name in ("cell", "criterion", "title", "points", "earned")}
                | {"mistake": row.sentence, "mistake_id": row.mistake}
                for row in criteria
            ],
            "stopped": [cell.sentence for cell in stopped],
        }
        return answer | {name: answer[name] or [] for name in LISTS}

    def to_row(self) -> dict[str, Any]:
        """The row of `marks.csv`. Its points add up to `total`; `bonus` is not in it."""
        answer = self.to_json()
        for name in ("waiting", "by_hand", "repaired"):
            answer[name] = "; ".join(answer[name])
        if self.record:
            answer["late_seconds"] = round(self.record.late_seconds)
        answer["changed"] = self.entry.change.told() if self.entry and self.entry.change else None
        return {column: answer[column] for column in COLUMNS}

    @property
    def first_mistake(self) -> str:
        """What a short table says: the limit run into, the first cell that stopped and cost points, the first
        criterion's sentence that was not met, or where the notebook was found."""
        if self.entry is None:
            return "no result: the grader's fault, grade again"
        result = self.entry.result
        stopped = (cell.sentence for cell in result.stopped)
        unmet = (row.sentence for row in result.criteria if row.sentence)
        return result.limit or next(chain(stopped, unmet, self.told), "")


class Roster:
    """Whom the gradebook knew otherwise than from a grading run."""

    def __init__(self, students: Mapping[str, Person], entries: Iterable[Entry]):
        """`students`: everyone in the gradebook; `entries`: the journal's."""
        self._students = students
        self._entered = {entry.result.student for entry in entries if not entry.known}

    def knows(self, student: str) -> bool:
        return student in self._students and (self._students[student].known or student not in self._entered)


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
                lines.append(
                    Line(*s.key, latest.get(s.key), records.get(s.student), roster.knows(s.student), s.found.told)
                )
    return lines
