"""Exams: lists of criteria, and how one is held.

A hidden-test cell is one line, `exam.convolution.conv2d.grade(conv2d)`. It runs every criterion on the student's object
in the current `Setting` (this kernel, or an examiner that reaches a confined candidate), shows a table of criterion,
points and what is wrong, and its value is the points earned. A criterion not run or answered by nothing earns 0.

Five words mean one thing each, here and in every exam. A *case* is a call; an *answer* is what came back; a *fault* is
what differs from what is expected; a *mistake* is a fault with a name, an id that has a sentence and a box in the
chapter; *evidence* is what the instructor alone may see.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from autograder.exam import words
from autograder.exam.draw import Draw
from autograder.exam.faults import fault_of
from autograder.exam.notes import Notes
from autograder.exam.sentences import COMMON
from autograder.exam.setting import Lost, Setting, SettingFailed, current
from autograder.exam.subject import Banned, Missing, Raised, Subject

Check = Callable[[Subject, Draw], None]


@dataclass(frozen=True)
class Evidence:
    """What the instructor may see of a failed case, and only they."""

    case: str
    expected: str
    got: str


@dataclass(frozen=True)
class Finding:
    """Why a criterion was not met, in words. `sentence` is for the student; `mistake` its id, where it has a name.

    tells: the features that the sentence names (see `exam.features`), by which tests judge whether it is true.
    """

    sentence: str
    mistake: str | None = None
    evidence: Evidence | None = None
    tells: Collection[str] = ()


class Wrong(Exception):
    """Raised by a check: the criterion is not met, by the mistake with this id.

    Its sentence is looked up when the outcome is written, unless it is given here.
    """

    def __init__(
        self,
        mistake: str | None,
        evidence: Evidence | None = None,
        sentence: str = "",
        tells: Collection[str] = (),
    ):
        super().__init__(mistake or sentence)
        self.mistake, self.evidence, self.sentence, self.tells = mistake, evidence, sentence, tells


class Unnamed(Wrong):
    """Raised by a check: the criterion is not met, and no mistake has been recognised; `sentence` says what is seen,
    and names the features that it `tells`."""

    def __init__(self, sentence: str, evidence: Evidence | None = None, tells: Collection[str] = ()):
        super().__init__(None, evidence, sentence, tells)


class Stopped(Unnamed):
    """Raised by a check: the student's code raised, and `sentence` says what that means. It stays what it is, whatever
    other criteria name."""


def banned(name: str, error: Banned, evidence: Evidence | None = None) -> Wrong:
    """What a call of a banned operator, of autograd or of a banned base class comes to."""
    if error.message.startswith("base class:"):
        return Wrong("library-base", evidence)
    if error.message.startswith("autograd:"):
        return Wrong("grad-autograd", evidence)
    return Wrong("banned-call", evidence, words.banned(name, error.message))


def once(draw: Draw, find: Callable[[], Any]) -> Any:
    """What `find` gives: found out at an exam's first call of this, and told again later. What stands against it, all
    who ask are told."""
    if draw.notes.seen is None:
        try:
            draw.notes.seen = find()
        except (Wrong, Raised) as error:
            draw.notes.seen = error.with_traceback(None)
    if isinstance(draw.notes.seen, Exception):
        raise draw.notes.seen
    return draw.notes.seen


def charge(draw: Draw, mistake: str, evidence: Evidence) -> None:
    """One mistake, one criterion: `Wrong` where an exam meets this mistake first. A check that meets it again goes on,
    and asks for what can be right beside it."""
    if mistake not in draw.notes.charged:
        draw.notes.charged.add(mistake)
        raise Wrong(mistake, evidence)


@dataclass(frozen=True)
class Criterion:
    """One thing that is asked. `check` returns nothing where it is met, and raises `Wrong` where it is not.

    slow: it takes seconds, so tests of the exam itself run it in their own make target only.
    """

    id: str
    title: str
    points: float
    check: Check
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


@dataclass(frozen=True)
class Exam:
    """What one hidden-test cell asks.

    name: of the solution cell. title: over its table, where it is not the name. sentences: of its mistakes, by their
    ids, beside the common ones. ban: operators refused while it is held. stands_in: see `Setting.standing_in`. defines:
    the student's name that is examined, where it is another ("answer_1"). bonus: its points are worth 0 in nbgrader and
    stand apart in reports. ids: what this exam calls a mistake that a shared check has found.

    diagnosis: ids of criteria. Many criteria see one mistake: where a softmax comes last, pushing a bias looks like
    another activation too. So a mistake that is not among the `exact` ones, which are found by an equal number or an
    equal answer, is called by the name that the first of these criteria has found.

    brings: what a mistake brings with it. Found beside it, these are called by its name: parameters that are none do
    not follow a layer into float64. read: what is wrong, by criterion, as the calls tell that criteria have noted.
    """

    name: str
    criteria: tuple[Criterion, ...]
    title: str = ""
    sentences: Mapping[str, str] = field(default_factory=dict)
    ban: str | None = None
    stands_in: Mapping[str, str] = field(default_factory=dict)
    defines: str = ""
    bonus: bool = False
    ids: Mapping[str, str] = field(default_factory=dict)
    diagnosis: Sequence[str] = ()
    exact: Container[str] = ()
    brings: Mapping[str, Collection[str]] = field(default_factory=dict)
    read: Callable[[Exam, Notes], Mapping[str, Wrong | None]] = lambda exam, notes: {}

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", self.title or self.name)

    @property
    def graded_name(self) -> str:
        """The student's name that is examined."""
        return self.defines or self.name

    @property
    def points(self) -> float:
        """All that can be earned."""
        return sum(criterion.points for criterion in self.criteria)

    def grade(self, obj: Any) -> float:
        """Hold the exam on what the student defined; show the table; return the points for nbgrader."""
        outcomes = self.examine(obj)
        current.get().show(self, outcomes)
        return 0.0 if self.bonus else float(sum(outcome.earned for outcome in outcomes))

    def examine(self, obj: Any) -> list[Outcome]:
        """Hold the exam: one outcome for each criterion, in order."""
        if type(obj) is Missing:  # `isinstance` would ask the object
            missing = Finding(words.not_there(obj))
            return [self._outcome(criterion, missing) for criterion in self.criteria]
        setting = current.get()
        found: dict[str, Wrong | Finding | None] = {}
        notes = Notes()
        over: Lost | None = None
        with setting.standing_in(obj, self.stands_in):
            for criterion in self.criteria:
                if over is not None:
                    found[criterion.id] = Finding(words.not_reached(over.sentence))
                    continue
                try:
                    found[criterion.id] = self._hold(criterion, setting, obj, notes)
                except Lost as lost:
                    found[criterion.id] = Finding(lost.sentence)
                    try:
                        setting.lost(lost)
                    except Lost as last:
                        over = last
        found |= {id: wrong for id, wrong in self._read(setting, notes).items() if found[id] is None}
        cause, ids = self._cause(found), {fact.mistake for fact in found.values() if isinstance(fact, Wrong)}
        first: dict[str | None, str] = {
            id: mistake for mistake, more in self.brings.items() if mistake in ids for id in more
        }
        return [self._outcome(c, self._written(found[c.id], cause, first)) for c in self.criteria]

    def _hold(self, criterion: Criterion, setting: Setting, obj: Any, notes: Notes) -> Wrong | Finding | None:
        """Run one check. None where it is met."""
        try:
            subject = setting.subject(obj)
            subject.name, subject.ban = self.graded_name, self.ban
            criterion.check(subject, Draw(setting.seed(f"{self.name}/{criterion.id}"), notes))
        except Stopped as stopped:
            return Finding(stopped.sentence, None, stopped.evidence, stopped.tells)
        except Wrong as wrong:
            wrong.mistake = self.ids.get(wrong.mistake, wrong.mistake) if wrong.mistake else None
            return wrong
        except Banned as error:
            return banned(self.graded_name, error)
        except Raised as error:
            evidence = Evidence("what the criterion begins with", "no error", str(error))
            return Finding(f"{words.raised(self.graded_name, error)}.", evidence=evidence)
        except (Lost, SettingFailed):
            raise
        except Exception as error:  # what comes back is a stranger's: it costs one criterion, whatever it is
            setting.fault(fault_of(f"{self.name}/{criterion.id}", error))
            return Finding(words.not_compared(self.graded_name))
        return None

    def _read(self, setting: Setting, notes: Notes) -> Mapping[str, Wrong | Finding | None]:
        """What the noted calls come to; where ours fails on what came back, none of them counts."""
        try:
            return self.read(self, notes)
        except Exception as error:
            setting.fault(fault_of(self.name, error))
            return dict.fromkeys(notes.asked, Finding(words.not_compared(self.graded_name)))

    def _cause(self, found: Mapping[str, Wrong | Finding | None]) -> str | None:
        """The mistake that the first criterion of the diagnosis has found."""
        facts = (found.get(id) for id in self.diagnosis)
        return next((fact.mistake for fact in facts if isinstance(fact, Wrong) and fact.mistake), None)

    def _written(
        self, fact: Wrong | Finding | None, cause: str | None, first: Mapping[str | None, str]
    ) -> Finding | None:
        """A fact in words, under the name of its cause. first: of mistakes that others bring with them, those."""
        if not isinstance(fact, Wrong):
            return fact
        if cause is not None and fact.mistake not in self.exact:
            fact = Wrong(cause, fact.evidence)
        if fact.mistake in first:
            fact = Wrong(first[fact.mistake], fact.evidence)
        return Finding(fact.sentence or self.sentence_of(fact.mistake), fact.mistake, fact.evidence, fact.tells)

    def sentence_of(self, mistake: str | None) -> str:
        """What a student reads of a mistake; never an error, since marks do not hang on words."""
        known = {**COMMON, **self.sentences}
        return known.get(mistake or "", f"`{self.graded_name}` does not do what is asked.")

    def _outcome(self, criterion: Criterion, finding: Finding | None) -> Outcome:
        earned = criterion.points if finding is None else 0.0
        return Outcome(self.name, criterion.id, criterion.title, criterion.points, earned, finding)


def exams_of(package: ModuleType) -> list[Exam]:
    """The exams of an assignment's package, in its order."""
    return list(package.ASSIGNMENT.exams)
