"""The exam of a network: its criteria, over calls that are read together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import torch

from autograder.exam.architectures.judge import AsNetwork, Change
from autograder.exam.architectures.replies import WHOLE, Branch, Expansion, Named, Noise, Reply, Shaped
from autograder.exam.architectures.sentences import SENTENCES
from autograder.exam.calls import Call
from autograder.exam.cases import Case, Cases
from autograder.exam.core import Wrong, once
from autograder.exam.draw import Draw
from autograder.exam.functions import Ask, FunctionExam, asked
from autograder.exam.mistakes import Function, Misconception, misconception, with_changes
from autograder.exam.reading import Part, Reading
from autograder.exam.subject import Answer, Raised


class NetworkPart(Part):
    """A part whose door is open where one of its groups of calls is right: calls of one group look at one place."""

    @property
    def answered(self) -> bool:
        return not all(isinstance(call.got, Raised) for call in (*self.door, *self.calls))

    def verdicts(self) -> dict[str, Wrong | None]:
        """What names and shapes of parameters show is told, whatever else is wrong, and is the cause of errors."""
        found = super().verdicts()
        wrong = {one.id: [call for call in one.calls if not self.right(call, self.best)] for one in self.asked}
        named = [call for calls in wrong.values() for call in calls if isinstance(call, Named)]
        mistake = next(filter(None, (call.mistake(self.reference) for call in named)), None)
        for id, calls in wrong.items():
            told = [call for call in calls if isinstance(call, Named) or isinstance(call.got, Raised)]
            if mistake and calls and (told == calls or mistake == "resnet-block-ignored"):  # so no block does its part
                found[id] = Wrong(mistake, calls[0].evidence(self.reference))
        return found

    def _worth(self, reading: Reading) -> tuple[float, int, int]:
        """Of readings under which as much is earned, the one that explains most."""
        earned, few, explained = super()._worth(reading)
        return earned, explained, few

    def opens(self, reading: Reading) -> bool:
        groups = [[call for call in self.door if call.case.about == about] for about in self._places]
        return any(_answered(some) and all(self.right(call, reading) for call in some) for some in groups)

    @property
    def _places(self) -> set[str]:
        return {call.case.about for call in self.door}

    def _with_one_more(self, first: Reading) -> Iterator[Reading]:
        """A second mistake is looked for where the first opens the door and leaves something to be explained."""
        if self.opens(first) and not all(self.explained(one, first) for one in self.asked):
            yield from super()._with_one_more(first)


def _answered(calls: Sequence[Call]) -> bool:
    """Is one of the answers a tensor other than zeros, which an empty program gives and a mistake may?"""
    return any(isinstance(call.got, torch.Tensor) and bool(call.got.any()) for call in calls)


@dataclass(frozen=True)
class NetworkExam(FunctionExam):
    """The criteria of a network."""

    part: ClassVar[type[Part]] = NetworkPart
    free: bool = False

    def ask_values(self, cases: Cases, *, plain: Callable[[Case], Case] | None = None) -> Ask:
        def ask(subject: Any, draw: Draw) -> list[Call]:
            seed = once(draw, lambda: int(draw.integers(0, 2**31, 1)))
            drawn = list(cases(draw))
            given = []
            for case, more in zip(drawn, subject.without_biases(drawn), strict=True):
                state = [*more, *case.kwargs.get("state", ())]
                given.append(replace(case, kwargs=case.kwargs | {"seed": seed, "state": state}))
            given = draw.shuffled(given)
            calls = asked(subject, given, self.reply)
            late = [call for call in calls if call.case.kwargs.get("how") in ("train", "gradients")]
            plain = [replace(call.case, kwargs=call.case.kwargs | {"how": "eval"}, about=WHOLE) for call in late]
            twins = dict(zip(map(id, late), asked(subject, plain, self.reply), strict=True))
            return [replace(call, twin=twins.get(id(call))) for call in calls]

        return ask

    def reply(self, case: Case, answer: Answer | Raised) -> Reply:
        """The call of this case."""
        kinds = {"shapes": Shaped if self.free else Named, "dropout": Noise, "branch": Branch, "expansion": Expansion}
        return kinds.get(case.kwargs.get("how", "eval"), Reply)(case, answer)


def network_exam(
    name: str, reference: Function, mistakes: Sequence[Misconception], door: Cases, *, free: bool = False, **more: Any
) -> NetworkExam:
    """The exam of a network. free: are the names of its parameters free?"""
    through = partial(AsNetwork, reference=reference, free=free)
    return NetworkExam(
        name, reference, mistakes, SENTENCES, door, ban="architectures", through=through, free=free, **more
    )


def mistake(id: str, reference: Function, *changes: Change, raises: bool = False) -> Misconception:
    """A mistake that is recognised by torchvision's network with one of these changes."""
    mutants = [
        with_changes(reference, lambda changes, change=change, **rest: {"changes": (*changes, change)})
        for change in changes
    ]
    return misconception(id, *mutants, raises=raises)


def cases(about: str, *chosen: tuple[tuple[int, ...], dict[str, Any]], signed: bool = False) -> Cases:
    """Cases of images of these shapes, each with its arguments. Pixels are of either sign, or above 0 and mostly small,
    so that windows differ in their largest one."""

    def drawn(draw: Draw) -> Iterator[Case]:
        for shape, arguments in chosen:
            x = draw.normal(*shape) if signed else 8 * draw.uniform(*shape) ** 6
            yield Case((x,), dict(arguments), about)

    return drawn
