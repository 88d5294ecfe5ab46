"""Where an exam is held: in this process (`Local`), or by an examiner that reaches a confined candidate."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import FunctionType
from typing import TYPE_CHECKING, Any, Protocol

from autograder.exam import words
from autograder.exam.subject import LocalSubject, Missing, Subject
from autograder.objects import modes
from autograder.objects.ban import BAN
from autograder.objects.recipes import Recipe

if TYPE_CHECKING:
    from autograder.exam.core import Exam, Outcome


class Lost(Exception):
    """The candidate is gone. `status`: timeout, memory, output or crashed; `sentence` tells the student which limit."""

    def __init__(self, status: str, sentence: str):
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class SettingFailed(RuntimeError):
    """The place where exams are held is gone: no criterion's matter, so no exam holds it up."""


class Setting(Protocol):
    """Where an exam is held."""

    def seed(self, key: str) -> int:
        """The seed of the criterion `key` ("conv2d/values"), which begins: see `objects.modes.begin`."""

    def subject(self, obj: Any) -> Subject:
        """What the grade cell handed in, as a subject."""

    def lost(self, lost: Lost) -> None:
        """A criterion cost the candidate. Provide a fresh one for the criteria after it, or raise `Lost` where no more
        are given."""

    def fault(self, fault: str) -> None:
        """Something of ours failed on what the student's code gave back: what, for the instructor."""

    def standing_in(self, obj: Any, names: Mapping[str, str]) -> AbstractContextManager[None]:
        """Within the block, each student's name that did not pass its own exam is a recipe of `objects.recipes`."""

    def beside(self, subject: Subject, name: str) -> Subject | Missing:
        """What the student's notebook calls `name` where this subject is examined."""

    def build(self, recipe: Recipe) -> Subject:
        """What a recipe of `objects.recipes` makes, beside the student's objects."""

    def show(self, exam: Exam, outcomes: list[Outcome]) -> None:
        """Show the table."""


@dataclass
class Local:
    """This process: a criterion's name is its seed, subjects are plain objects, the cell's output has the table.

    passed: exams by their names, True where all points were earned. faults: see `Setting.fault`.
    """

    passed: dict[str, bool] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def seed(self, key: str) -> int:
        """See `Setting`; so does what follows."""
        seed = zlib.crc32(key.encode())
        modes.begin(seed)
        return seed

    def subject(self, obj: Any) -> Subject:
        return obj if issubclass(type(obj), Subject) else LocalSubject(obj)

    def lost(self, lost: Lost) -> None:
        raise lost

    def fault(self, fault: str) -> None:
        self.faults.append(fault)

    @contextmanager
    def standing_in(self, obj: Any, names: Mapping[str, str]) -> Iterator[None]:
        from autograder.objects import recipes

        wanted = {name: recipes.RECIPES[recipe] for name, recipe in names.items() if not self.passed.get(name, False)}
        scope = globals_of(obj)
        before = {name: scope[name] for name in wanted if name in scope}
        scope.update(wanted)
        BAN.standing_in = bool(wanted)
        try:
            yield
        finally:
            BAN.standing_in = False
            for name in wanted:
                scope.pop(name, None)
            scope.update(before)

    def beside(self, subject: Subject, name: str) -> Subject | Missing:
        scope = globals_of(subject.obj) if isinstance(subject, LocalSubject) else {}
        return LocalSubject(scope[name], name) if name in scope else Missing(name)

    def build(self, recipe: Recipe) -> Subject:
        return LocalSubject(recipe.build(), recipe.name)

    def show(self, exam: Exam, outcomes: list[Outcome]) -> None:
        self.passed[exam.name] = all(o.earned == o.points for o in outcomes)
        words.display(exam.title, outcomes)


def globals_of(obj: Any) -> dict[str, Any]:
    """The names that a function's code, or that of a class's methods, finds in its module."""
    written = (f for f in (obj, *getattr(obj, "__dict__", {}).values()) if type(f) is FunctionType)
    return next((f.__globals__ for f in written), {})


HERE = Local()
current: ContextVar[Setting] = ContextVar("setting", default=HERE)
