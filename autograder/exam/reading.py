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
from typing import Any

import torch

from autograder.exam.calls import Call, Value
from autograder.exam.core import Wrong
from autograder.exam.features import FeaturesOf, features_of
from autograder.exam.mistakes import Function, Misconception, both
from autograder.exam.subject import Banned, Raised
from autograder.exam.telling import Telling

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
    _plainer: dict[Call, list[Call]] = field(default_factory=dict)

    @cached_property
    def calls(self) -> list[Call]:
        """Those of all criteria."""
        return [call for one in self.asked for call in one.calls]

    @property
    def answered(self) -> bool:
        """Has a call for a value come back with one?"""
        return any(asks_value(call) and not isinstance(call.got, Raised) for call in (*self.door, *self.calls))

    def verdicts(self) -> dict[str, Wrong | None]:
        """For each criterion what is wrong there, None where it is met."""
        telling = Telling(self)
        found = {one.id: None if self.met(one, self.best) else telling.finding(one) for one in self.asked}
        if not self.opens(self.best):
            found = {id: wrong if wrong and wrong.mistake else telling.shut for id, wrong in found.items()}
        return found

    @cached_property
    def best(self) -> Reading:
        """The reading under which most points are earned, with fewest mistakes."""
        plain = Reading(self.reference)
        if not self.answered:  # an error is never right, so no reading opens the door
            return plain
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
            or (mistake.raises and self.fails_as(reading.function))
            for mistake, without in zip(reading.mistakes, reading.without, strict=True)
        )

    def fails_as(self, function: Function) -> bool:
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
        return [call for call in self.calls if asks_value(call) and not _nothing(call.given(reading.function))]

    def right(self, call: Call, reading: Reading) -> bool:
        """Does it equal the reference's answer, or that of the reading's function?"""
        return any(self.fault(call, function) is None for function in (self.reference, reading.function))

    def alike(self, call: Call, function: Function) -> bool:
        """Does a function of ours do the same? Errors are equal whatever they say."""
        if isinstance(call.got, Raised):
            return isinstance(call.given(function), Raised)
        return self.fault(call, function) is None

    def fault(self, call: Call, function: Function) -> str | None:
        """What is wrong with a call where this function is right."""
        if (call, function) not in self._faults:
            self._faults[call, function] = call.fault(function)
        return self._faults[call, function]

    def counting(self, asked: Asked, reading: Reading) -> Iterator[Call]:
        """The calls of a criterion that tell something about its subject: they are right, or their twins are."""
        for call in asked.calls:
            if (
                call.twin is None
                or (call.comparable and self.right(call, reading))
                or (call.counts(reading.function) and self._tells(call.twin, reading))
            ):
                yield call

    def _tells(self, twin: Call, reading: Reading) -> bool:
        """Is a twin right, or has it cost nothing: is there no wrong call that counts, all of whose arguments it has?

        Else a twin that is made wrong on purpose would be an excuse for the call beside it.
        """
        return self.right(twin, reading) or not any(
            not self.right(call, reading) and (call.twin is None or self.right(call.twin, reading))
            for call in self._within(twin)
        )

    def _within(self, twin: Call) -> list[Call]:
        """The calls all of whose arguments a twin has."""
        if twin not in self._plainer:
            given = twin.arguments(self.reference)
            self._plainer[twin] = [call for call, names in self._arguments if names <= given]
        return self._plainer[twin]

    @cached_property
    def _arguments(self) -> list[tuple[Call, frozenset[str]]]:
        return [(call, call.arguments(self.reference)) for call in self.calls]

    def explained(self, asked: Asked, reading: Reading) -> bool:
        """Are the calls of a criterion that count right, and is there one?"""
        some = False
        for call in self.counting(asked, reading):  # the first wrong one ends it: there are thousands of readings
            if not self.right(call, reading):
                return False
            some = True
        return some

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


def asks_value(call: Call) -> bool:
    """Is a call for a value, of whatever kind, and for nothing beside it?"""
    return isinstance(call, Value) and call.comparable


def _nothing(value: Any) -> bool:
    """Is it an error, or a tensor without entries?"""
    return isinstance(value, Raised) or (isinstance(value, torch.Tensor) and not value.numel())
