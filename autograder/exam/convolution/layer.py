"""The exam of `Conv2d`, the layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from autograder.exam.compare import Case, Seen, describe, fault, judge, must_refuse, saw, shown
from autograder.exam.convolution import cases as c
from autograder.exam.convolution.functions import asked_before, detached, mistake, right_before
from autograder.exam.convolution.layer_probe import (
    STATE,
    Question,
    answering,
    check_state,
    compare,
    loading,
    making,
    questions,
    told,
    values,
    weights,
)
from autograder.exam.convolution.mistakes_layer import LAYER, layer
from autograder.exam.core import Criterion, Evidence, Exam, Finding, Wrong
from autograder.exam.draw import LAYOUTS, Draw
from autograder.exam.gradients import judge_gradients, noted
from autograder.exam.setups import Setup, Shape
from autograder.exam.subject import Banned, Raised, Script, Subject
from autograder.objects.operations import Entry


def biased(setups: list[Setup]) -> list[Setup]:
    """In float32 and with a bias: dtypes, and layers without one, have criteria of their own."""
    return [replace(setup, bias=True, dtype=torch.float32) for setup in setups]


VALUES = biased(
    c.PLAIN[1:8:2] + c.PLAIN[8:10] + c.STRIDE[::5] + c.PADDING[::5] + c.DILATION[::4] + c.GROUPS[::4] + c.TOGETHER[1::5]
)
WORDS = biased(c.WORDS)
# Borders of each mode: a number, a pair, words; with what else moves the windows.
BORDERS: list[tuple[Shape, dict[str, Any]]] = [
    ((2, 2, 5, 6, 2, 3, 3), {"padding": 1}),
    ((1, 2, 5, 6, 3, 3, 5), {"padding": (1, 2)}),
    ((1, 2, 6, 5, 2, 3, 2), {"padding": (2, 0), "stride": (1, 2)}),
    ((1, 1, 5, 6, 2, 3, 3), {"padding": "same"}),
    ((2, 2, 6, 7, 2, 2, 4), {"padding": "same", "dilation": (3, 1), "groups": 2}),
    ((1, 2, 5, 4, 1, 2, 3), {"padding": "valid"}),
]
MODES = [
    Setup(shape, {**arguments, "padding_mode": mode}, about=f'with padding_mode "{mode}"')
    for mode in ("reflect", "replicate", "circular")
    for shape, arguments in BORDERS
] + [Setup(BORDERS[1][0], {**BORDERS[1][1], "padding_mode": "zeros"}, about='with padding_mode "zeros"')]


def right(chosen: list[Setup]) -> Callable[[Subject, Draw], None]:
    def check(subject: Subject, draw: Draw) -> None:
        compare(subject, chosen, draw)
        asked_before(draw).update(map(id, chosen))

    return check


def case_of(setup: Setup, draw: Draw) -> Case:
    return next(c.cases([setup], draw))


def not_the_library(subject: Subject, draw: Draw) -> None:
    """Whose forward is the library's has not written a layer; anything else that it raises is judged elsewhere."""
    case = case_of(c.PLAIN[0], draw)
    steps = subject.scripts([[making(case), (1, "vjp", case.args[:1], {}, None)]])[0]
    if isinstance(steps[-1], Banned):
        raise steps[-1]


def run(subject: Subject, cases: Sequence[Case], scripts: Sequence[Script]) -> list[list[Any]]:
    """What each step gave, of a script for each case; where one cannot go on, say why."""
    found = subject.scripts(scripts)
    return [told(subject, case, script, steps) for case, script, steps in zip(cases, scripts, found, strict=True)]


def answered(subject: Subject, question: Question, step: Any) -> Seen:
    """What came of the step `answering`."""
    return saw(subject, question.case, question.expected, step)


def parameters(subject: Subject, draw: Draw) -> None:
    """`weight` and `bias` of PyTorch's shapes, learning; the bias registered as None where it is switched off."""
    not_the_library(subject, draw)
    learns(subject, [case_of(setup, draw) for setup in biased([c.PLAIN[0], c.PLAIN[2], c.GROUPS[1], c.GROUPS[7]])])
    chosen = [replace(setup, bias=False, dtype=torch.float32) for setup in (c.PLAIN[2], c.GROUPS[1])]
    asked = questions(chosen, draw)
    scripts = [[making(q.case), STATE, loading(q.case), answering(q)] for q in asked]
    for question, script, steps in zip(asked, scripts, subject.scripts(scripts), strict=True):
        if len(steps) > 2 and "bias" not in check_state(steps[1], question.case):
            raise mistake("bias-not-registered", Evidence("bias=False", "bias registered as None", "no name `bias`"))
        steps = told(subject, question.case, script, steps)
        judge(subject.name, [answered(subject, question, steps[-1])], LAYER)


def learns(subject: Subject, cases: Sequence[Case]) -> None:
    for case, (_, state) in zip(cases, run(subject, cases, [[making(case), STATE] for case in cases]), strict=True):
        check_state(state, case)
        if not all(state[name].requires_grad for name in weights(case)):
            raise Wrong(Finding(f"`{subject.name}`: weight and bias should learn, so they require a gradient."))


# Layers with so many outputs that weight and bias have thousands of entries, as (in, out, kH, kW, groups).
MANY = (4, 4096, 1, 2, 2), (2, 3072, 2, 2, 1)


def distribution(subject: Subject, draw: Draw) -> None:
    """Uniform in −b…b with b = 1/√fan_in, weight and bias, drawn anew for each layer."""
    not_the_library(subject, draw)
    for inputs, outputs, kh, kw, groups in MANY:
        shapes = (1, inputs, kh, kw), (outputs, inputs // groups, kh, kw), (outputs,)
        case = Case(tuple(map(torch.zeros, shapes)), {"groups": groups}, "many outputs")
        states = [check_state(state, case) for _, state in run(subject, [case] * 2, [[making(case), STATE]] * 2)]
        for name in ("weight", "bias"):
            first, second = (values(state)[name].flatten().double() for state in states)
            evidence = Evidence(f"{name} of {shapes[1]}", "uniform, b = 1/√fan_in", shown(first))
            spread(name, first, inputs, outputs, kh * kw, groups, evidence)
            if torch.equal(first, second):
                raise Wrong(Finding(f"Two layers start with the same {name}; each draws its own.", None, evidence))


def spread(
    name: str, drawn: torch.Tensor, inputs: int, outputs: int, area: int, groups: int, evidence: Evidence
) -> None:
    """A wrong bound is named where it is a known one."""
    fan = inputs // groups * area
    if uniform(drawn, fan**-0.5):
        return
    if name == "bias" and not drawn.any():
        raise mistake("bias-zero", evidence)
    if any(uniform(drawn, fan_out**-0.5) for fan_out in (outputs * area, outputs // groups * area, outputs)):
        raise mistake("init-fan-out", evidence)
    if groups > 1 and uniform(drawn, (inputs * area) ** -0.5):
        raise mistake("init-fan-groups", evidence)
    bounded = drawn.abs().max()
    symmetric = bool(drawn.min() < 0 < drawn.max())
    raise mistake("init-bound" if uniform(drawn, float(bounded)) or not symmetric else "init-normal", evidence)


def uniform(drawn: torch.Tensor, bound: float) -> bool:
    """Are these, 3,000 or more, drawn uniformly from −bound…bound? Right work fails less than once in 10⁹.

    None lies beyond the bound, the largest comes within a hundredth of it (P ≤ 0.99ⁿ that it does not), and the
    empirical distribution is nowhere farther than `far` from the uniform one (Dvoretzky, Kiefer, Wolfowitz:
    P ≤ 2 exp(−2 n far²)).
    """
    n = drawn.numel()
    far = (12 / n) ** 0.5
    if not 0.99 * bound <= float(drawn.abs().max()) <= bound * (1 + 1e-6):
        return False
    expected = (drawn.sort().values / bound + 1) / 2
    steps = torch.arange(n + 1, dtype=torch.float64) / n
    return bool(torch.maximum((steps[1:] - expected).abs(), (steps[:-1] - expected).abs()).max() <= far)


def gradients(subject: Subject, draw: Draw) -> None:
    """Gradients to the input and to both parameters, on every configuration so far."""
    if not right_before(VALUES[:4], draw):
        compare(subject, VALUES[:4], draw)
    learns(subject, [fault.case for fault in noted(draw).faults[:1]])
    judge_gradients(subject, draw, detached)


def exchange(subject: Subject, draw: Draw) -> None:
    """A state_dict of nn.Conv2d's names goes in and comes out, each layer has its own, and what is loaded counts."""
    pairs = [questions([setup, setup], draw) for setup in biased(c.PLAIN[3:6:2] + c.GROUPS[:1])]
    scripts = [
        [
            *(making(first.case), making(first.case), STATE, loading(first.case), answering(first)),
            *(loading(second.case, on=2), STATE, loading(second.case), answering(second)),
        ]
        for first, second in pairs
    ]
    for (first, second), steps in zip(pairs, run(subject, [f.case for f, _ in pairs], scripts), strict=True):
        begun, answer = steps[2], steps[4]
        check_state(begun, first.case)
        judge(subject.name, [answered(subject, first, answer)], LAYER)
        left, last = steps[6], steps[8]
        kept = weights(first.case)
        if any(fault(value, kept[name]) for name, value in values(check_state(left, first.case)).items()):
            raise mistake("shared-weights", Evidence("weights loaded into a second layer", "the first's own", "shared"))
        seen = answered(subject, second, last)
        stale = layer(second.case.args[0], *first.case.args[1:], **first.case.kwargs).detach()
        if not fault(seen.got, stale):
            raise mistake(
                "stale-copy", Evidence("weights loaded after a call", shown(second.expected), shown(seen.got))
            )
        judge(subject.name, [seen], LAYER)


def dtypes(subject: Subject, draw: Draw) -> None:
    """float64, asked for when the layer is made, and by `to` afterwards."""
    chosen = [replace(setup, dtype=torch.float64) for setup in biased(c.TOGETHER[::9])]
    asked = questions(chosen[::2], draw)
    scripts: list[Script] = [
        [making(q.case, dtype=torch.float64, device="cpu"), STATE, loading(q.case), answering(q)] for q in asked
    ]
    found = run(subject, [q.case for q in asked], scripts)
    for question, (_, begun, _, _) in zip(asked, found, strict=True):
        held(begun, question.case, "device-dtype-ignored")
    judge(subject.name, [answered(subject, q, steps[-1]) for q, steps in zip(asked, found, strict=True)], LAYER)
    asked = questions(chosen[1::2], draw)
    scripts = [
        [
            *(making(q.case), (1, "vjp", (q.case.args[0].detach().float(),), {}, None), (1, "to", torch.float64)),
            *(STATE, loading(q.case), answering(q)),
        ]
        for q in asked
    ]
    for question, steps in zip(asked, run(subject, [q.case for q in asked], scripts), strict=True):
        *_, changed, _, answer = steps
        held(changed, question.case, "dtype-constant")
        moved = answered(subject, question, answer)
        if moved.fault:
            raise mistake("dtype-constant", Evidence(describe(moved.case), shown(moved.expected), shown(moved.got)))


def held(state: dict[str, Entry], case: Case, slip: str) -> None:
    """The parameters are float64."""
    found = {str(t.dtype) for t in values(check_state(state, case)).values()}
    if found != {"torch.float64"}:
        raise mistake(slip, Evidence(describe(case), "torch.float64", ", ".join(found)))


def steady(subject: Subject, draw: Draw) -> None:
    """The same answers in training and evaluation, from inputs in any memory layout, none of them changed."""
    options = {"stride": (2, 1), "padding": 1, "groups": 2}
    compare(subject, [Setup((2, 4, 6, 5, 2, 3, 2), options)] * len(LAYOUTS), draw)
    cases, scripts = [], []
    for layout in LAYOUTS:
        case = Case((draw.laid_out(layout, (2, 4, 6, 5)), draw.normal(2, 2, 3, 2), draw.normal(2)), options, layout)
        call: tuple = 1, "vjp", case.args[:1], {}, None
        cases.append(case)
        scripts.append([making(case), loading(case), (1, "train", True), call, (1, "train", False), call])
    for case, script, steps in zip(cases, scripts, subject.scripts(scripts), strict=True):
        expected = layer(*case.args, **case.kwargs)
        for step, what in zip(steps[3::2], (case.about, "eval")):
            stays(case, expected, step, what)
        told(subject, case, script, steps)


def stays(case: Case, expected: torch.Tensor, answer: Any, what: str) -> None:
    evidence = Evidence(describe(case), shown(expected), what)
    if isinstance(answer, Raised):
        raise mistake("contiguous-only", evidence)
    if fault(answer.after[0], case.args[0]):
        raise mistake("input-changed", evidence)
    if fault(answer.output, expected):
        raise mistake("train-dependent" if what == "eval" else "contiguous-only", evidence)


# (in, out, kernel size, options that cannot be right, the mistake of taking them): refused when the layer is made.
REFUSED: list[tuple[int, int, int, dict[str, Any], str]] = [
    (3, 4, 3, {"groups": 2}, "no-refusal-groups"),
    (4, 3, 3, {"groups": 2}, "no-refusal-groups"),
    (4, 6, 1, {"groups": 3}, "no-refusal-groups"),
    (2, 2, 3, {"padding": "same", "stride": 2}, "no-refusal-padding"),
    (2, 2, 3, {"padding": "same", "stride": (1, 2)}, "no-refusal-padding"),
    (2, 2, 3, {"padding": "full"}, "no-refusal-padding"),
    (2, 2, 3, {"padding": 1, "padding_mode": "mirror"}, "padding-mode-unknown"),
    (2, 2, 3, {"padding_mode": "constant"}, "padding-mode-unknown"),
]


BESIDE = VALUES[:2] + WORDS[:1] + [s for s in VALUES if len(s.arguments) == 1 and "padding" not in s.arguments][::2]


def refuses(subject: Subject, draw: Draw) -> None:
    """Refused when the layer is made, channels at the call; counts beside right values only."""
    if not right_before(BESIDE, draw):
        compare(subject, BESIDE, draw)
    scripts: list[Script] = [[(0, "make", arguments, options)] for *arguments, options, _ in REFUSED]
    for (*arguments, options, id), steps in zip(REFUSED, subject.scripts(scripts), strict=True):
        must_refuse(subject.name, f"{arguments}, {options}", steps[-1], partial(mistake, id))
    channels = (3, 1, 2), (3, 1, 4), (3, 1, 1), (4, 2, 2), (4, 2, 6)
    scripts = [
        [(0, "make", (inputs, 2, 3), {"groups": groups}), (1, "vjp", (draw.normal(1, given, 5, 5),), {}, None)]
        for inputs, groups, given in channels
    ]
    for (inputs, _, given), steps in zip(channels, subject.scripts(scripts), strict=True):
        if len(steps) == 1:
            raise steps[0]
        must_refuse(subject.name, f"channels {given} for {inputs}", steps[1], partial(mistake, "no-refusal-channels"))


Conv2d = Exam(
    "Conv2d",
    "Conv2d",
    (
        Criterion("parameters", "weight and bias: names, shapes, learning, bias=False", 1.0, parameters),
        Criterion("distribution", "how weight and bias are drawn at the start", 1.0, distribution),
        Criterion("values", "the convolution, with every argument an int or a pair", 1.5, right(VALUES)),
        Criterion("words", 'padding "same" and "valid"', 0.5, right(WORDS)),
        Criterion("modes", "the four padding modes", 1.0, right(MODES)),
        Criterion("gradients", "gradients to the input and both parameters", 0.5, gradients),
        Criterion("exchange", "state_dict exchanged with nn.Conv2d, each layer with its own", 0.5, exchange),
        Criterion("dtypes", "float64, from the start and by `to`", 0.5, dtypes),
        Criterion("steady", "train and eval alike, any memory layout, input unchanged", 0.5, steady),
        Criterion("refusals", "arguments that cannot be right are refused when the layer is made", 1.0, refuses),
    ),
    ban="convolution",
    stands_in={"conv2d": "conv2d"},
)
