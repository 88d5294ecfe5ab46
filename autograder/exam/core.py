"""Exams: lists of criteria, and how one is held.

A hidden-test cell is one line, `exam.convolution.conv2d.grade(conv2d)`. It runs every criterion on the student's object
in the current `Setting` (this kernel, or an examiner that reaches a confined candidate), shows a table of criterion,
points and what is wrong, and its value is the points earned. A criterion not run or answered by nothing earns 0.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from types import FunctionType, ModuleType
from typing import Any, Protocol

from autograder.exam import words
from autograder.exam.draw import Draw
from autograder.exam.faults import fault_of
from autograder.exam.subject import Banned, LocalSubject, Missing, Raised, Subject
from autograder.objects.ban import BAN
from autograder.objects.recipes import Recipe


@dataclass(frozen=True)
class Evidence:
    """What the instructor may see of a failed case, and only they."""

    case: str
    expected: str
    got: str


@dataclass(frozen=True)
class Finding:
    """Why a criterion was not met. `sentence` is for the student; `mistake` the id of a misconception, if one fits."""

    sentence: str
    mistake: str | None = None
    evidence: Evidence | None = None


class Wrong(Exception):
    """Raised by a check: the criterion is not met."""

    def __init__(self, finding: Finding):
        super().__init__(finding.sentence)
        self.finding = finding


def banned(name: str, error: Banned, evidence: Evidence | None = None) -> Finding:
    """What a call of a banned operator, or of autograd where that is banned, comes to."""
    mistake = "grad-autograd" if error.message.startswith("autograd:") else "banned-call"
    return Finding(words.banned(name, error.message), mistake, evidence)


class Lost(Exception):
    """The candidate is gone. `status`: timeout, memory, output or crashed; `sentence` tells the student which limit."""

    def __init__(self, status: str, sentence: str):
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class SettingFailed(RuntimeError):
    """The place where exams are held is gone: no criterion's matter, so no exam holds it up."""


@dataclass(frozen=True)
class Misconception:
    """A mistake that people make: its id, its sentence, and what it is recognised by.

    mutants: wrong functions whose answers equal the student's. says: parts of the errors that PyTorch raises over it.
    rough: float64 answers that are right to float32's precision only. raises: wrong calls end in errors alone.
    """

    id: str
    sentence: str
    mutants: tuple[Callable[..., Any], ...] = ()
    says: tuple[str, ...] = ()
    rough: bool = False
    raises: bool = False


@dataclass(frozen=True)
class Criterion:
    """One thing that is asked. `check` returns nothing where it is met, and raises `Wrong` where it is not.

    slow: it takes seconds, so tests of the exam itself run it in their own make target only.
    """

    id: str
    title: str
    points: float
    check: Callable[[Subject, Draw], None]
    slow: bool = False


@dataclass(frozen=True)
class Outcome:
    """How one criterion ended."""

    exam: str
    id: str
    title: str
    points: float
    earned: float
    finding: Finding | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Setting(Protocol):
    """Where an exam is held."""

    def seed(self, key: str) -> int:
        """The seed of the criterion `key` ("conv2d/values")."""

    def subject(self, obj: Any) -> Subject:
        """What the grade cell handed in, as a subject."""

    def lost(self, lost: Lost) -> None:
        """A criterion cost the candidate: have a fresh one, or raise `Lost` where no more are given."""

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
    """This process: a criterion's name is its seed, subjects are plain objects, the cell's output has the table."""

    passed: dict[str, bool] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def seed(self, key: str) -> int:
        return zlib.crc32(key.encode())

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


@dataclass(frozen=True)
class Exam:
    """What one hidden-test cell asks.

    name: of the solution cell. defines: the student's name that is examined, where it is another ("answer_1").
    ban: operators refused while it is held. stands_in: see `Setting.standing_in`.
    bonus: its points are worth 0 in nbgrader and stand apart in reports.
    """

    name: str
    title: str
    criteria: tuple[Criterion, ...]
    ban: str | None = None
    stands_in: Mapping[str, str] = field(default_factory=dict)
    defines: str = ""
    bonus: bool = False

    @property
    def graded_name(self) -> str:
        return self.defines or self.name

    @property
    def points(self) -> float:
        return sum(criterion.points for criterion in self.criteria)

    def grade(self, obj: Any) -> float:
        """Hold the exam on what the student defined; show the table; return the points for nbgrader."""
        outcomes = self.examine(obj)
        current.get().show(self, outcomes)
        return 0.0 if self.bonus else float(sum(outcome.earned for outcome in outcomes))

    def examine(self, obj: Any) -> list[Outcome]:
        """Hold the exam: one outcome for each criterion, in order."""
        if type(obj) is Missing:  # `isinstance` would ask the object
            return [self._outcome(c, Finding(words.not_there(obj))) for c in self.criteria]
        setting = current.get()
        outcomes: list[Outcome] = []
        notes: dict[str, Any] = {}
        over: Lost | None = None
        with setting.standing_in(obj, self.stands_in):
            for criterion in self.criteria:
                if over is not None:
                    outcomes.append(self._outcome(criterion, Finding(words.not_reached(over.sentence))))
                    continue
                try:
                    outcomes.append(self._outcome(criterion, self._hold(criterion, setting, obj, notes)))
                except Lost as lost:
                    outcomes.append(self._outcome(criterion, Finding(lost.sentence)))
                    try:
                        setting.lost(lost)
                    except Lost as last:
                        over = last
        return outcomes

    def _hold(self, criterion: Criterion, setting: Setting, obj: Any, notes: dict[str, Any]) -> Finding | None:
        try:
            subject = setting.subject(obj)
            subject.name, subject.ban = self.graded_name, self.ban
            criterion.check(subject, Draw(setting.seed(f"{self.name}/{criterion.id}"), notes))
        except Wrong as wrong:
            return wrong.finding
        except Banned as error:
            return banned(self.graded_name, error)
        except Raised as error:
            return Finding(words.raised(self.graded_name, error))
        except (Lost, SettingFailed):
            raise
        except Exception as error:  # what comes back is a stranger's: it costs one criterion, whatever it is
            setting.fault(fault_of(f"{self.name}/{criterion.id}", error))
            return Finding(words.not_compared(self.graded_name))
        return None

    def _outcome(self, criterion: Criterion, finding: Finding | None) -> Outcome:
        earned = criterion.points if finding is None else 0.0
        return Outcome(self.name, criterion.id, criterion.title, criterion.points, earned, finding)


def exams_of(package: ModuleType) -> list[Exam]:
    """The exams of an assignment, in the order its package names them."""
    return [value for value in vars(package).values() if isinstance(value, Exam)]
