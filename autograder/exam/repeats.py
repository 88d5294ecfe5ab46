"""What a function or layer may not keep from one call to the next: an earlier result, or the tensor to put it in.

`lru_cache` knows a tensor by its identity, so a weight that has learned meanwhile gives what the old one gave; a buffer
that is kept for each shape is written over by the next call.
"""

from __future__ import annotations

from collections.abc import Callable

from autograder.exam.cases import Case
from autograder.exam.compare import Reference, describe, fault, shown
from autograder.exam.core import Check, Evidence, Unnamed
from autograder.exam.draw import Draw
from autograder.exam.subject import Subject


def check_repeats(reference: Reference, case: Callable[[Draw], Case]) -> Check:
    """Two draws of a case, whose arguments stand by position, leave each other's answers alone; and tensors that were
    changed between two calls count as they are then."""

    def check(subject: Subject, draw: Draw) -> None:
        args, others = case(draw).args, case(draw).args
        answers = subject.again(args, others)
        for got, asked in zip(answers, (args, others), strict=True):
            expected = reference(*asked)
            if fault(got, expected):
                evidence = Evidence(describe(Case(asked)), shown(expected), shown(got))
                raise Unnamed(
                    f"`{subject.name}` keeps something from one call to the next: a result changes when another call "
                    "is made, or is not made anew when a tensor was changed.",
                    evidence,
                )

    return check
