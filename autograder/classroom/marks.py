"""What the gradebook says of one submission: its mark, part by part.

A mark has one truth, the gradebook. Every page and table takes it from here, so that they say the same, and what they
say adds up: automatic points + points by hand + overrides + extra credit - penalty = total.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CellMark:
    """The mark of one graded cell.

    most: what the cell is worth. automatic: what the grader gave, None where a person has to. given: what a person
    entered as the cell's score, None where nobody did. extra_credit: what a person added to it. manual: a person marks
    this cell.
    """

    most: float
    automatic: float | None = None
    given: float | None = None
    extra_credit: float = 0.0
    manual: bool = False

    @property
    def points(self) -> float | None:
        """What counts, without extra credit; None while the cell waits for a person."""
        return self.automatic if self.given is None else self.given

    @property
    def extra(self) -> float:
        """The extra credit that counts: nbgrader adds it to a score, not to none."""
        return 0.0 if self.points is None else self.extra_credit

    @property
    def counted(self) -> float | None:
        """Points and extra credit; None while the cell waits for a person."""
        return None if self.points is None else self.points + self.extra

    @property
    def changed(self) -> bool:
        """Has a person put another score in the place of the grader's?"""
        return not self.manual and self.given is not None and self.given != self.automatic

    @property
    def override(self) -> float:
        """What that change gives, or takes."""
        return (self.points or 0.0) - (self.automatic or 0.0) if self.changed else 0.0


@dataclass(frozen=True)
class Person:
    """What the roster says of a student; None where it says nothing. lms_user_id: of a learning platform."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    lms_user_id: str | None = None

    @property
    def name(self) -> str:
        """The full name, "" where there is none."""
        return " ".join(filter(None, (self.first_name, self.last_name)))

    @property
    def known(self) -> bool:
        """Does the roster say anything of them?"""
        return any((self.first_name, self.last_name, self.email, self.lms_user_id))

    def called(self, student: str) -> str:
        """What people call the student of this id: by name and id, or by the id alone where there is no name."""
        return f"{self.name} ({student})" if self.name else student


@dataclass
class Record:
    """The mark of one submission, by grade_id of its cells.

    deducted: the late penalty as it stands in the gradebook. late_seconds: after the due date and the extension.
    extended: was an extension granted? comments: written by people, by grade_id. person: whose it is.
    """

    cells: dict[str, CellMark] = field(default_factory=dict)
    deducted: float = 0.0
    late_seconds: float = 0.0
    extended: bool = False
    comments: dict[str, str] = field(default_factory=dict)
    person: Person = Person()

    @property
    def automatic(self) -> float:
        """The grader's points."""
        return sum(cell.automatic or 0.0 for cell in self.cells.values() if not cell.manual)

    @property
    def manual_points(self) -> float | None:
        """Points of cells that people mark; None where none of them has a mark."""
        given = [cell.points for cell in self.cells.values() if cell.manual and cell.points is not None]
        return sum(given) if given else None

    @property
    def override(self) -> float:
        """What people's changes of the grader's points give, or take."""
        return sum(cell.override for cell in self.cells.values())

    @property
    def extra_credit(self) -> float:
        return sum(cell.extra for cell in self.cells.values())

    @property
    def penalty(self) -> float:
        """What is taken off for lateness: never more than there is."""
        return max(0.0, min(self.deducted, self._before_penalty))

    @property
    def total(self) -> float:
        """The mark: what `nbgrader export` calls the score."""
        return max(0.0, self._before_penalty - self.penalty)

    @property
    def max_total(self) -> float:
        """What the assignment is worth."""
        return sum(cell.most for cell in self.cells.values())

    @property
    def max_so_far(self) -> float:
        """What the cells are worth that have a mark."""
        return sum(cell.most for cell in self.cells.values() if cell.points is not None)

    @property
    def waiting(self) -> list[str]:
        """Cells that wait for a person's mark."""
        return [name for name, cell in self.cells.items() if cell.points is None]

    @property
    def by_hand(self) -> list[str]:
        """What people have changed of the grader's mark, a sentence each, for the instructor."""
        return [sentence for name, cell in self.cells.items() for sentence in told(name, cell, "by hand")]

    @property
    def _before_penalty(self) -> float:
        return self.automatic + (self.manual_points or 0.0) + self.override + self.extra_credit


def told(name: str, cell: CellMark, how: str) -> Iterator[str]:
    """What a person has changed of the grader's mark of this cell, in sentences. `how`: "by hand", or by whom."""
    part = f"`{part_name(name)}`"
    if cell.changed:
        yield f"{part}: {cell.points:g} of {cell.most:g}, changed {how}; automatic {cell.automatic or 0:g}"
    if cell.extra:
        yield f"{part}: {cell.extra:+g} of extra credit"


def part_name(grade_id: str) -> str:
    """The name of the part that a graded cell belongs to."""
    return grade_id.removesuffix("-hidden")
