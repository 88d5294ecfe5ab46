"""How the calls of a part are read: which mistakes they show, and what is right beside these.

*One mistake, one criterion.* A part's calls are made first and read together. A *reading* is a function of ours, the
reference with at most two known mistakes in it, as which the student's answers are taken. Under a reading

- a call is right if it equals the reference's answer or this function's; an error never is;
- a criterion is met if its calls that count are right, and one counts at least. A call counts where its twin is right,
  or where nothing that counts has paid for the twin;
- each mistake costs one criterion, the first in the exam's order whose answers it changes (two cost two);
- a criterion is not met by a function that answers the same where the criterion's arguments are left out;
- a banned call loses the criterion that it is made in.

The reading under which most points are earned is taken, of these the one with fewest mistakes. It must open the *door*:
the plainest calls are right under it. While the door is shut, the part earns nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from inspect import signature
from typing import Any

import torch

from autograder.exam import words
from autograder.exam.calls import Call, Value
from autograder.exam.core import Unnamed, Wrong, banned
from autograder.exam.features import Contrast, Features, FeaturesOf, contrast, features_of
from autograder.exam.mistakes import Function, Misconception, both
from autograder.exam.numbers_seen import kind_of_numbers
from autograder.exam.subject import Banned, Raised

WIDEST = 5  # readings with one mistake beside which a second one is looked for


@dataclass(frozen=True)
class Asked:
    """What a criterion asked. points: its own. about: the arguments that it is about. tells: the mistake that a wrong
    call of it shows where no other is found and all else is right. intact: it asks that no call of the part changes its
    arguments, too. called: what is called, where it is another name than the part's."""

    id: str
    points: float
    calls: Sequence[Call]
    about: Collection[str] = ()
    tells: str | None = None
    intact: bool = False
    called: str = ""

    @property
    def ban(self) -> Call | None:
        """The first of its calls, twins among them, in which something banned was called."""
        calls = (one for call in self.calls for one in (call, call.twin) if one is not None)
        return next((call for call in calls if isinstance(call.got, Banned)), None)


@dataclass(frozen=True, eq=False)
class Reading:
    """The reference with these mistakes in it; `without` is, for each of them, the function without this one."""

    function: Function
    mistakes: tuple[Misconception, ...] = ()
    without: tuple[Function, ...] = ()


@dataclass(eq=False)
class Part:
    """All that was asked of one name, in the exam's order, and the mistakes people make in it, most telling first."""

    name: str
    reference: Function
    mistakes: Sequence[Misconception]
    door: Sequence[Call]
    asked: Sequence[Asked]
    features: FeaturesOf = features_of
    _faults: dict[tuple[Call, Function], str | None] = field(default_factory=dict)
    _costs: dict[Reading, Mapping[str, str]] = field(default_factory=dict)
    _wrong: dict[Reading, list[frozenset[str]]] = field(default_factory=dict)

    @cached_property
    def calls(self) -> list[Call]:
        """Those of all criteria."""
        return [call for one in self.asked for call in one.calls]

    def verdicts(self) -> dict[str, Wrong | None]:
        """For each criterion what is wrong there, None where it is met."""
        found = {one.id: None if self.met(one, self.best) else self.finding(one) for one in self.asked}
        if not self.opens(self.best):
            shut = self._shut()
            found = {id: wrong if wrong and wrong.mistake else shut for id, wrong in found.items()}
        return found

    def _shut(self) -> Wrong:
        """What is wrong with the plainest calls, which the whole part is told."""
        wrong = [call for call in self.door if not self.right(call, self.best)]
        if not wrong:
            return Unnamed(words.shut(self.name), tells={"plainest"})
        if all(isinstance(call.got, Raised) for call in wrong) and (mistake := self._named_by_errors(wrong)):
            return Wrong(mistake, wrong[0].evidence(self.reference))
        if argument := self._of_arguments(wrong[0]):
            return argument
        untouched = isinstance(wrong[0].got, Raised) and wrong[0].got.kind == "NotImplementedError"
        said = self._said(
            self.name, wrong, "" if untouched else words.PLAINEST, "" if untouched else words.shut(self.name)
        )
        return Unnamed(said, wrong[0].evidence(self.reference), {"plainest"})

    @cached_property
    def best(self) -> Reading:
        """The reading under which most points are earned, with fewest mistakes."""
        plain = Reading(self.reference)
        if self.opens(plain) and all(self.met(one, plain) for one in self.asked):
            return plain
        every = [Reading(mutant, (one,), (self.reference,)) for one in self.mistakes for mutant in one.mutants]
        single = self._better(plain, every)
        firsts = sorted(single, key=self._worth, reverse=True)[:WIDEST]
        if not single and not self.opens(plain):  # two mistakes in the plainest calls, perhaps
            firsts = every
        pairs = [two for first in firsts for two in self._better(first, list(self._with_one_more(first)))]
        return max([plain, *single, *pairs], key=self._worth)

    def _with_one_more(self, first: Reading) -> Iterator[Reading]:
        for mistake in self.mistakes:
            if mistake not in first.mistakes:
                for mutant in mistake.mutants:
                    for function in both(first.function, mutant):
                        yield Reading(function, (*first.mistakes, mistake), (mutant, first.function))

    def _better(self, reading: Reading, others: Sequence[Reading]) -> list[Reading]:
        """Those others that open the door and explain a criterion which this reading does not, whose mistakes show."""
        shut = not self.opens(reading)
        left = [one for one in self.asked if shut or not self.explained(one, reading)]
        return [
            other
            for other in others
            if self.opens(other) and any(self.explained(one, other) for one in left) and self._shows(other)
        ]

    def _shows(self, reading: Reading) -> bool:
        """Does each mistake show in the criterion that it costs: a call that came out so with it, and not without? One
        that leads to errors alone shows by these."""
        costs, calls = self.costs(reading), {one.id: one.calls for one in self.asked}
        return bool(costs) and all(
            any(
                self.fault(call, reading.function) is None and self.fault(call, without)
                for call in calls[costs[mistake.id]]
            )
            or (mistake.raises and self._fails_as(reading.function))
            for mistake, without in zip(reading.mistakes, reading.without, strict=True)
        )

    def _fails_as(self, function: Function) -> bool:
        """Of the calls for a value, do some fail, and just those in which a function of ours fails?"""
        every = [(isinstance(call.got, Raised), call) for call in self.calls if call.comparable]
        return len({failed for failed, _ in every}) == 2 and all(
            isinstance(call.given(function), Raised) == failed for failed, call in every
        )

    def _worth(self, reading: Reading) -> tuple[float, int, int]:
        if not self.opens(reading):
            return -1.0, 0, 0
        earned = sum(one.points for one in self.asked if self.met(one, reading))
        return earned, -len(reading.mistakes), sum(self.explained(one, reading) for one in self.asked)

    def opens(self, reading: Reading) -> bool:
        """Are the plainest calls right?"""
        door = self.plainest(reading)
        return bool(door) and all(self.right(call, reading) for call in door)

    def plainest(self, reading: Reading) -> Sequence[Call]:
        """The door. Where one mistake leaves nothing of it, all calls for a value of which it leaves something."""
        if not all(_nothing(call.given(reading.function)) for call in self.door):
            return self.door
        if len(reading.mistakes) > 1:
            return ()
        return [call for call in self.calls if type(call) is Value and not _nothing(call.given(reading.function))]

    def right(self, call: Call, reading: Reading) -> bool:
        """Does it equal the reference's answer, or that of the reading's function?"""
        return any(self.fault(call, function) is None for function in (self.reference, reading.function))

    def fault(self, call: Call, function: Function) -> str | None:
        """What is wrong with a call where this function is right."""
        if (call, function) not in self._faults:
            self._faults[call, function] = call.fault(function)
        return self._faults[call, function]

    def counting(self, asked: Asked, reading: Reading) -> list[Call]:
        """The calls of a criterion that tell something about its subject: their twins are right, or they are."""
        return [
            call
            for call in asked.calls
            if call.twin is None
            or (call.counts(reading.function) and self._tells(call.twin, reading))
            or (call.comparable and self.right(call, reading))
        ]

    def _tells(self, twin: Call, reading: Reading) -> bool:
        """Is a twin right, or has it cost nothing: is there no wrong call that counts, all of whose arguments it has?

        Else a twin that is made wrong on purpose would be an excuse for the call beside it.
        """
        if self.right(twin, reading):
            return True
        if reading not in self._wrong:
            wrong = [call for call in self.calls if not self.right(call, reading)]
            self._wrong[reading] = [
                call.arguments(self.reference) for call in wrong if call.twin is None or self.right(call.twin, reading)
            ]
        return not any(names <= twin.arguments(self.reference) for names in self._wrong[reading])

    def explained(self, asked: Asked, reading: Reading) -> bool:
        """Are the calls of a criterion that count right, and is there one?"""
        counting = self.counting(asked, reading)
        return bool(counting) and all(self.right(call, reading) for call in counting)

    def met(self, asked: Asked, reading: Reading) -> bool:
        """Is a criterion met?"""
        return (
            self.explained(asked, reading)
            and asked.ban is None
            and not (asked.intact and self.changing)
            and asked.id not in self.costs(reading).values()
            and not self.blind(asked, reading)
        )

    @cached_property
    def changing(self) -> Call | None:
        """The first call that changes its arguments."""
        return next((call for call in self.calls if call.changes), None)

    def costs(self, reading: Reading) -> Mapping[str, str]:
        """Which criterion each mistake costs: the first whose answers it changes and that no other has cost. Empty
        where one changes nothing."""
        if reading not in self._costs:
            found: dict[str, str] = {}
            for mistake, function in zip(reading.mistakes, reading.without, strict=True):
                changed = (one.id for one in self.asked if self._differ(one, reading.function, function))
                if first := next(changed, None):
                    taken = found.values()
                    found[mistake.id] = (
                        first if first not in taken else next((i for i in changed if i not in taken), first)
                    )
            self._costs[reading] = found if len(found) == len(reading.mistakes) else {}
        return self._costs[reading]

    def _differ(self, asked: Asked, one: Function, other: Function) -> bool:
        return any(call.differ(one, other) for call in asked.calls)

    def blind(self, asked: Asked, reading: Reading) -> bool:
        """Does the reading's function answer as if the arguments that the criterion is about were left out?"""
        return bool(reading.mistakes and asked.about) and all(
            call.ignores(asked.about, reading.function) for call in asked.calls
        )

    def finding(self, asked: Asked) -> Wrong:
        """What is wrong in a criterion that is not met."""
        if asked.ban is not None:
            return banned(self.name, asked.ban.got, asked.ban.evidence(self.reference))
        if asked.intact and self.changing:
            return Wrong("input-changed", self.changing.evidence(self.reference))
        counting = self.counting(asked, self.best)
        wrong = [call for call in counting if not self.right(call, self.best)]
        known = [mistake for mistake, id in self.costs(self.best).items() if id == asked.id]
        if known or (counting and not wrong):  # of what is explained, what it costs or does not show
            unlike = (call for call in asked.calls if self.fault(call, self.reference))
            known += [mistake.id for mistake in self.best.mistakes]
            return Wrong(known[0] if known else None, next(unlike, asked.calls[0]).evidence(self.reference))
        told = wrong or [self._stands_on(call) for call in asked.calls]
        evidence = told[0].evidence(self.reference)
        if self.best.mistakes and all(self._alike(call, self.best.function) for call in told):
            return Wrong(self.best.mistakes[0].id, evidence)  # errors, which its function ends in too
        if self.opens(self.best):
            mistake = self._named(told, counting) or told[0].mistake(self.reference)
            if not mistake and wrong and all(self.explained(one, self.best) for one in self.asked if one is not asked):
                mistake = asked.tells
            if mistake:
                return Wrong(mistake, evidence)
        return self._unnamed(asked, told, counting if wrong else told)

    def _unnamed(self, asked: Asked, wrong: Sequence[Call], counting: Sequence[Call]) -> Unnamed:
        """What is seen where no mistake is known: what parts the wrong calls from the right ones of the whole part."""
        first = wrong[0]
        same = [call for call in wrong if type(call) is type(first)]
        alike = [call for call in same if _kind(call.got) == _kind(first.got)]
        if argument := self._of_arguments(first):
            return argument
        every = asked.calls if asked.called else [*self.door, *self.calls]
        found = (self._contrast(same, every) or self._contrast(alike, every)) if first.parted else None
        if found is None:
            beside = words.some_right(len(counting) - len(wrong), len(counting)) if first.comparable else ""
            found = Contrast(frozenset(), first.case.about, beside)
        said = self._said(asked.called or self.name, alike, found.when, found.beside)
        return Unnamed(said, first.evidence(self.reference), first.tells | found.features)

    def _of_arguments(self, call: Call) -> Unnamed | None:
        """An error that says of an argument that it is not known, or needed."""
        arguments = signature(self.reference).parameters
        found = words.argument_error(self.name, call.got, arguments) if isinstance(call.got, Raised) else None
        return found and Unnamed(found[1], call.evidence(self.reference), {"arguments", found[0]})

    def _contrast(self, wrong: Sequence[Call], every: Sequence[Call]) -> Contrast | None:
        """What parts these from the right ones of their type that the reference answers, twins among them."""
        others: list[Features] = []
        right: list[Features] = []
        twins = (call.twin for call in every if call.twin is not None)
        for call in dict.fromkeys((*every, *twins)):
            if type(call) is type(wrong[0]) and not isinstance(call.given(self.reference), Raised):
                (right if self.right(call, self.best) else others).append(call.features(self.reference, self.features))
        return contrast([call.features(self.reference, self.features) for call in wrong], others, right)

    def _said(self, name: str, wrong: Sequence[Call], when: str, beside: str) -> str:
        """What is wrong in these calls, and what kind of numbers came back in all of them."""
        numbers = kind_of_numbers([(call.got, call.given(self.reference)) for call in wrong if call.comparable])
        return wrong[0].sentence(name, self.reference, when, numbers, beside)

    def _stands_on(self, call: Call) -> Call:
        """The twin, where that is wrong."""
        return call if call.twin is None or self.right(call.twin, self.best) else call.twin

    def _named(self, wrong: Sequence[Call], counting: Sequence[Call]) -> str | None:
        """A mistake, beside those of the reading or without them, that answers the criterion as the student does."""
        if all(isinstance(call.got, Raised) for call in wrong):
            return self._named_by_errors(wrong)
        seen = [call for call in counting if call.comparable]
        for mistake in self.mistakes if all(call.comparable for call in wrong) else ():
            if mistake.rough and all(call.roughly(self.reference) for call in wrong):
                return mistake.id
            for mutant in mistake.mutants:
                for function in (mutant, *both(self.best.function, mutant)):
                    if all(self._alike(call, function) for call in (*wrong, *seen)):
                        return mistake.id
        return None

    def _alike(self, call: Call, function: Function) -> bool:
        """Does a function of ours do the same? Errors are equal whatever they say."""
        if isinstance(call.got, Raised):
            return isinstance(call.given(function), Raised)
        return self.fault(call, function) is None

    def _named_by_errors(self, wrong: Sequence[Call]) -> str | None:
        """Errors are equal whatever they say, so they tell a mistake where it alone says so, or fails in the same
        calls of the whole part and in no others."""
        message, comparable = wrong[0].got.message, all(call.comparable for call in wrong)
        for mistake in self.mistakes:
            if any(part in message for part in mistake.says) and mistake.changing in (None, bool(self.changing)):
                return mistake.id
            if mistake.raises and comparable and any(map(self._fails_as, mistake.mutants)):
                return mistake.id
        return None


def _kind(got: Any) -> str:
    """Of an error its kind, else ""."""
    return got.kind if isinstance(got, Raised) else ""


def _nothing(value: Any) -> bool:
    """Is it an error, or a tensor without entries?"""
    return isinstance(value, Raised) or (isinstance(value, torch.Tensor) and not value.numel())
