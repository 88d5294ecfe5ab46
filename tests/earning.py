"""What a value earns as an answer that it was never meant to be."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from autograder.exam.core import Exam
from autograder.exam_tables.examining import Quiet, setting
from autograder.wire.limits import Limits


class TooLong(BaseException):
    """What runs has used up its time. No `except Exception`, the exam's or the value's own, catches it."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise `TooLong` once the block has taken so many seconds of processor time, and again each second after."""

    def end(number, frame) -> None:
        raise TooLong(f"more than {seconds:g} seconds of processor time")

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)
    try:
        yield
    finally:
        signal.signal(signal.SIGPROF, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def earns_more_than(bound: float, exam: Exam, value: object, limits: Limits | None = None) -> bool:
    """Whether a value earns more of a part than so many points. It asks until this is sure.

    A criterion is held for as long as a grader's limits let calls run, one that is slow for as long as they let a
    notebook run. As in a grader, a criterion that is ended so earns nothing, and nothing is asked any more after as
    many of them as there are candidates.
    """
    limits = limits or Limits()
    earned, left, ended = 0.0, exam.points, 0
    for criterion in sorted(exam.criteria, key=lambda c: c.slow):
        if earned + left <= bound or ended > limits.revivals:
            return False
        left -= criterion.points
        try:
            with setting(Quiet()), at_most(limits.notebook_seconds if criterion.slow else limits.call_seconds):
                (outcome,) = replace(exam, criteria=(criterion,)).examine(value)
        except TooLong:
            ended += 1
            continue
        earned += outcome.earned
        if earned > bound:
            return True
    return False
