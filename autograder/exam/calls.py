"""The calls of a part, which is what one exam asks of one name: what came back, and what is wrong with it.

Right is not only what the reference answers: it is also asked whether a call came out as *another* function would have
answered it, the reference with a mistake in it (see `exam.reading`). So a call takes the function by which it is read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import Any, ClassVar

import torch

from autograder.exam import words
from autograder.exam.cases import Case
from autograder.exam.compare import Either, Reference, agree, describe, fault, result_of, shown
from autograder.exam.core import Evidence
from autograder.exam.features import Features, FeaturesOf
from autograder.exam.gradients import gradient_fault, leaves
from autograder.exam.subject import Answer, Raised
from autograder.objects import operations

T = torch.Tensor


@dataclass(eq=False)
class Call(ABC):
    """One call of the student's function, and what came back.

    twin: the same call without what this one is about. Where the twin is wrong, this call tells nothing of its subject
    and does not count. comparable: does it ask for a value alone? parted: do its features tell when it is wrong? tells:
    what a sentence about it names in any case.
    """

    comparable: ClassVar[bool] = False
    parted: ClassVar[bool] = True
    tells: ClassVar[Features] = frozenset()

    case: Case
    answer: Answer | Raised
    twin: Call | None = None
    _given: dict[Reference, Any] = field(default_factory=dict)

    @property
    def got(self) -> Any:
        """The value, or `Raised`."""
        return self.answer if isinstance(self.answer, Raised) else self.answer.output

    @property
    def changes(self) -> bool:
        """Is one of the tensors among the arguments other than it was before the call?"""
        given = [a for a in (*self.case.args, *self.case.kwargs.values()) if isinstance(a, T)]
        return not isinstance(self.answer, Raised) and any(map(fault, self.answer.after, given))

    def arguments(self, reference: Reference) -> frozenset[str]:
        """The arguments that are given and no tensors, by the reference's names."""
        try:
            bound = signature(reference).bind(*self.case.args, **self.case.kwargs).arguments
        except TypeError:  # a call that the reference cannot take, which is to be refused
            bound = self.case.kwargs
        return frozenset(name for name, value in bound.items() if value is not None and not isinstance(value, T))

    def features(self, reference: Reference, of: FeaturesOf) -> Features:
        """What is special about it, in plain words. An argument that a right answer does not show tells nothing."""
        unseen = set() if self.fault(reference) else {n for n in self.case.kwargs if self.ignores({n}, reference)}
        return frozenset(feature for feature in of(reference, self.case) if feature.split(" ")[0] not in unseen)

    def counts(self, function: Reference) -> bool:
        """Can it tell something of a student who does as this function does?"""
        return True

    def given(self, function: Reference) -> Any:
        """What this function of ours answers in the same place, `Raised` where it refuses."""
        if function not in self._given:
            self._given[function] = self._ask(function)
        return self._given[function]

    def fault(self, function: Reference) -> str | None:
        """What is wrong with the answer where this function is right. An error is never right."""
        if isinstance(self.answer, Raised):
            return "raised"
        theirs = self.given(function)
        return "does not fail" if isinstance(theirs, Raised) else self._fault(self.answer, theirs)

    def differ(self, one: Reference, other: Reference) -> bool:
        """Do two functions of ours answer it differently?"""
        a, b = self.given(one), self.given(other)
        if isinstance(a, Raised) or isinstance(b, Raised):
            return isinstance(a, Raised) != isinstance(b, Raised)
        return self._unlike(_one(a), b) is not None

    def ignores(self, names: Collection[str], function: Reference) -> bool:
        """Does a function of ours answer it as if these arguments were left out?"""
        kept = {key: value for key, value in self.case.kwargs.items() if key not in names}
        short = replace(self, case=replace(self.case, kwargs=kept), _given={})
        a, b = self.given(function), short.given(function)
        return not isinstance(a, Raised) and not isinstance(b, Raised) and self._unlike(_one(a), b) is None

    def evidence(self, function: Reference) -> Evidence:
        """The case, the value that this function gives, and what came back."""
        return Evidence(describe(self.case), shown(self.given(function)), shown(self.got))

    def mistake(self, reference: Reference) -> str | None:
        """The mistake that this call shows by itself, if it does."""
        return None

    def roughly(self, reference: Reference) -> bool:
        """Is it right but for the digits that float32 has not?"""
        return False

    def sentence(self, name: str, reference: Reference, when: str, numbers: str, beside: str) -> str:
        """What a student reads of a wrong call that shows no known mistake; the rest is as in `words.seen`."""
        return words.seen(name, self.got, self.fault(reference) or "", when, numbers, beside)

    def _ask(self, function: Reference) -> Any:
        return result_of(function, self.case)

    def _fault(self, answer: Answer, theirs: Any) -> str | None:
        """What is wrong with an answer where this value is right."""
        return self._unlike(answer.output, theirs)

    @abstractmethod
    def _unlike(self, got: Any, right: Any) -> str | None:
        """What is wrong with a value where this one is right."""


@dataclass(eq=False)
class Value(Call):
    """A value, whatever its floating-point type: that is asked apart."""

    comparable = True

    def _ask(self, function):
        given = (t for t in operations.tensors((self.case.args, self.case.kwargs)) if t.is_floating_point())
        like = next(given, None)
        theirs = super()._ask(function)
        return theirs if like is None else in_types_of(like, theirs)

    def _unlike(self, got, right):
        return loose_fault(got, right)


@dataclass(eq=False)
class LaidOut(Value):
    """A value whose arguments lie in memory in an unusual order; the twin's lie in the usual one."""

    comparable = False
    tells = frozenset({"layout"})

    def mistake(self, reference):
        return "contiguous-only"


@dataclass(eq=False)
class Again(Value):
    """A value that is looked at after another call, or asked for again once the same tensors were changed."""

    comparable = False
    parted = False
    tells = frozenset({"kept"})

    def sentence(self, name, reference, when, numbers, beside):
        if isinstance(self.answer, Raised):
            return super().sentence(name, reference, when, numbers, beside)
        return (
            f"`{name}` keeps something from one call to the next. A result changes when another call is made, or is "
            "not computed again after a tensor was changed."
        )


@dataclass(eq=False)
class Exact(Call):
    """A value in its type, with the digits that this type has."""

    comparable = True
    tells = frozenset({"type"})

    def roughly(self, reference):
        got, right = self.got, self.given(reference)
        if not isinstance(got, T) or not isinstance(right, T) or got.dtype != right.dtype:
            return False
        return agree(got.float(), right.float())

    def _unlike(self, got, right):
        return fault(got, right)


@dataclass(eq=False)
class Gradient(Call):
    """A value with the gradients of the sum of value · cotangent, to each leaf among the arguments."""

    tells = frozenset({"gradient"})

    cotangent: T = field(default_factory=lambda: torch.ones(()))
    names: Sequence[str] = ()

    def mistake(self, reference):
        return "detached" if "no gradient" in (self.fault(reference) or "") else None

    def sentence(self, name, reference, when, numbers, beside):
        if isinstance(self.answer, Raised):
            when = f"{when} where a gradient is asked for".lstrip()
        return super().sentence(name, reference, when, numbers, beside)

    def evidence(self, function):
        theirs = self.given(function)
        got = self.answer if isinstance(self.answer, Raised) else self.answer.gradients
        return Evidence(
            describe(self.case), f"gradients {shown(theirs if isinstance(theirs, Raised) else theirs[1])}", shown(got)
        )

    def _ask(self, function):
        with torch.enable_grad():
            try:
                value = function(*self.case.args, **self.case.kwargs)
                back = self.cotangent.to(value.dtype)
                back = back if back.dim() else back.expand(value.shape)  # beside an answer that is no tensor
                told = torch.autograd.grad(value, leaves(self.case), back, materialize_grads=True, allow_unused=True)
                return value.detach(), told
            except Exception as error:
                return Raised(type(error).__name__, "")

    def _fault(self, answer, theirs):
        value, wanted = theirs
        if wrong := loose_fault(answer.output, value):
            return f"{wrong} where a gradient is asked for"
        arrived = [zero if got is None and not zero.any() else got for got, zero in zip(answer.gradients, wanted)]
        found = gradient_fault(arrived, wanted, self.names)
        return found and f"is right, but {found}"

    def _unlike(self, got, right):
        return loose_fault(got, right)


@dataclass(eq=False)
class Refusal(Call):
    """A call that cannot be right; the twin is a lawful one of the same kind. answering: the mistake of answering."""

    parted = False
    tells = frozenset({"refusal"})

    answering: str = ""

    def fault(self, function):
        if not isinstance(self.answer, Raised):
            return "answered"
        return None if self.answer.refusal else "raised"

    def counts(self, function):
        return isinstance(self.given(function), Raised)

    def differ(self, one, other):
        return False

    def ignores(self, names, function):
        return not isinstance(self.given(function), Raised)

    def mistake(self, reference):
        return None if isinstance(self.answer, Raised) else self.answering

    def evidence(self, function):
        got = str(self.got) if isinstance(self.got, Raised) else f"an answer: {type(self.got).__name__}"
        return Evidence(describe(self.case), "a refusal", got)

    def sentence(self, name, reference, when, numbers, beside):
        if not isinstance(self.got, Raised):
            return f"`{name}` should refuse {self.case.about or 'what cannot be right'} and answers it."
        return words.not_refused(name, self.case.about, self.got)

    def _unlike(self, got, right):
        raise NotImplementedError("a refusal is compared with nothing")


def _one(value: Any) -> Any:
    """Of values of which any is right, the first."""
    return value.answers[0] if isinstance(value, Either) else value


def loose_fault(got: Any, right: Any) -> str | None:
    """What is wrong with a value, where another floating-point type is no fault."""
    return fault(in_types_of(right, got), right)


def in_types_of(right: Any, got: Any) -> Any:
    """A value with its floating-point tensors in the types of those that are right."""
    if isinstance(got, T) and isinstance(right, T) and got.is_floating_point() and right.is_floating_point():
        return got.to(right.dtype)
    if isinstance(got, tuple | list) and isinstance(right, tuple | list) and len(got) == len(right):
        return [in_types_of(r, g) for r, g in zip(right, got, strict=True)]
    return got
