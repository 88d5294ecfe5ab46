"""Classes whose instances are called as functions are: losses, transforms. A case's named arguments make the instance,
the others are what it is called with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from autograder.exam.cases import Case
from autograder.exam.compare import Comparison, Reference, check_unchanged, compared, must_refuse
from autograder.exam.draw import Draw
from autograder.exam.gradients import note_gradients, with_wanted_gradients
from autograder.exam.subject import Subject


def compare_instances(subject: Subject, reference: Reference, cases: Iterable[Case], draw: Draw) -> list[Comparison]:
    """One instance for each case, called once with a way back to its first argument. The arguments are as they were;
    gradients are noted for their own criterion."""
    asked, scripts = [], []
    for case in cases:
        rest = tuple(t.detach() if isinstance(t, torch.Tensor) else t for t in case.args[1:])
        (one,) = with_wanted_gradients(partial(by_first, reference, rest, case.kwargs), [Case(case.args[:1])], draw)
        asked.append((replace(case, args=(*one.case.args, *rest)), one))
        scripts.append([(0, "make", (), case.kwargs), (1, "vjp", asked[-1][0].args, {}, one.cotangent)])
    found = []
    for (case, one), replies in zip(asked, subject.scripts(scripts), strict=True):
        if len(replies) == 1:
            raise replies[0]
        found.append(compared(subject, case, one.expected, replies[1]))
        answer = found[-1].answer
        if answer is not None and found[-1].fault is None:
            check_unchanged(found[-1])
            note_gradients(draw, found[-1], answer.gradients, one)
    return found


def by_first(reference: Reference, rest: tuple, options: dict[str, Any], x: Any) -> Any:
    """The reference as a function of its first argument."""
    return reference(x, *rest, **options)


def check_options_refused(subject: Subject, args: tuple, options: Sequence[dict[str, Any]], mistake: str) -> None:
    """Options that cannot be right are refused, when the instance is made or when it is called."""
    scripts = [[(0, "make", (), some), (1, "vjp", args, {}, None)] for some in options]
    for some, replies in zip(options, subject.scripts(scripts), strict=True):
        must_refuse(subject.name, str(some), replies[-1], mistake)
