"""The exam of `conv2d_backward`: three gradients, each judged by itself, from formulas and without autograd."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import torch

from autograder.exam import gradients
from autograder.exam.compare import Case, Seen, agree, ask_all, fault, judge
from autograder.exam.convolution import cases as c
from autograder.exam.convolution.functions import mistake
from autograder.exam.convolution.mistakes import conv2d
from autograder.exam.convolution.mistakes_backward import GRAD_BIAS, GRAD_WEIGHT, GRAD_X
from autograder.exam.core import Criterion, Evidence, Exam
from autograder.exam.draw import LAYOUTS, Draw
from autograder.exam.setups import Setup, setups
from autograder.exam.subject import Raised, Subject

T = torch.Tensor
Question = tuple[Case, tuple[T, ...]]  # and the answer
RESULTS = ("grad_x", "grad_weight", "grad_bias")
MISTAKES = (GRAD_X, GRAD_WEIGHT, GRAD_BIAS)

# (N, C_in, H, W, C_out, kH, kW)
PLAIN = [
    Setup(shape, dtype=dtype)
    for shape, dtype in [
        ((1, 1, 5, 5, 1, 3, 3), torch.float32),
        ((2, 3, 5, 6, 2, 2, 3), torch.float32),
        ((3, 2, 6, 5, 4, 3, 2), torch.float32),
        ((2, 2, 4, 5, 3, 1, 1), torch.float32),
        ((2, 2, 3, 4, 3, 3, 4), torch.float32),
        ((2, 3, 5, 4, 2, 3, 3), torch.float64),
    ]
]
# Windows that meet, leave gaps, and leave rows and columns untouched at the end.
STRIDE = setups([(2, 2, 6, 7, 3, 3, 2), (1, 3, 8, 7, 2, 2, 3)], [{"stride": s} for s in (2, 3, (2, 1), (1, 3), (3, 2))])
PADDING = [
    *setups([(2, 2, 4, 5, 3, 3, 2), (1, 2, 5, 4, 2, 3, 3)], [{"padding": p} for p in (1, (1, 0), (0, 2), (2, 1))]),
    *setups(
        [(2, 2, 6, 7, 2, 3, 3)], [{"stride": s, "padding": p} for s, p in ((2, 1), ((2, 1), (0, 1)), ((1, 3), (2, 1)))]
    ),
]


def questions(cases: Iterable[Case], draw: Draw, upstream: Callable[..., T] | None = None) -> list[Question]:
    """From cases (input, weight): those of the backward step, with PyTorch's three gradients."""
    forward = [replace(case, args=(*case.args, case.args[1].new_zeros(len(case.args[1])))) for case in cases]
    return [
        (replace(q.case, args=(q.cotangent, *(t.detach() for t in q.case.args[:2]))), tuple(q.wanted))
        for q in gradients.questions(conv2d, forward, draw, upstream)
    ]


def cases(chosen: list[Setup], draw: Draw) -> list[Case]:
    return list(c.cases([replace(setup, bias=False) for setup in chosen], draw))


def answers(subject: Subject, asked: list[Question]) -> list[Seen]:
    """Every call under inference mode, where autograd refuses; three results are asked for."""
    with subject.inference():
        seen = ask_all(subject, [(case, expected, None) for case, expected in asked])
    for s in seen:
        if not isinstance(s.got, Raised) and not (isinstance(s.got, tuple | list) and len(s.got) == 3):
            judge(subject.name, [s], ())
    return seen


def swapped(seen: list[Seen]) -> bool:
    """Do the three results come in another order?"""
    orders = ((1, 0, 2), (0, 2, 1), (2, 1, 0), (1, 2, 0), (2, 0, 1))
    if any(isinstance(s.got, Raised) for s in seen):
        return False
    return any(
        all(isinstance(g, torch.Tensor) and agree(g, s.expected[i]) for s in seen for g, i in zip(s.got, order))
        for order in orders
    )


def judge_result(subject: Subject, seen: list[Seen], index: int) -> None:
    """One of the three results, over all cases."""
    if swapped(seen):
        raise mistake("grad-swapped", Evidence("any", ", ".join(RESULTS), "another order"))
    judge(f"{subject.name}: {RESULTS[index]}", [of_result(s, index) for s in seen], MISTAKES[index])


def of_result(seen: Seen, index: int) -> Seen:
    if isinstance(seen.got, Raised):
        return Seen(seen.case, seen.expected[index], seen.got, "raised")
    got, expected = seen.got[index], seen.expected[index]
    return Seen(seen.case, expected, got, fault(got, expected))


def result(index: int) -> Callable[[Subject, Draw], None]:
    """One result with stride 1 and no padding; the calls are shared among the three criteria."""

    def check(subject: Subject, draw: Draw) -> None:
        if "plain" not in draw.notes:
            draw.notes["plain"] = answers(subject, questions(cases(PLAIN, draw), draw))
        judge_result(subject, draw.notes["plain"], index)

    return check


def all_three(chosen: list[Setup]) -> Callable[[Subject, Draw], None]:
    def check(subject: Subject, draw: Draw) -> None:
        seen = answers(subject, questions(cases(chosen, draw), draw))
        for index in range(3):
            judge_result(subject, seen, index)

    return check


def care(subject: Subject, draw: Draw) -> None:
    """Any memory layout of either tensor, and no argument changed."""
    all_three(PLAIN[1:2])(subject, draw)
    arguments = {"stride": (2, 3), "padding": (0, 1)}
    asked = []
    for layout in LAYOUTS:
        case = Case((draw.laid_out(layout, (2, 3, 6, 5)), draw.normal(2, 3, 3, 2)), arguments, f"on {layout} tensors")
        (laid,) = questions([case], draw, lambda *shape, layout=layout: draw.laid_out(layout, shape))
        asked += [(replace(laid[0], args=tuple(t.contiguous() for t in laid[0].args)), laid[1]), laid]
    seen = answers(subject, asked)
    for dense, laid_out in zip(seen[::2], seen[1::2], strict=True):
        for index in range(3):
            judge_result(subject, [dense], index)
        if laid_out.fault:
            raise mistake("contiguous-only", Evidence(str(arguments), "as for contiguous tensors", laid_out.fault))
        assert laid_out.answer is not None
        if any(fault(a, b) for a, b in zip(laid_out.answer.after, laid_out.case.args, strict=True)):
            raise mistake("input-changed", Evidence(str(arguments), "arguments as they were", "a changed argument"))


conv2d_backward = Exam(
    "conv2d_backward",
    "conv2d_backward",
    (
        Criterion("bias", "grad_bias", 1.0, result(2)),
        Criterion("weight", "grad_weight", 1.5, result(1)),
        Criterion("input", "grad_x", 2.0, result(0)),
        Criterion("stride", "all three with a stride, pixels that no window touched included", 1.0, all_three(STRIDE)),
        Criterion("padding", "all three with padding", 1.0, all_three(PADDING)),
        Criterion("care", "tensors in any memory layout, none of them changed", 0.5, care),
    ),
    ban="convolution and autograd",
)
