"""What an exam asked of the student's objects, kept while an instructor has a mark explained: from this the very case
can be written as a program (`examiner.snippets`).

A *step* is one question: an operation of `objects.table`, done on a thing. A *thing* is what the student defined, what
was made of it, or what a recipe made beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autograder.exam.cases import Case
from autograder.exam.compare import describe, shown
from autograder.exam.core import Evidence
from autograder.exam.subject import Answer, Raised, Subject
from autograder.examiner.proxies import RemoteSubject
from autograder.objects import operations
from autograder.objects.recipes import Loader, Recipe
from autograder.wire import messages
from autograder.wire.limits import MIB

if TYPE_CHECKING:
    from autograder.examiner.link import Link

AT_THE_START = "its parameters are counted"  # so begins the evidence of what `encoder_decoders.inquiring` has found out
CALLS = "vjp", "gradients", "again"
STEP_BYTES, ALL_BYTES = 4 * MIB, 256 * MIB  # of tensors that are kept: of a step, of all steps of an exam


@dataclass(eq=False)
class Thing:
    """An object of the candidate. name: the student's own; "" where it was made. by: the step or recipe that made it.
    steps: what was done with it, or with another that was given it, in order."""

    name: str = ""
    by: Step | Recipe | None = None
    steps: list[Step] = field(default_factory=list)


@dataclass(eq=False)
class Step:
    """One question. values: what it was asked with; None where that is too large to be kept. criterion: in which it
    was asked. cases: how evidence may name it. got: what evidence may say of the answer. made: what came of it, where
    that is a thing."""

    on: Thing
    operation: str
    values: tuple[Any, ...] | None
    criterion: str
    cases: tuple[str, ...]
    got: tuple[str, ...]
    made: Thing | None = None


class Transcript:
    """The steps of the exam that is held."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.seeds: dict[str, int] = {}
        self.standing: dict[str, str] = {}
        self._criterion, self._bytes = "", 0
        self._things: dict[tuple[int, int], Thing] = {}

    def begin(self, criterion: str, seed: int, standing: Mapping[str, str]) -> None:
        """A criterion begins. seed: of the student's random numbers; standing: recipes in the place of names."""
        self._criterion, self.seeds[criterion], self.standing = criterion, seed, dict(standing)

    def clear(self) -> None:
        """The exam is over. What was looked up and built stays known."""
        self.steps, self.seeds, self.standing, self._bytes = [], {}, {}, 0
        for thing in self._things.values():
            thing.steps.clear()

    def know(self, subject: Subject, *, name: str = "", by: Step | Recipe | None = None) -> Thing:
        """A subject stands for what the student calls so, or for what a step or recipe made."""
        assert isinstance(subject, RemoteSubject)
        made = self._things[_key(subject)] = Thing(name, by)
        return made

    def thing(self, subject: RemoteSubject) -> Thing:
        """What a subject stands for."""
        return self._things.setdefault(_key(subject), Thing(subject.name))

    def add(self, on: Thing, operation: str, values: tuple[Any, ...], came: Any) -> Step:
        """Note a step, and what came of it."""
        size = sum(map(operations.size_of, _tensors(values)))
        self._bytes += size if size <= STEP_BYTES else 0
        kept = size <= STEP_BYTES and self._bytes <= ALL_BYTES
        step = Step(
            on,
            operation,
            values if kept else None,
            self._criterion,
            tuple(_named(operation, values)),
            tuple(_got(came)),
        )
        self.steps.append(step)
        for thing in {on, *map(self.thing, _subjects(values))}:
            thing.steps.append(step)
        return step

    def step_of(self, criterion: str, evidence: Evidence) -> Step | None:
        """The step that evidence tells of: the one that it describes, else the one that gave what it shows, else the
        last call of the criterion. What was found out at the start is shown by the first call."""
        ours = [step for step in self.steps if step.criterion == criterion]
        described = [step for step in (*ours, *self.steps) if _tells_of(evidence.case, step)]
        if described:
            step = next((step for step in described if evidence.got in step.got), described[0])
            if step.made and step.made.steps and evidence.case not in step.cases:
                return step.made.steps[-1]
            return step
        shows = [step for step in ours if evidence.got in step.got]
        kept = [step for step in self.steps if step.operation in CALLS and step.values is not None]
        if evidence.case.startswith(AT_THE_START):
            return next(iter(kept), None)
        calls = [step for step in kept if step.criterion == criterion]
        return next((some[-1] for some in (shows, calls, ours) if some), None)


class NotedSubject(RemoteSubject):
    """A subject that writes down what it is asked."""

    def __init__(self, link: Link, handle: messages.Handle, transcript: Transcript):
        super().__init__(link, handle)
        self.transcript = transcript

    def _note(self, operation: str, values: tuple[Any, ...], came: Any) -> Step:
        return self.transcript.add(self.transcript.thing(self), operation, values, came)

    def _do(self, operation, *values):
        try:
            came = super()._do(operation, *values)
        except Raised as error:
            self._note(operation, values, error)
            raise
        step = self._note(operation, values, came)
        if isinstance(came, RemoteSubject):
            step.made = self.transcript.know(came, by=step)
        return came

    def vjps(self, calls):
        answers = super().vjps(calls)
        for call, answer in zip(calls, answers, strict=True):
            self._note("vjp", tuple(call), answer)
        return answers

    def scripts(self, scripts):
        told, transcript = super().scripts(scripts), self.transcript
        for script, replies in zip(scripts, told, strict=True):
            made = [transcript.thing(self)]
            for (on, operation, *values), reply in zip(script, replies, strict=False):
                step = transcript.add(made[on], operation, tuple(values), reply)
                if operation == "make":
                    step.made = Thing(by=step)
                    made.append(step.made)
        return told

    def _forward(self, args, kwargs):
        output, token = super()._forward(args, kwargs)
        self._note("vjp", (args, kwargs, None), Answer(output))
        return output, token


def _key(subject: RemoteSubject) -> tuple[int, int]:
    return id(subject.link), subject.hold.id


def _tensors(value: Any) -> Iterator[Any]:
    """The tensors in what is handed in, those of loaders too."""
    if isinstance(value, Loader):
        yield from _tensors(value._batches)  # to go through it would count as a pass
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)
    else:
        yield from operations.tensors(value)


def _subjects(value: Any) -> Iterator[RemoteSubject]:
    """The subjects in what is handed in."""
    if isinstance(value, RemoteSubject):
        yield value
    elif isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _subjects(item)


def _named(operation: str, values: tuple[Any, ...]) -> Iterator[str]:
    """How evidence may name a call, or the making of an object."""
    if operation == "again":
        yield from (describe(Case(args, values[2])) for args in values[:2])
    elif operation in CALLS:
        yield describe(Case(*values[:2]))
    elif operation == "make":
        yield f"{values[0]}, {values[1]}"


def _got(came: Any) -> Iterator[str]:
    """What evidence may say of an answer."""
    if isinstance(came, Raised):
        yield shown(came)
    elif isinstance(came, Answer):
        yield from (shown(came.output), shown(came.gradients), f"an answer: {type(came.output).__name__}")
    elif isinstance(came, tuple):  # of `again`
        yield from map(shown, came)


def _tells_of(case: str, step: Step) -> bool:
    """Is this the evidence's name of a step? A layer's call is followed there by its weights and options, its making
    by the call."""
    return any(name and (case == name or case.startswith((f"{name}, ", f"{name} called "))) for name in step.cases)
