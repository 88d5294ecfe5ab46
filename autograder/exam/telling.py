"""What a student is told of a criterion that is not met: by a mistake's name, or by what parts wrong calls from right
ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from inspect import signature
from typing import TYPE_CHECKING, Any

from autograder.exam import words
from autograder.exam.calls import Call
from autograder.exam.core import Evidence, Unnamed, Wrong, banned
from autograder.exam.features import Contrast, Features, contrast
from autograder.exam.mistakes import both
from autograder.exam.numbers_seen import kind_of_numbers
from autograder.exam.subject import Raised

if TYPE_CHECKING:
    from autograder.exam.reading import Asked, Part


@dataclass(frozen=True)
class Telling:
    """What there is to tell of a part, whose best reading is known."""

    part: Part
    _seen: dict[Call, Features] = field(default_factory=dict)

    @cached_property
    def shut(self) -> Wrong:
        """What is wrong with the plainest calls, which the whole part is told."""
        wrong = [call for call in self.part.door if not self._right(call)]
        if not wrong:
            return Unnamed(words.shut(self.part.name), tells={"plainest"})
        if all(isinstance(call.got, Raised) for call in wrong) and (mistake := self._named_by_errors(wrong)):
            return Wrong(mistake, self._evidence(wrong[0]))
        if argument := self._of_arguments(wrong[0]):
            return argument
        first = words.PLAINEST, words.shut(self.part.name)
        untouched = isinstance(wrong[0].got, Raised) and wrong[0].got.kind == "NotImplementedError"
        said = self._said(self.part.name, wrong, *(("", "") if untouched else first))
        return Unnamed(said, self._evidence(wrong[0]), {"plainest"})

    def finding(self, asked: Asked) -> Wrong:
        """What is wrong in a criterion that is not met."""
        if asked.ban is not None:
            return banned(self.part.name, asked.ban.got, self._evidence(asked.ban))
        if asked.intact and self.part.changing:
            return Wrong("input-changed", self._evidence(self.part.changing))
        counting = list(self.part.counting(asked, self.part.best))
        wrong = [call for call in counting if not self._right(call)]
        known = [mistake for mistake, id in self.part.costs(self.part.best).items() if id == asked.id]
        if known or (counting and not wrong):  # of what is explained, what it costs or does not show
            unlike = (call for call in asked.calls if self.part.fault(call, self.part.reference))
            known += [mistake.id for mistake in self.part.best.mistakes]
            return Wrong(known[0] if known else None, self._evidence(next(unlike, asked.calls[0])))
        if not self.part.opens(self.part.best):
            return self.shut
        told = wrong or [self._stands_on(call) for call in asked.calls]
        evidence = self._evidence(told[0])
        if self.part.best.mistakes and all(self.part.alike(call, self.part.best.function) for call in told):
            return Wrong(self.part.best.mistakes[0].id, evidence)  # errors, which its function ends in too
        mistake = self._named(told, counting) or told[0].mistake(self.part.reference)
        if mistake or (wrong and asked.tells and self._all_else_is_right(asked)):
            return Wrong(mistake or asked.tells, evidence)
        return self._unnamed(asked, told, counting if wrong else told)

    def _all_else_is_right(self, asked: Asked) -> bool:
        return all(self.part.explained(one, self.part.best) for one in self.part.asked if one is not asked)

    def _unnamed(self, asked: Asked, wrong: Sequence[Call], counting: Sequence[Call]) -> Unnamed:
        """What is seen where no mistake is known: what parts the wrong calls from the right ones of the whole part."""
        first = wrong[0]
        same = [call for call in wrong if type(call) is type(first)]
        alike = [call for call in same if _kind(call.got) == _kind(first.got)]
        if argument := self._of_arguments(first):
            return argument
        every = asked.calls if asked.called else [*self.part.door, *self.part.calls]
        found = (self._contrast(same, every) or self._contrast(alike, every)) if first.parted else None
        if found is None:
            found = self._some(wrong, counting)
        elif self.part.best.mistakes:  # beside which calls count as right that are not
            found = replace(found, beside="")
        said = self._said(asked.called or self.part.name, alike, found.when, found.beside)
        return Unnamed(said, self._evidence(first), first.tells | found.features)

    def _some(self, wrong: Sequence[Call], counting: Sequence[Call]) -> Contrast:
        """In how many calls of the first one's kind it is right, which are all of them where it is wrong in others."""
        about = wrong[0].case.about
        kind = [call for call in counting if call.case.about == about]
        if any(call.case.about != about for call in wrong) or wrong[0] not in kind:
            about, kind = "", list(counting)
        right = len(kind) - sum(call in kind for call in wrong)
        return Contrast(frozenset(), about, words.some_right(right, len(kind)) if wrong[0].comparable else "")

    def _of_arguments(self, call: Call) -> Unnamed | None:
        """An error that says of an argument that it is not known, or needed."""
        arguments = signature(self.part.reference).parameters
        found = words.argument_error(self.part.name, call.got, arguments) if isinstance(call.got, Raised) else None
        if found is None:
            return None
        said, tells = found
        return Unnamed(said, self._evidence(call), tells)

    def _contrast(self, wrong: Sequence[Call], every: Sequence[Call]) -> Contrast | None:
        """What parts these from the right ones of their type that the reference answers, twins among them."""
        others: list[Features] = []
        right: list[Features] = []
        twins = (call.twin for call in every if call.twin is not None)
        for call in dict.fromkeys((*every, *twins)):
            if type(call) is type(wrong[0]) and not isinstance(call.given(self.part.reference), Raised):
                (right if self._right(call) else others).append(self._features(call))
        return contrast([self._features(call) for call in wrong], others, right)

    def _said(self, name: str, wrong: Sequence[Call], when: str, beside: str) -> str:
        """What is wrong in these calls, and what kind of numbers came back in all of them."""
        numbers = kind_of_numbers([(call.got, call.given(self.part.reference)) for call in wrong if call.comparable])
        return wrong[0].sentence(name, self.part.reference, when, numbers, beside)

    def _right(self, call: Call) -> bool:
        return self.part.right(call, self.part.best)

    def _evidence(self, call: Call) -> Evidence:
        return call.evidence(self.part.reference)

    def _features(self, call: Call) -> Features:
        if call not in self._seen:
            self._seen[call] = call.features(self.part.reference, self.part.features)
        return self._seen[call]

    def _stands_on(self, call: Call) -> Call:
        """The twin, where that is wrong."""
        return call if call.twin is None or self._right(call.twin) else call.twin

    def _named(self, wrong: Sequence[Call], counting: Sequence[Call]) -> str | None:
        """A mistake, beside those of the reading or without them, that answers the criterion as the student does."""
        if all(isinstance(call.got, Raised) for call in wrong):
            return self._named_by_errors(wrong)
        seen = [call for call in counting if call.comparable]
        for mistake in self.part.mistakes if all(call.comparable for call in wrong) else ():
            if mistake.rough and all(call.roughly(self.part.reference) for call in wrong):
                return mistake.id
            for mutant in mistake.mutants:
                for function in (mutant, *both(self.part.best.function, mutant)):
                    if all(self.part.alike(call, function) for call in (*wrong, *seen)):
                        return mistake.id
        return None

    def _named_by_errors(self, wrong: Sequence[Call]) -> str | None:
        """Errors are equal whatever they say, so they tell a mistake where it alone says so, or fails in the same
        calls of the whole part and in no others."""
        message, comparable = wrong[0].got.message, all(call.comparable for call in wrong)
        for mistake in self.part.mistakes:
            if any(part in message for part in mistake.says) and mistake.changing in (None, bool(self.part.changing)):
                return mistake.id
            if mistake.raises and comparable and any(map(self.part.fails_as, mistake.mutants)):
                return mistake.id
        return None


def _kind(got: Any) -> str:
    """Of an error its kind, else ""."""
    return got.kind if isinstance(got, Raised) else ""
