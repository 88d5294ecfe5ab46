"""What a grading run did."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.classroom.journal import Entry
from autograder.classroom.marks import Person
from autograder.classroom.standings import Line

NAMED = 10  # students that a sentence names


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
    to grade and did not. `not_handed_in`: the students without a submission, by assignment. `taken_out`: whom a person
    took out of the gradebook, by student and assignment; they are left out."""

    lines: list[Line] = field(default_factory=list)
    fresh: set[tuple[str, str]] = field(default_factory=set)
    changed: list[Entry] = field(default_factory=list)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)
    stopped: str | None = None
    left: int = 0
    not_handed_in: dict[str, dict[str, Person]] = field(default_factory=dict)
    taken_out: list[tuple[str, str]] = field(default_factory=list)
    times: Times = field(default_factory=Times)

    @property
    def graded(self) -> int:
        """How many submissions have a result of this run."""
        return len(self.fresh)

    def without_marks(self) -> list[str]:
        """Sentences about students without a mark: who handed in nothing, and whom a person took out."""
        told = [
            f"Not handed in, {name}: {len(who)} ({', '.join(list(who)[:NAMED])}{', …' if len(who) > NAMED else ''})."
            for name, who in self.not_handed_in.items()
            if who
        ]
        return told + [
            f"{student}, {name}: left out, because somebody took it out of the gradebook. `autograder grade --student "
            f"{student}` enters it again, and `autograder forget {student}` removes what is left of it."
            for student, name in self.taken_out
        ]
