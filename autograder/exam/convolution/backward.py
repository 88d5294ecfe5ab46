"""The exam of `conv2d_backward`: three gradients, each judged by itself, from formulas and without autograd."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import torch

from autograder.exam.cases import Case, Setup, choices, grid
from autograder.exam.compare import Comparison, agree, ask_all, check_unchanged, fault, judge
from autograder.exam.convolution.mistakes import conv2d
from autograder.exam.convolution.mistakes_backward import GRAD_BIAS, GRAD_WEIGHT, GRAD_X
from autograder.exam.convolution.sentences import SENTENCES
from autograder.exam.convolution.sums import cases
from autograder.exam.core import Check, Criterion, Evidence, Exam, Wrong
from autograder.exam.draw import LAYOUTS, Draw
from autograder.exam.gradients import with_wanted_gradients
from autograder.exam.subject import Raised, Subject

T = torch.Tensor
Step = tuple[Case, tuple[T, ...]]  # of backpropagation: (grad_out, x, weight), and the three gradients
RESULTS = ("grad_x", "grad_weight", "grad_bias")
MISTAKES = (GRAD_X, GRAD_WEIGHT, GRAD_BIAS)
OTHER_ORDERS = ((1, 0, 2), (0, 2, 1), (2, 1, 0), (1, 2, 0), (2, 0, 1))

# (N, C_in, H, W, C_out, kH, kW)
PLAIN = [
    *(Setup(shape) for shape in [(1, 1, 5, 5, 1, 3, 3), (2, 3, 5, 6, 2, 2, 3), (3, 2, 6, 5, 4, 3, 2)]),
    *(Setup(shape) for shape in [(2, 2, 4, 5, 3, 1, 1), (2, 2, 3, 4, 3, 3, 4)]),
    Setup((2, 3, 5, 4, 2, 3, 3), dtype=torch.float64),
]
# Windows that meet, leave gaps, and leave rows and columns untouched at the end.
STRIDE = grid([(2, 2, 6, 7, 3, 3, 2), (1, 3, 8, 7, 2, 2, 3)], choices("stride", 2, 3, (2, 1), (1, 3), (3, 2)))
PADDING = [
    *grid([(2, 2, 4, 5, 3, 3, 2), (1, 2, 5, 4, 2, 3, 3)], choices("padding", 1, (1, 0), (0, 2), (2, 1))),
    *grid(
        [(2, 2, 6, 7, 2, 3, 3)],
        [{"stride": s, "padding": p} for s, p in ((2, 1), ((2, 1), (0, 1)), ((1, 3), (2, 1)))],
    ),
]


def steps(forward: Iterable[Case], draw: Draw, upstream: Callable[..., T] | None = None) -> list[Step]:
    """From cases (x, weight) of the way forward: those of the way back, with PyTorch's three gradients."""
    biased = [replace(case, args=(*case.args, case.args[1].new_zeros(len(case.args[1])))) for case in forward]
    return [
        (replace(one.case, args=(one.cotangent, *(t.detach() for t in one.case.args[:2]))), tuple(one.wanted))
        for one in with_wanted_gradients(conv2d, biased, draw, upstream)
    ]


def drawn(chosen: list[Setup], draw: Draw) -> list[Step]:
    """The steps of these setups, with the seed's values."""
    return steps(cases([replace(setup, bias=False) for setup in chosen])(draw), draw)


def compare(subject: Subject, asked: list[Step]) -> list[Comparison]:
    """Every call under inference mode, where autograd refuses; three results are asked for, in their order."""
    with subject.inference():
        found = ask_all(subject, [(case, expected, None) for case, expected in asked])
    for c in found:
        if not isinstance(c.got, Raised) and not (isinstance(c.got, tuple | list) and len(c.got) == 3):
            judge(subject.name, [c], ())
    if any(in_order(found, order) for order in OTHER_ORDERS):
        raise Wrong("grad-swapped", Evidence("any", ", ".join(RESULTS), "another order"))
    return found


def in_order(found: list[Comparison], order: tuple[int, ...]) -> bool:
    """Do the three results come right in this order?"""
    return not any(isinstance(c.got, Raised) for c in found) and all(
        isinstance(one, T) and agree(one, c.expected[i]) for c in found for one, i in zip(c.got, order, strict=True)
    )


def judge_result(subject: Subject, found: list[Comparison], index: int) -> None:
    """One of the three results, over all cases."""
    judge(f"{subject.name}: {RESULTS[index]}", [result_of(c, index) for c in found], MISTAKES[index])


def result_of(comparison: Comparison, index: int) -> Comparison:
    """The comparison of one of the three results."""
    expected, got = comparison.expected[index], comparison.got
    if isinstance(got, Raised):
        return replace(comparison, expected=expected)
    return Comparison(comparison.case, expected, got[index], fault(got[index], expected))


def one_result(index: int) -> Check:
    """One result with stride 1 and no padding; the calls are shared among the three criteria."""

    def check(subject: Subject, draw: Draw) -> None:
        shared = draw.notes.shared
        if "plain" not in shared:
            shared["plain"] = compare(subject, drawn(PLAIN, draw))
        judge_result(subject, shared["plain"], index)

    return check


def all_three(chosen: list[Setup]) -> Check:
    """All three results of these setups."""

    def check(subject: Subject, draw: Draw) -> None:
        found = compare(subject, drawn(chosen, draw))
        for index in range(3):
            judge_result(subject, found, index)

    return check


def care(subject: Subject, draw: Draw) -> None:
    """Any memory layout of x and grad_out, and no argument changed."""
    all_three(PLAIN[1:2])(subject, draw)
    arguments = {"stride": (2, 3), "padding": (0, 1)}
    asked = []
    for layout in LAYOUTS:
        case = Case((draw.laid_out(layout, (2, 3, 6, 5)), draw.normal(2, 3, 3, 2)), arguments, f"on {layout} tensors")
        ((laid, expected),) = steps([case], draw, lambda *shape, layout=layout: draw.laid_out(layout, shape))
        asked += [(replace(laid, args=tuple(t.contiguous() for t in laid.args)), expected), (laid, expected)]
    found = compare(subject, asked)
    for dense, laid_out in zip(found[::2], found[1::2], strict=True):
        for index in range(3):
            judge_result(subject, [dense], index)
        if laid_out.fault:
            raise Wrong("contiguous-only", Evidence(str(arguments), "as for contiguous tensors", laid_out.fault))
        check_unchanged(laid_out)


conv2d_backward = Exam(
    "conv2d_backward",
    (
        Criterion("bias", "grad_bias", 1.0, one_result(2)),
        Criterion("weight", "grad_weight", 1.5, one_result(1)),
        Criterion("input", "grad_x", 2.0, one_result(0)),
        Criterion("stride", "all three with a stride, pixels that no window touched included", 1.0, all_three(STRIDE)),
        Criterion("padding", "all three with padding", 1.0, all_three(PADDING)),
        Criterion("care", "tensors in any memory layout, none of them changed", 0.5, care),
    ),
    sentences=SENTENCES,
    ban="convolution and autograd",
)
