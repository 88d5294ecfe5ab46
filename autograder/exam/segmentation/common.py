"""What the exams of this assignment share: cases in the seed's order, memory layouts, gradients, refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import torch
from torch.autograd.gradcheck import GradcheckError, gradcheck

from autograder.exam.compare import (
    Case,
    Gradients,
    ask,
    compare_values,
    compare_with_gradients,
    describe,
    fault,
    judge,
)
from autograder.exam.core import Evidence, Finding, Misconception, Wrong
from autograder.exam.draw import Draw
from autograder.exam.segmentation.sentences import SENTENCES
from autograder.exam.subject import Raised, Subject

Check = Callable[[Subject, Draw], None]


def mistake(id: str, case: str = "", expected: str = "", got: str = "") -> Wrong:
    """The named mistake `id`, with what the instructor may see."""
    return Wrong(Finding(SENTENCES[id], id, Evidence(case, expected, got)))


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
        faults = draw.notes.get("gradients", Gradients()).faults
        if faults:
            first = faults[0]
            if "no gradient" in str(first.fault):
                raise mistake("detached", describe(first.case), "a gradient", str(first.fault))
            evidence = Evidence(describe(first.case), "PyTorch's gradients", str(first.fault))
            raise Wrong(Finding(f"`{subject.name}` is right, but {first.fault}.", None, evidence))
        for case in tiny(draw):
            given = [t.requires_grad_() for t in case.args if isinstance(t, torch.Tensor)]
            rest = [a for a in case.args if not isinstance(a, torch.Tensor)]
            try:
                gradcheck(lambda *t, r=rest, k=case.kwargs: subject(*t, *r, **k), given)
            except GradcheckError as error:
                evidence = Evidence(describe(case), "gradcheck", str(error)[:300])
                sentence = f"`{subject.name}`: a gradient disagrees with small differences."
                raise Wrong(Finding(sentence, None, evidence)) from None

    return check


LAYOUTS = ("non-contiguous", "channels-last", "expanded")


def laid_out(layout: str, draw: Draw, shape: tuple[int, int, int, int]) -> torch.Tensor:
    """A tensor of a shape whose memory is not in the usual order."""
    n, c, h, w = shape
    if layout == "non-contiguous":
        return draw.normal(w, h, n, c).permute(2, 3, 1, 0)
    if layout == "channels-last":
        return draw.normal(n, c, h, w).contiguous(memory_format=torch.channels_last)
    return draw.normal(1, c, h, 1).expand(n, c, h, w)


def layouts(
    reference: Callable[..., Any], rest: Callable[[Draw], list[tuple[tuple, dict]]], mistakes: Sequence[Misconception]
) -> Check:
    """Inputs of shape (2, 3, 4, 5) in any order in memory give the right values, and no argument is changed."""

    def check(subject: Subject, draw: Draw) -> None:
        for layout in LAYOUTS:
            for args, kwargs in rest(draw):
                x = laid_out(layout, draw, (2, 3, 4, 5))
                expected = reference(x, *args, **kwargs)
                plain = ask(subject, Case((x.contiguous(), *args), kwargs), expected)
                judge(subject.name, [plain], mistakes)
                case = Case((x, *args), kwargs, f"on a {layout} input")
                seen = ask(subject, case, expected)
                if seen.fault:
                    raise mistake("contiguous-only", describe(case), "as for a contiguous input", str(seen.fault))
                unchanged(seen.answer, case)

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
        for case, id in wrong(draw):
            expect_refusal(partial(subject, *case.args, **case.kwargs), subject.name, describe(case), id)

    return check


def expect_refusal(call: Callable[[], Any], name: str, case: str, id: str) -> None:
    """The call is refused; an answer is the mistake `id`, another error is said as it is."""
    try:
        got = call()
    except Raised as error:
        if not error.refusal:
            sentence = (
                f"`{name}` should refuse with a ValueError or RuntimeError; it raised {error.kind}: {error.message}"
            )
            raise Wrong(Finding(sentence, None, Evidence(case, "a refusal", str(error)))) from None
        return
    raise mistake(id, case, "a refusal", f"an answer: {type(got).__name__}")
