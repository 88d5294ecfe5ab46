"""The exams of `conv2d` and `conv2d_naive`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from autograder.exam.compare import Case, compare_values, describe, fault, refused
from autograder.exam.convolution import cases as c
from autograder.exam.convolution.mistakes import IN_PLACE, VALUES
from autograder.exam.convolution.mistakes import conv2d as conv2d_of_pytorch
from autograder.exam.convolution.sentences import SENTENCES
from autograder.exam.core import Criterion, Evidence, Exam, Finding, Wrong
from autograder.exam.draw import LAYOUTS, Draw
from autograder.exam.gradients import compare_with_gradients, judge_gradients, small_differences
from autograder.exam.setups import Setup, Shape
from autograder.exam.subject import Subject


def mistake(id: str, evidence: Evidence | None = None) -> Wrong:
    return Wrong(Finding(SENTENCES[id], id, evidence))


def values(*setups: list[Setup]):
    """Right values on these configurations; their gradients are noted for the gradients' criterion."""
    chosen = [setup for part in setups for setup in part]

    def check(subject: Subject, draw: Draw) -> None:
        compare_with_gradients(subject, conv2d_of_pytorch, c.cases(chosen, draw), VALUES, draw)
        asked_before(draw).update(map(id, chosen))

    return check


def right_before(chosen: list[Setup], draw: Draw) -> bool:
    """Has this exam found the student's values right on all of these setups? Then they need not be asked again."""
    return set(map(id, chosen)) <= asked_before(draw)


def asked_before(draw: Draw) -> set[int]:
    """The setups, by `id`, on which this exam has found the student's values right."""
    return draw.notes.setdefault("right", set())


def layouts(*chosen: tuple[tuple[int, int, int, int], dict[str, Any]]):
    """Inputs in any order in memory give the right values and gradients, and no argument is changed."""

    def check(subject: Subject, draw: Draw) -> None:
        laid = []
        for layout in LAYOUTS:
            for shape, arguments in chosen:
                x, weight, bias = draw.laid_out(layout, shape), draw.normal(2, shape[1], 3, 2), draw.normal(2)
                laid.append(Case((x, weight, bias), arguments, f"on a {layout} input"))
        try:
            seen = compare_with_gradients(subject, conv2d_of_pytorch, laid, (IN_PLACE,), draw)
        except Wrong as wrong:
            if wrong.finding.mistake:
                raise
            dense = [replace(case, args=tuple(t.detach().contiguous() for t in case.args)) for case in laid]
            compare_values(subject, conv2d_of_pytorch, dense, VALUES)
            raise mistake("contiguous-only", wrong.finding.evidence) from None
        for s in seen:
            if s.answer is not None and any(fault(a, b) for a, b in zip(s.answer.after, s.case.args, strict=True)):
                raise mistake(
                    "input-changed", Evidence(describe(s.case), "arguments as they were", "a changed argument")
                )

    return check


TINY = [
    Setup((1, 1, 2, 3, 1, 2, 2), {"stride": (1, 2), "padding": (0, 1)}, dtype=torch.float64),
    Setup((1, 2, 1, 2, 2, 1, 2), {"groups": 2}, dtype=torch.float64),
]


def gradients(subject: Subject, draw: Draw) -> None:
    """Gradients to input, weight and bias: on every configuration so far, and by gradcheck in full on two tiny ones."""
    if not right_before(c.TOGETHER[::9], draw):
        compare_with_gradients(subject, conv2d_of_pytorch, c.cases(c.TOGETHER[::9], draw), VALUES, draw)
    judge_gradients(subject, draw, detached)
    for case in c.cases(TINY, draw):
        small_differences(subject, conv2d_of_pytorch, case)


def detached(evidence: Evidence) -> Wrong:
    return mistake("detached", evidence)


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
    chosen = c.PLAIN[:4] + c.STRIDE[1:2] + c.PADDING[1:2] + c.DILATION[1:2] + c.GROUPS[:2] + c.WORDS[:1]
    if not right_before(chosen, draw):
        compare_values(subject, conv2d_of_pytorch, c.cases(chosen, draw), VALUES)
    refused(subject, refusals(draw), mistake)


LAID_OUT: tuple[tuple[tuple[int, int, int, int], dict[str, Any]], ...] = (
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
        Criterion("layouts", "inputs in any memory layout, none of them changed", 0.5, layouts(*LAID_OUT)),
        Criterion("gradients", "gradients to input, weight and bias", 1.0, gradients),
        Criterion("refusals", "arguments that cannot be right are refused", 0.5, refuses),
    ),
    ban="convolution",
)  # fmt: skip


def naive_gradients(subject: Subject, draw: Draw) -> None:
    if not right_before(NAIVE[1:3], draw):
        compare_with_gradients(subject, conv2d_of_pytorch, c.cases(NAIVE[1:3], draw), VALUES, draw)
    judge_gradients(subject, draw, detached)


# Fewer and smaller ones, since plain loops over all axes take milliseconds for each.
SMALL: list[Shape] = [(1, 1, 4, 3, 1, 3, 2), (2, 3, 3, 4, 2, 2, 3), (1, 2, 4, 3, 3, 3, 2), (2, 2, 3, 4, 2, 1, 2)]
NAIVE = [
    *(Setup(shape, bias=bias) for shape, bias in zip(SMALL, (False, True, False, True), strict=True)),
    *(Setup(shape) for shape in [SMALL[0], (3, 1, 3, 2, 2, 1, 1), (2, 2, 2, 3, 3, 2, 3)]),
]
NAIVE_FLOAT64 = [Setup(shape, dtype=torch.float64) for shape in SMALL[1:3]]


conv2d_naive = Exam(
    "conv2d_naive",
    "conv2d_naive",
    (
        Criterion("values", "the formula: every window, channel, image and bias", 2.0, values(NAIVE)),
        Criterion("float64", "the input's dtype is kept", 0.5, values(NAIVE_FLOAT64)),
        Criterion("layouts", "inputs in any memory layout, none of them changed", 0.5, layouts(((2, 2, 3, 4), {}))),
        Criterion("gradients", "gradients to input, weight and bias", 1.0, naive_gradients),
    ),
    ban="convolution",
)
