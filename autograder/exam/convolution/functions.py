"""The exams of `conv2d` and `conv2d_naive`."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.gradcheck import GradcheckError, gradcheck

from autograder.exam.compare import (
    Case,
    compare_values,
    compare_with_gradients,
    describe,
    fault,
)
from autograder.exam.convolution import cases as c
from autograder.exam.convolution.mistakes import IN_PLACE, VALUES
from autograder.exam.convolution.mistakes import conv2d as conv2d_of_pytorch
from autograder.exam.convolution.sentences import SENTENCES
from autograder.exam.core import Criterion, Evidence, Exam, Finding, Wrong
from autograder.exam.draw import Draw
from autograder.exam.subject import Raised, Subject


def mistake(id: str, evidence: Evidence | None = None) -> Wrong:
    return Wrong(Finding(SENTENCES[id], id, evidence))


def values(*setups: list[c.Setup]):
    """Right values on these configurations; their gradients are noted for the gradients' criterion."""
    chosen = [setup for part in setups for setup in part]

    def check(subject: Subject, draw: Draw) -> None:
        compare_with_gradients(subject, conv2d_of_pytorch, c.cases(chosen, draw), VALUES, draw)

    return check


def layouts(*chosen: tuple[tuple[int, int, int, int], dict[str, Any]]):
    """Inputs in any order in memory give the right values and gradients, and no argument is changed."""

    def check(subject: Subject, draw: Draw) -> None:
        laid, dense = [], []
        for layout in c.LAYOUTS:
            for shape, arguments in chosen:
                x, weight, bias = c.laid_out(layout, draw, shape), draw.normal(2, shape[1], 3, 2), draw.normal(2)
                laid.append(Case((x, weight, bias), arguments, f"on a {layout} input"))
                dense.append(Case((x.contiguous(), weight, bias), arguments))
        compare_values(subject, conv2d_of_pytorch, dense, VALUES)
        try:
            seen = compare_with_gradients(subject, conv2d_of_pytorch, laid, (IN_PLACE,), draw)
        except Wrong as wrong:
            if wrong.finding.mistake:
                raise
            raise mistake("contiguous-only", wrong.finding.evidence) from None
        for s in seen:
            if s.answer is not None and any(fault(a, b) for a, b in zip(s.answer.after, s.case.args, strict=True)):
                raise mistake(
                    "input-changed", Evidence(describe(s.case), "arguments as they were", "a changed argument")
                )

    return check


TINY = [
    c.Setup((1, 1, 2, 3, 1, 2, 2), {"stride": (1, 2), "padding": (0, 1)}, dtype=torch.float64),
    c.Setup((1, 2, 1, 2, 2, 1, 2), {"groups": 2}, dtype=torch.float64),
]


def gradients(subject: Subject, draw: Draw) -> None:
    """Gradients to input, weight and bias: on every configuration so far, and by gradcheck in full on two tiny ones."""
    compare_with_gradients(subject, conv2d_of_pytorch, c.cases(c.TOGETHER[::9], draw), VALUES, draw)
    judge_gradients(subject, draw)
    for setup in TINY:
        given = [t.requires_grad_() for t in c.tensors(setup, draw) if t is not None]
        with subject.series():
            try:
                gradcheck(lambda *t, options=setup.arguments: subject(*t, **options), given)
            except GradcheckError as error:
                evidence = Evidence(str(setup.arguments), "gradcheck", str(error)[:300])
                said = f"`{subject.name}`: a gradient disagrees with small differences."
                raise Wrong(Finding(said, None, evidence)) from None


def judge_gradients(subject: Subject, draw: Draw) -> None:
    """The gradients that were noted beside right values."""
    faults = draw.notes["gradients"].faults
    if not faults:
        return
    evidence = Evidence(describe(faults[0].case), "PyTorch's gradients", str(faults[0].fault))
    if "no gradient" in faults[0].fault:
        raise mistake("detached", evidence)
    raise Wrong(Finding(f"`{subject.name}` is right, but {faults[0].fault}.", None, evidence))


# (arguments that cannot be right, the id of the mistake of taking them)
def refusals(draw: Draw) -> list[tuple[Case, str]]:
    x, w, b = draw.normal(1, 4, 5, 5), draw.normal(4, 4, 3, 3), draw.normal(4)
    grouped = draw.normal(4, 2, 3, 3)
    return [
        (Case((draw.normal(1, 3, 5, 5), w, b)), "no-refusal-channels"),
        (Case((draw.normal(1, 1, 5, 5), w, b)), "no-refusal-channels"),
        (Case((draw.normal(1, 5, 5, 5), w, b)), "no-refusal-channels"),
        (Case((x, grouped)), "no-refusal-channels"),
        (Case((draw.normal(1, 6, 5, 5), draw.normal(4, 1, 3, 3)), {"groups": 4}), "no-refusal-groups"),
        (Case((x, draw.normal(3, 2, 3, 3)), {"groups": 2}), "no-refusal-groups"),
        (Case((x, draw.normal(4, 4, 6, 3))), "no-refusal-kernel"),
        (Case((x, draw.normal(4, 4, 3, 8), b), {"padding": 1}), "no-refusal-kernel"),
        (Case((x, w), {"dilation": 3}), "no-refusal-kernel"),
        (Case((x, w, draw.normal(1))), "no-refusal-bias"),
        (Case((x, w, draw.normal(5))), "no-refusal-bias"),
        (Case((x, w, b), {"stride": 0}), "no-refusal-stride"),
        (Case((x, w, b), {"stride": (1, -1)}), "no-refusal-stride"),
        (Case((x, w, b), {"groups": 0}), "no-refusal-stride"),
        (Case((x, w, b), {"padding": "full"}), "no-refusal-padding"),
        (Case((x, w, b), {"padding": "same", "stride": 2}), "no-refusal-padding"),
    ]


def refuses(subject: Subject, draw: Draw) -> None:
    """What cannot be right is refused with ValueError or RuntimeError; counts beside right values only."""
    beside = c.PLAIN[:4] + c.STRIDE[1:2] + c.PADDING[1:2] + c.DILATION[1:2] + c.GROUPS[:2] + c.WORDS[:1]
    compare_values(subject, conv2d_of_pytorch, c.cases(beside, draw), VALUES)
    with subject.series():
        for case, id in refusals(draw):
            expect_refusal(lambda case=case: subject(*case.args, **case.kwargs), subject.name, case, id)


def expect_refusal(call: Any, name: str, case: Case, id: str) -> None:
    """The call is refused; an answer is the mistake `id`, another error is said as it is."""
    try:
        got = call()
    except Raised as error:
        if not error.refusal:
            sentence = (
                f"`{name}` should refuse with a ValueError or RuntimeError; it raised {error.kind}: {error.message}"
            )
            raise Wrong(Finding(sentence, None, Evidence(describe(case), "a refusal", str(error)))) from None
        return
    raise mistake(id, Evidence(describe(case), "a refusal", f"an answer: {type(got).__name__}"))


LAYOUTS: tuple[tuple[tuple[int, int, int, int], dict[str, Any]], ...] = (
    ((2, 3, 5, 6), {"stride": (3, 2), "padding": 1}),
    ((2, 3, 6, 5), {}),
    ((3, 2, 5, 5), {"dilation": 2}),
)

conv2d = Exam(
    "conv2d",
    "conv2d",
    (
        Criterion("plain", "one window after the other: channels, batch and bias", 1.0, values(c.PLAIN)),
        Criterion("stride", "stride, also a pair", 1.0, values(c.STRIDE)),
        Criterion("padding", "padding, also a pair", 1.0, values(c.PADDING)),
        Criterion("dilation", "dilation, also a pair", 1.0, values(c.DILATION)),
        Criterion("groups", "groups and depthwise", 1.0, values(c.GROUPS)),
        Criterion("together", "all of these together, kernels as large as the image", 0.5, values(c.TOGETHER, c.LARGE)),
        Criterion("words", 'padding "same" and "valid"', 0.5, values(c.WORDS)),
        Criterion("layouts", "inputs in any memory layout, none of them changed", 0.5, layouts(*LAYOUTS)),
        Criterion("gradients", "gradients to input, weight and bias", 1.0, gradients),
        Criterion("refusals", "arguments that cannot be right are refused", 0.5, refuses),
    ),
    ban="convolution",
)  # fmt: skip


def naive_gradients(subject: Subject, draw: Draw) -> None:
    compare_with_gradients(subject, conv2d_of_pytorch, c.cases(c.PLAIN[:4], draw), VALUES, draw)
    judge_gradients(subject, draw)


def only(dtype: torch.dtype):
    return values([s for s in c.PLAIN if s.dtype == dtype])


conv2d_naive = Exam(
    "conv2d_naive",
    "conv2d_naive",
    (
        Criterion("values", "the formula: every window, channel, image and bias", 2.0, only(torch.float32)),
        Criterion("float64", "the input's dtype is kept", 0.5, only(torch.float64)),
        Criterion("layouts", "inputs in any memory layout, none of them changed", 0.5, layouts(((2, 3, 4, 5), {}))),
        Criterion("gradients", "gradients to input, weight and bias", 1.0, naive_gradients),
    ),
    ban="convolution",
)
