"""Classes whose instances are called as functions are: losses, transforms. A case's named arguments make the instance,
the others are what it is called with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import torch

from autograder.exam.calls import Again, Call, Value
from autograder.exam.cases import Case, Cases
from autograder.exam.core import Unnamed
from autograder.exam.draw import Draw
from autograder.exam.functions import Ask, FunctionExam, asked, beside
from autograder.exam.subject import Answer, Raised, Script, Subject

T = torch.Tensor


class AsFunction:
    """A student's class as a function: each call makes an instance by its named arguments, and calls that once."""

    def __init__(self, subject: Subject):
        self.subject = subject

    def vjps(self, calls: Sequence[tuple]) -> list[Answer | Raised]:
        """As `Subject.vjps`."""
        scripts: list[Script] = [[(0, "make", (), kwargs), (1, "vjp", args, {}, back)] for args, kwargs, back in calls]
        return [replies[-1] for replies in self.subject.scripts(scripts)]


@dataclass(frozen=True)
class InstanceExam(FunctionExam):
    """The criteria of such a class."""

    through: Callable[[Subject], Any] = AsFunction

    def again(self, cases: Cases) -> Ask:
        """Each case called on the instance of the one before it, beside the case alone; instances are nn.Modules."""

        def ask(subject: Subject, draw: Draw) -> list[Call]:
            given = list(cases(draw))
            calls: list[tuple] = [(1, "vjp", case.args, {}, None) for case in given]
            scripts: list[Script] = [
                [(0, "make", (), case.kwargs), before, call]
                for case, before, call in zip(given, [calls[-1], *calls], calls)
            ]
            found = of_class(subject).scripts(scripts)
            for replies in found:
                if isinstance(replies[0], str) and replies[0] != "module":
                    raise Unnamed(f"`{self.name}(…)` gives no `nn.Module`.", tells={"module"})
            seconds = [Again(case, replies[-1]) for case, replies in zip(given, found, strict=True)]
            return beside(seconds, asked(subject, given, Value))

        return ask

    def by_position(self, *cases: Case, order: Sequence[str]) -> Ask:
        """Instances made with these arguments in their order, without names, beside the same with names."""

        def ask(subject: Subject, draw: Draw) -> list[Call]:
            twins = asked(subject, [replace(case, about="") for case in cases], Value)
            scripts: list[Script] = [
                [(0, "make", tuple(case.kwargs[name] for name in order), {}), (1, "vjp", case.args, {}, None)]
                for case in cases
            ]
            found = of_class(subject).scripts(scripts)
            return beside([Value(case, replies[-1]) for case, replies in zip(cases, found, strict=True)], twins)

        return ask

    def ask_first_gradient(self, cases: Cases) -> Ask:
        """Gradients to the first argument alone, beside values."""

        def ask(subject: Subject, draw: Draw) -> list[Call]:
            asking = []
            for twin in asked(subject, cases(draw), Value):
                first, *rest = twin.case.args
                asking.append((twin, replace(twin.case, args=(first.detach().requires_grad_(), *rest))))
            return self.differentiated(subject, draw, asking)

        return ask


def of_class(subject: Subject) -> Subject:
    """The class that is asked as a function."""
    return cast(AsFunction, subject).subject
