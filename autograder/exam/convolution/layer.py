"""The exam of `Conv2d`, the layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from autograder.exam.cases import Case, Setup, Shape
from autograder.exam.compare import judge, shown
from autograder.exam.convolution import sums
from autograder.exam.convolution.mistakes_layer import LAYER, layer
from autograder.exam.convolution.sentences import SENTENCES
from autograder.exam.convolution.sums import cases
from autograder.exam.core import Criterion, Evidence, Exam, Unnamed, Wrong
from autograder.exam.draw import Draw
from autograder.exam.layers import LayerExam
from autograder.exam.scripts import State, parameters_of
from autograder.exam.statistics import is_uniform
from autograder.exam.subject import Subject


def made_with(case: Case) -> tuple[tuple, dict[str, Any]]:
    """in_channels, out_channels and kernel_size of a case, which is one number for a square kernel; its options, and no
    bias where the case has none."""
    x, weight = case.args[:2]
    kh, kw = weight.shape[2:]
    return (
        (x.shape[1], weight.shape[0], kh if kh == kw else (kh, kw)),
        case.kwargs | ({} if len(case.args) > 2 else {"bias": False}),
    )


def state_mistake(state: State, shapes: Mapping[str, Any], wanted: Mapping[str, Any], case: Case) -> str | None:
    """The mistake in a state's names and shapes."""
    parameters, inputs = set(parameters_of(state)), case.args[0].shape[1]
    if "weight" not in parameters and (not parameters or "weight" in state):
        return "weight-not-parameter"
    if "weight" not in parameters or parameters - {"weight", "bias"}:
        return "names-differ"
    got, right = shapes["weight"], wanted["weight"]
    if got != right:
        known = {
            "weight-shape-groups": [(right[0], inputs, *right[2:])],
            "weight-transposed": [(right[1], right[0], *right[2:]), (inputs, right[0], *right[2:])],
            "square-kernel": [(*right[:2], right[2], right[2])],
        }
        return next((mistake for mistake, shapes in known.items() if got in shapes), "names-differ")
    if shapes.get("bias") != wanted.get("bias"):
        return "names-differ" if "bias" in wanted else "no-bias-still-bias"
    return "weight-not-parameter" if "bias" in wanted and not state["bias"].parameter else None


LAYERS = LayerExam(layer, made_with, ("weight", "bias"), LAYER, state_mistake)


def biased(setups: list[Setup]) -> list[Setup]:
    """In float32 and with a bias: dtypes, and layers without one, have criteria of their own."""
    return [replace(setup, bias=True, dtype=torch.float32) for setup in setups]


def in_float64(setups: list[Setup]) -> list[Setup]:
    """In float64 and with a bias."""
    return [replace(setup, bias=True, dtype=torch.float64) for setup in setups]


VALUES = biased(
    [
        *(sums.PLAIN[1:8:2] + sums.PLAIN[8:10] + sums.STRIDE[::5] + sums.PADDING[::5]),
        *(sums.DILATION[::4] + sums.GROUPS[::4] + sums.TOGETHER[1::5]),
    ]
)
WORDS = biased(sums.WORDS)
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


def parameters(subject: Subject, draw: Draw) -> None:
    """`weight` and `bias` of PyTorch's shapes, learning; the bias registered as None where it is switched off."""
    check_not_the_library(subject, draw)
    shapes = biased([sums.PLAIN[0], sums.PLAIN[2], sums.GROUPS[1], sums.GROUPS[7]])
    LAYERS.check_learning(subject, [case for setup in shapes for case in cases([setup])(draw)])
    without = [replace(setup, bias=False, dtype=torch.float32) for setup in (sums.PLAIN[2], sums.GROUPS[1])]
    asked = LAYERS.asked(cases(without), draw)
    scripts = [LAYERS.script(a.case).state("begun").load(LAYERS.weights(a.case)).gradients("answer", a) for a in asked]
    found = subject.scripts([script.steps for script in scripts])
    for a, script, given in zip(asked, scripts, found, strict=True):
        replies = script.replies(given)
        if "load" in replies and "bias" not in LAYERS.check_state(replies["begun"], a.case):
            raise Wrong("bias-not-registered", Evidence("bias=False", "bias registered as None", "no name `bias`"))
        LAYERS.followed(subject, script, given)
        judge(subject.name, [LAYERS.answered(subject, a, replies["answer"])], LAYER)


def check_not_the_library(subject: Subject, draw: Draw) -> None:
    """Its forward is not `nn.Conv2d`'s."""
    (case,) = cases(sums.PLAIN[:1])(draw)
    LAYERS.check_not_the_library(subject, case)


# Layers with so many outputs that weight and bias have thousands of entries, as (in, out, kH, kW, groups).
MANY = (4, 4096, 1, 2, 2), (2, 3072, 2, 2, 1)


def distribution(subject: Subject, draw: Draw) -> None:
    """Uniform in −b…b with b = 1/√fan_in, weight and bias, drawn anew for each layer."""
    check_not_the_library(subject, draw)
    for inputs, outputs, kh, kw, groups in MANY:
        shapes = (1, inputs, kh, kw), (outputs, inputs // groups, kh, kw), (outputs,)
        case = Case(tuple(map(torch.zeros, shapes)), {"groups": groups}, "many outputs")
        found = LAYERS.ask(subject, [LAYERS.script(case).state("begun") for _ in range(2)])
        states = [LAYERS.check_state(replies["begun"], case) for replies in found]
        for name in ("weight", "bias"):
            first, second = (parameters_of(state)[name].flatten().double() for state in states)
            evidence = Evidence(f"{name} of {shapes[1]}", "uniform, b = 1/√fan_in", shown(first))
            if mistake := spread_mistake(name, first, inputs, outputs, kh * kw, groups):
                raise Wrong(mistake, evidence)
            if torch.equal(first, second):
                raise Unnamed(f"Two layers start with the same {name}; each draws its own.", evidence)


def spread_mistake(name: str, drawn: torch.Tensor, inputs: int, outputs: int, area: int, groups: int) -> str | None:
    """The mistake in how a parameter's entries (n,) were drawn; a wrong bound is named where it is a known one."""
    if is_uniform(drawn, (inputs // groups * area) ** -0.5):
        return None
    if name == "bias" and not drawn.any():
        return "bias-zero"
    if any(is_uniform(drawn, fan_out**-0.5) for fan_out in (outputs * area, outputs // groups * area, outputs)):
        return "init-fan-out"
    if groups > 1 and is_uniform(drawn, (inputs * area) ** -0.5):
        return "init-fan-groups"
    symmetric = bool(drawn.min() < 0 < drawn.max())
    return "init-bound" if is_uniform(drawn, float(drawn.abs().max())) or not symmetric else "init-normal"


# Arguments and options that cannot be right, refused when the layer is made, and the mistake of taking them.
REFUSED: list[tuple[tuple, dict[str, Any], str]] = [
    ((3, 4, 3), {"groups": 2}, "no-refusal-groups"),
    ((4, 3, 3), {"groups": 2}, "no-refusal-groups"),
    ((4, 6, 1), {"groups": 3}, "no-refusal-groups"),
    ((2, 2, 3), {"padding": "same", "stride": 2}, "no-refusal-padding"),
    ((2, 2, 3), {"padding": "same", "stride": (1, 2)}, "no-refusal-padding"),
    ((2, 2, 3), {"padding": "full"}, "no-refusal-padding"),
    ((2, 2, 3), {"padding": 1, "padding_mode": "mirror"}, "padding-mode-unknown"),
    ((2, 2, 3), {"padding_mode": "constant"}, "padding-mode-unknown"),
]


def other_channels(draw: Draw) -> list[tuple]:
    """Inputs with other channels than the layer's, refused when it is called."""
    return [
        ((inputs, 2, 3), {"groups": groups}, draw.normal(1, given, 5, 5), "no-refusal-channels")
        for inputs, groups, given in ((3, 1, 2), (3, 1, 4), (3, 1, 1), (4, 2, 2), (4, 2, 6))
    ]


ONE_OPTION = [s for s in VALUES if len(s.arguments) == 1 and "padding" not in s.arguments]
STEADY = Setup((2, 4, 6, 5, 2, 3, 2), {"stride": (2, 1), "padding": 1, "groups": 2})
FLOAT64 = in_float64(sums.TOGETHER[::9])

exchange = LAYERS.exchange(*(cases([setup]) for setup in biased(sums.PLAIN[3:6:2] + sums.GROUPS[:1])))
dtypes = LAYERS.dtypes(cases(FLOAT64[::2]), cases(FLOAT64[1::2]))
refuses = LAYERS.refuses(REFUSED, other_channels, beside=cases(VALUES[:2], WORDS[:1], ONE_OPTION[::2]))

Conv2d = Exam(
    "Conv2d",
    (
        Criterion("parameters", "weight and bias: names, shapes, learning, bias=False", 1.0, parameters),
        Criterion("distribution", "how weight and bias are drawn at the start", 1.0, distribution),
        Criterion("values", "the convolution, with every argument an int or a pair", 1.5, LAYERS.values(cases(VALUES))),
        Criterion("words", 'padding "same" and "valid"', 0.5, LAYERS.values(cases(WORDS))),
        Criterion("modes", "the four padding modes", 1.0, LAYERS.values(cases(MODES))),
        Criterion("gradients", "gradients to the input and both parameters", 0.5, LAYERS.gradients(cases(VALUES[:4]))),
        Criterion("exchange", "state_dict exchanged with nn.Conv2d, each layer with its own", 0.5, exchange),
        Criterion("dtypes", "float64, from the start and by `to`", 0.5, dtypes),
        Criterion(
            "steady", "train and eval alike, any memory layout, input unchanged", 0.5, LAYERS.steady(cases([STEADY]))
        ),
        Criterion("refusals", "arguments that cannot be right are refused when the layer is made", 1.0, refuses),
    ),
    sentences=SENTENCES,
    ban="convolution",
    stands_in={"conv2d": "conv2d"},
)
