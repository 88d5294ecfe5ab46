"""What a value earns as an answer that it was never meant to be."""

from dataclasses import replace

from autograder.exam.core import Exam
from autograder.exam_tables.examining import Quiet, setting


def earns_more_than(bound: float, exam: Exam, value: object) -> bool:
    """Whether a value earns more of a part than so many points. It asks until this is sure."""
    earned, left = 0.0, exam.points
    for criterion in sorted(exam.criteria, key=lambda c: c.slow):
        if earned + left <= bound:
            return False
        with setting(Quiet()):
            (outcome,) = replace(exam, criteria=(criterion,)).examine(value)
        earned, left = earned + outcome.earned, left - criterion.points
        if earned > bound:
            return True
    return False
