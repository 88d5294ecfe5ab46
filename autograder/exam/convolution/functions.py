"""The exams of `conv2d` and `conv2d_naive`."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.compare import (
    Case,
    Gradients,
    Seen,
    ask,
    compare_values,
    compare_with_gradients,
    describe,
    fault,
    judge,
)
from autograder.exam.convolution import cases as c
from autograder.exam.convolution.mistakes import VALUES
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
        compare_with_gradients(subject, F.conv2d, c.cases(chosen, draw), VALUES, draw)

    return check


def layouts(subject: Subject, draw: Draw) -> None:
    """Inputs in any order in memory give the right values, and no argument is changed."""
    wrong: list[Seen] = []
    plain: list[Seen] = []
    for layout in c.LAYOUTS:
        for shape, arguments in (((2, 3, 5, 6), {"stride": 2, "padding": 1}), ((2, 3, 6, 5), {}), ((3, 2, 5, 5), {"dilation": 2})):
            x = c.laid_out(layout, draw, shape)
            weight, bias = draw.normal(2, shape[1], 3, 2), draw.normal(2)
            case = Case((x, weight, bias), arguments, f"on a {layout} input")
            expected = F.conv2d(x, weight, bias, **arguments)
            seen, answer = ask(subject, case, expected)
            changed = answer is not None and any(fault(a, b) for a, b in zip(answer.after, case.args, strict=True))
            if changed:
                raise mistake("input-changed", Evidence(describe(case), "arguments as they were", "a changed argument"))
            dense = Case((x.contiguous(), weight, bias), arguments)
            plain.append(ask(subject, dense, expected)[0])
            wrong.append(seen)
    judge(subject.name, plain, VALUES)
    if any(s.fault for s in wrong):
        first = next(s for s in wrong if s.fault)
        raise mistake("contiguous-only", Evidence(describe(first.case), "as for a contiguous input", str(first.fault)))


def gradients(subject: Subject, draw: Draw) -> None:
    """Gradients to input, weight and bias: on every configuration so far, and by gradcheck in full on two tiny ones."""
    notes = draw.notes.setdefault("gradients", Gradients())
    compare_with_gradients(subject, F.conv2d, c.cases(c.TOGETHER[:4], draw), VALUES, draw)
    if notes.faults:
        first = notes.faults[0]
        evidence = Evidence(describe(first.case), "PyTorch's gradients", str(first.fault))
        if "no gradient" in str(first.fault):
            raise mistake("detached", evidence)
        raise Wrong(Finding(f"`{subject.name}` is right, but {first.fault}.", None, evidence))
    for shape, arguments in (((1, 2, 3, 4, 2, 2, 2), {"stride": (1, 2), "padding": 1}), ((1, 2, 4, 3, 2, 2, 2), {"groups": 2})):
        setup = c.Setup(shape, arguments, dtype=torch.float64)
        given = [t.requires_grad_() for t in c.tensors(setup, draw) if t is not None]
        try:
            torch.autograd.gradcheck(lambda *t, a=arguments: subject(*t, **a), given)
        except torch.autograd.gradcheck.GradcheckError as error:
            evidence = Evidence(str(arguments), "gradcheck", str(error)[:300])
            raise Wrong(Finding(f"`{subject.name}`: a gradient disagrees with small differences.", None, evidence)) from None


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
    compare_values(subject, F.conv2d, c.cases(c.PLAIN[:4] + c.GROUPS[:2] + c.WORDS[:1], draw), VALUES)
    for case, id in refusals(draw):
        expect_refusal(lambda case=case: subject(*case.args, **case.kwargs), subject.name, case, id)


def expect_refusal(call: Any, name: str, case: Case, id: str) -> None:
    """The call is refused; an answer is the mistake `id`, another error is said as it is."""
    try:
        got = call()
    except Raised as error:
        if not error.refusal:
            sentence = f"`{name}` should refuse with a ValueError or RuntimeError; it raised {error.kind}: {error.message}"
            raise Wrong(Finding(sentence, id, Evidence(describe(case), "a refusal", str(error)))) from None
        return
    raise mistake(id, Evidence(describe(case), "a refusal", f"an answer: {type(got).__name__}"))


conv2d = Exam(
    "conv2d",
    "conv2d",
    (
        Criterion("plain", "one window after the other: channels, batch and bias", 1.0, values(c.PLAIN)),
        Criterion("stride", "stride, also a pair", 1.0, values(c.STRIDE)),
        Criterion("padding", "padding, also a pair", 1.0, values(c.PADDING)),
        Criterion("dilation", "dilation, also a pair", 1.0, values(c.DILATION)),
        Criterion("groups", "groups and depthwise", 1.0, values(c.GROUPS)),
        Criterion("together", "all arguments together, kernels as large as the image", 0.5, values(c.TOGETHER, c.LARGE_KERNEL)),
        Criterion("words", 'padding "same" and "valid"', 0.5, values(c.WORDS)),
        Criterion("layouts", "inputs in any memory layout, none of them changed", 0.5, layouts),
        Criterion("gradients", "gradients to input, weight and bias", 1.0, gradients),
        Criterion("refusals", "arguments that cannot be right are refused", 0.5, refuses),
    ),
    ban="convolution",
)  # fmt: skip


def naive_gradients(subject: Subject, draw: Draw) -> None:
    compare_with_gradients(subject, F.conv2d, c.cases(c.PLAIN[:4], draw), VALUES, draw)
    notes = draw.notes["gradients"]
    if notes.faults:
        first = notes.faults[0]
        raise mistake("detached", Evidence(describe(first.case), "PyTorch's gradients", str(first.fault)))


def unchanged(subject: Subject, draw: Draw) -> None:
    """No argument is changed, whatever the input's memory layout, beside right values."""
    for layout in c.LAYOUTS:
        x = c.laid_out(layout, draw, (2, 3, 4, 5))
        case = Case((x, draw.normal(2, 3, 2, 3), draw.normal(2)), {}, f"on a {layout} input")
        seen, answer = ask(subject, case, F.conv2d(*case.args))
        judge(subject.name, [seen], VALUES)
        if any(fault(a, b) for a, b in zip(answer.after, case.args, strict=True)):
            raise mistake("input-changed", Evidence(describe(case), "arguments as they were", "a changed argument"))


def only(*dtypes: torch.dtype):
    chosen = [s for s in c.PLAIN if s.dtype in dtypes]
    return values(chosen)


conv2d_naive = Exam(
    "conv2d_naive",
    "conv2d_naive",
    (
        Criterion("values", "the formula: every window, channel, image and bias", 2.0, only(torch.float32)),
        Criterion("float64", "the input's dtype is kept", 0.5, only(torch.float64)),
        Criterion("layouts", "inputs in any memory layout, none of them changed", 0.5, unchanged),
        Criterion("gradients", "gradients to input, weight and bias", 1.0, naive_gradients),
    ),
    ban="convolution",
)
