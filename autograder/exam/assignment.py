"""What an assignment is: its exams in the notebook's order, the sentences of its mistakes, its limits and points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

from autograder.exam.core import Exam
from autograder.objects.assignments import ASSIGNMENTS, topic
from autograder.wire.limits import LIMITS, Limits


@dataclass(frozen=True)
class Assignment:
    """One assignment. `points`: of all exams but the bonus; `largest`: what one cell may give at most."""

    name: str
    exams: tuple[Exam, ...]
    sentences: Mapping[str, str]
    limits: Limits = LIMITS
    points: float = 40
    largest: float = 8

    def exam(self, name: str) -> Exam | None:
        """The exam of the cell with this name, None where there is none."""
        return next((exam for exam in self.exams if exam.name == name), None)


def assignment(name: str) -> Assignment:
    """The assignment `NN-name`. Raise KeyError where `objects.assignments` does not list it."""
    if name not in ASSIGNMENTS:
        raise KeyError(f"there is no assignment {name!r}; these are listed: {', '.join(ASSIGNMENTS)}")
    return import_module(f"autograder.exam.{topic(name)}").ASSIGNMENT
