"""What the exams of this assignment share: cases in the seed's order, memory layouts, gradients, refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import torch

from autograder.exam.compare import Case, ask_all, compare_values, describe, fault, judge, refused
from autograder.exam.core import Evidence, Finding, Misconception, Wrong
from autograder.exam.draw import LAYOUTS, Draw
from autograder.exam.gradients import compare_with_gradients, judge_gradients, small_differences
from autograder.exam.segmentation.sentences import SENTENCES
from autograder.exam.subject import Subject

Check = Callable[[Subject, Draw], None]


def mistake(id: str, case: str = "", expected: str = "", got: str = "") -> Wrong:
    """The named mistake `id`, with what the instructor may see."""
    return slip(id, Evidence(case, expected, got))


def slip(id: str, evidence: Evidence) -> Wrong:
    """The named mistake `id`."""
    return Wrong(Finding(SENTENCES[id], id, evidence))


def misconception(id: str, *mutants: Callable[..., Any], **more: Any) -> Misconception:
    return Misconception(id, SENTENCES[id], mutants, **more)


def values(
    reference: Callable[..., Any], cases: Callable[[Draw], Iterable[Case]], mistakes: Sequence[Misconception]
) -> Check:
    """Right values on these cases; their gradients are noted for the gradients' criterion."""

    def check(subject: Subject, draw: Draw) -> None:
        compare_with_gradients(subject, reference, draw.shuffled(list(cases(draw))), mistakes, draw)

    return check


def gradients(
    reference: Callable[..., Any],
    cases: Callable[[Draw], Iterable[Case]],
    mistakes: Sequence[Misconception],
    tiny: Callable[[Draw], Iterable[Case]],
) -> Check:
    """Right gradients on every case so far and on these, and by gradcheck in full on the tiny ones (float64)."""

    def check(subject: Subject, draw: Draw) -> None:
        compare_with_gradients(subject, reference, list(cases(draw)), mistakes, draw)
        judge_gradients(subject, draw, partial(slip, "detached"))
        for case in tiny(draw):
            small_differences(subject, reference, case)

    return check


def layouts(
    reference: Callable[..., Any], rest: Callable[[Draw], list[tuple[tuple, dict]]], mistakes: Sequence[Misconception]
) -> Check:
    """Inputs of shape (2, 3, 4, 5) in any order in memory give the right values, and no argument is changed."""

    def check(subject: Subject, draw: Draw) -> None:
        asked = []
        for layout in LAYOUTS:
            for args, kwargs in rest(draw):
                x = draw.laid_out(layout, (2, 3, 4, 5))
                expected = reference(x, *args, **kwargs)
                asked.append((Case((x.contiguous(), *args), kwargs), expected, None))
                asked.append((Case((x, *args), kwargs, f"on a {layout} input"), expected, None))
        found = ask_all(subject, asked)
        for plain, seen in zip(found[::2], found[1::2], strict=True):
            judge(subject.name, [plain], mistakes)
            if seen.fault:
                raise mistake("contiguous-only", describe(seen.case), "as for a contiguous input", str(seen.fault))
            unchanged(seen.answer, seen.case)

    return check


def unchanged(answer: Any, case: Case) -> None:
    """Every tensor argument is as it was before the call."""
    given = [a for a in (*case.args, *case.kwargs.values()) if isinstance(a, torch.Tensor)]
    if any(fault(after, before) for after, before in zip(answer.after, given, strict=True)):
        raise mistake("input-changed", describe(case), "arguments as they were", "a changed argument")


def refuses(
    reference: Callable[..., Any],
    right: Callable[[Draw], Iterable[Case]],
    wrong: Callable[[Draw], Iterable[tuple[Case, str]]],
    mistakes: Sequence[Misconception],
) -> Check:
    """Beside right values, each wrong case is refused with ValueError or RuntimeError; an answer is its mistake."""

    def check(subject: Subject, draw: Draw) -> None:
        compare_values(subject, reference, right(draw), mistakes)
        refused(subject, list(wrong(draw)), slip)

    return check
