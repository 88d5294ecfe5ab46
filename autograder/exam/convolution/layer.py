"""The exam of `Conv2d`, the layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from autograder.exam.cases import Case, Cases, Setup, Shape, choices, convolution_tensors, drawn, unbiased
from autograder.exam.compare import shown
from autograder.exam.convolution import sums
from autograder.exam.convolution.mistakes_layer import LAYER, layer
from autograder.exam.convolution.sentences import SENTENCES
from autograder.exam.core import Criterion, Evidence, Exam, Unnamed, Wrong
from autograder.exam.draw import Draw
from autograder.exam.features import Contrast
from autograder.exam.gate import equal, tensor
from autograder.exam.judging import judge
from autograder.exam.layers import LayerExam, Refusal
from autograder.exam.layouts import Place
from autograder.exam.scripts import Script, State, parameters_of
from autograder.exam.statistics import is_uniform
from autograder.exam.subject import Raised, Subject


def made_with(case: Case) -> tuple[tuple, dict[str, Any]]:
    """in_channels, out_channels and kernel_size of a case, which is one number for a square kernel; its options, and no
    bias where the case has none."""
    x, weight = case.args[:2]
    kh, kw = weight.shape[2:]
    options = case.kwargs if len(case.args) > 2 else {**case.kwargs, "bias": False}
    return (x.shape[1], weight.shape[0], kh if kh == kw else (kh, kw)), options


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


def plainly(*setups: Setup) -> Cases:
    """Cases whose bias is loaded as zeros, but where the setup has one: a layer has a bias unless it is told not to."""

    def tensors(setup: Setup, draw: Draw) -> tuple:
        x, weight, bias = convolution_tensors(replace(setup, bias=True), draw)
        return x, weight, bias if setup.bias else 0 * bias

    return drawn(tensors, setups)


PROBE = Case((torch.zeros(1, 3, 5, 5), torch.zeros(2, 3, 3, 3), torch.zeros(2)), about="as it is made")
LAYERS = LayerExam(layer, made_with, ("weight", "bias"), LAYER, state_mistake, plainly(*sums.DOOR), PROBE)


def without(setups: Sequence[Setup]) -> list[Setup]:
    """The setups without a bias."""
    return [replace(setup, bias=False) for setup in setups]


SQUARE: Shape = (1, 1, 6, 7, 1, 3, 3)
# Batches, channels and a bias; kernels that are not square; strides and paddings, numbers and pairs.
VALUES = [
    *(Setup(shape, bias=bias) for shape in [(2, 3, 5, 6, 2, 3, 3), (1, 2, 5, 5, 3, 2, 2)] for bias in (False, True)),
    *unbiased((1, 1, 5, 6, 1, 2, 3), (2, 2, 6, 5, 3, 3, 2), (3, 1, 4, 4, 2, 1, 1)),
    *without([Setup(SQUARE, arguments) for arguments in choices("stride", 2, 3, (2, 1), (1, 3))]),
    *without([Setup(SQUARE, arguments) for arguments in choices("padding", 1, 2, (1, 0), (0, 2))]),
    *without([Setup(SQUARE, {"stride": s, "padding": p}) for s, p in ((2, 1), ((2, 1), (0, 1)))]),
    Setup((2, 2, 6, 5, 3, 3, 2), {"stride": (3, 2), "padding": (1, 2)}),
]
DILATION = without([
    *(Setup((1, 1, 7, 8, 1, 3, 3), arguments) for arguments in choices("dilation", 2, 3, (2, 1), (1, 3))),
    Setup((2, 2, 8, 7, 3, 2, 3), {"dilation": (2, 3), "stride": (1, 2), "padding": (2, 1)}),
])  # fmt: skip
GROUPS = without([replace(setup, dtype=torch.float32) for setup in sums.GROUPS[::2]] + [
    Setup((2, 4, 6, 7, 6, 3, 3), {"groups": 2, "stride": 2, "padding": 1}),
])  # fmt: skip
WORDS = without([
    *(Setup((1, 1, 5, 6, 1, k, k), {"padding": word}) for word in ("same", "valid") for k in (3, 2, 4)),
    Setup((2, 2, 4, 6, 3, 5, 3), {"padding": "same"}),
    Setup((1, 2, 5, 6, 2, 2, 4), {"padding": "same"}),
    *(Setup((1, 1, 7, 8, 1, 3, 3), {"padding": "same", "dilation": d}) for d in (2, (1, 3))),
])  # fmt: skip
# Borders of each mode: a number, a pair, words; with what else moves the windows.
BORDERS: list[tuple[Shape, dict[str, Any]]] = [
    ((1, 1, 5, 6, 1, 3, 3), {"padding": 1}),
    ((2, 2, 5, 6, 2, 3, 3), {"padding": 2}),
    ((1, 2, 5, 6, 3, 3, 5), {"padding": (1, 2)}),
    ((1, 2, 6, 5, 2, 3, 2), {"padding": (2, 0), "stride": (1, 2)}),
    ((1, 1, 5, 6, 2, 3, 3), {"padding": "same"}),
    ((2, 2, 6, 7, 2, 2, 4), {"padding": "same", "dilation": (3, 1), "groups": 2}),
    ((1, 2, 5, 4, 1, 2, 3), {"padding": "valid"}),
]
MODE_WORDS = ("reflect", "replicate", "circular")
MODES = without([
    *(Setup(shape, {**arguments, "padding_mode": mode}, about=f'with padding_mode "{mode}"')
      for mode in MODE_WORDS for shape, arguments in BORDERS),
    Setup(BORDERS[1][0], {**BORDERS[1][1], "padding_mode": "zeros"}, about='with padding_mode "zeros"'),
])  # fmt: skip
GRADIENTS = [
    *(VALUES[:2] + VALUES[4:6] + VALUES[-1:] + DILATION[::2] + GROUPS[:2] + WORDS[::5]),
    *(MODES[0], MODES[len(BORDERS)], MODES[2 * len(BORDERS) + 4]),
]
STEADY = Setup((2, 4, 6, 5, 2, 3, 3), bias=False)
EXCHANGE = unbiased((1, 1, 5, 4, 1, 3, 3), (2, 3, 5, 6, 2, 3, 3), (1, 2, 5, 5, 3, 2, 2))
FLOAT64 = [replace(setup, dtype=torch.float64, about="in float64") for setup in EXCHANGE]


def parameters(subject: Subject, draw: Draw) -> None:
    """Arguments by their names and in PyTorch's order; weight and bias of PyTorch's names and shapes, learning."""
    LAYERS.state(plainly(VALUES[1], VALUES[3]))(subject, draw)
    seen = LAYERS.look(subject, draw)
    options: dict[str, Any] = dict(stride=1, padding=2, dilation=2, groups=4, bias=False, padding_mode="reflect")
    sizes = {"in_channels": 4, "out_channels": 4, "kernel_size": 3}
    x, weight = draw.normal(1, 4, 6, 7), draw.normal(4, 1, 3, 3)
    case = Case((x, weight), {name: value for name, value in options.items() if name != "bias"}, "by position")
    plain = Case((x, draw.normal(4, 4, 3, 3), torch.zeros(4)), about="with its arguments' names")
    scripts = [
        LAYERS.calling(seen, plain, Script(plain).make("layer", (), sizes)),
        LAYERS.calling(seen, case, Script(case).make("layer", (4, 4, 3), options)),
        LAYERS.calling(seen, case, Script(case).make("layer", (4, 4, 3, *options.values()), {})),
    ]
    by_name, named, by_position = LAYERS.played(subject, seen, scripts)
    # Where the options fail by their names, they have cost their own criterion.
    judge(subject.name, [by_name.comparison], LAYER, Contrast(frozenset({"arguments"}), "with its arguments' names"))
    if not named.comparison.fault:
        parted = Contrast(frozenset({"by position"}), "with its arguments by position", "With their names it is right.")
        judge(subject.name, [by_position.comparison], LAYER, parted)


def no_bias(subject: Subject, draw: Draw) -> None:
    """With bias=False the attribute is None, no name of the state has a bias, and the answers are right."""
    seen = LAYERS.look(subject, draw)
    given = [Case(case.args[:2]) for case in plainly(*EXCHANGE)(draw)]
    scripts = [LAYERS.calling(seen, case).attribute("bias", "bias") for case in given]
    for called in LAYERS.played(subject, seen, scripts):
        place = seen.layout.places.get("bias")
        state = called.replies.get("made", {}) if seen.layout.in_state else {}
        if place and place.name in state and state[place.name].tensor is not None:
            raise Wrong("no-bias-still-bias", called.comparison.evidence)
        judge(subject.name, [called.comparison], LAYER)
        if place == Place("bias") and called.replies.get("bias") is not None:
            named = isinstance(called.replies["bias"], Raised)
            raise Wrong("bias-not-registered" if named else "no-bias-still-bias", called.comparison.evidence)


# Layers with so many outputs that weight and bias have thousands of entries: (in, out, kH, kW) and options.
MANY: list[tuple[Shape, dict[str, Any]]] = [
    ((2, 3072, 2, 2), {}), ((4, 4096, 1, 1), {"groups": 2}), ((3, 3072, 1, 1), {"dtype": torch.float64}),
]  # fmt: skip


def distribution(subject: Subject, draw: Draw) -> None:
    """Uniform in −b…b with b = 1/√fan_in, weight and bias, each entry drawn anew, and for each layer."""
    layout = LAYERS.look(subject, draw).layout
    for (inputs, outputs, kh, kw), options in MANY:
        groups = options.get("groups", 1)
        shapes = (1, inputs, kh, kw), (outputs, inputs // groups, kh, kw), (outputs,)
        case = Case(tuple(map(torch.zeros, shapes)), options, "many outputs")
        script = LAYERS.own(LAYERS.and_make("other", LAYERS.script(case)), layout, "first")
        try:
            (replies,) = LAYERS.ask(subject, [LAYERS.own(script, layout, "second", "other")])
        except Raised:
            if not options:
                raise
            continue  # a layer without this option, which has a criterion of its own
        for name, place in layout.places.items():
            first, second = (LAYERS.found(layout, replies, which).get(place.name) for which in ("first", "second"))
            drawn = tensor(subject.name, first).flatten().double()
            evidence = Evidence(f"{name} of {shapes[1]}", "uniform, b = 1/√fan_in", shown(drawn))
            if name == "weight":  # of whatever shape: what one output sees
                fan_in = len(drawn) // outputs
            if mistake := spread_mistake(name, drawn, inputs, outputs, kh * kw, groups, fan_in):
                raise Wrong(mistake, evidence)
            if len(drawn.unique()) < 0.9 * len(drawn):
                said = f"Entries of the {name} start alike; each is drawn by itself."
                raise Unnamed(said, evidence, {"first weights"})
            shared = layout.in_state and replies["first"][place.name].id == replies["second"][place.name].id
            if not shared and equal(first, second):  # whether a weight is shared is asked elsewhere
                said = f"Two layers start with the same {name}; each draws its own."
                raise Unnamed(said, evidence, {"first weights"})


def spread_mistake(
    name: str, drawn: torch.Tensor, inputs: int, outputs: int, area: int, groups: int, fan_in: int
) -> str | None:
    """The mistake in how a parameter's entries (n,) were drawn; a wrong bound is named where it is a known one."""
    if is_uniform(drawn, fan_in**-0.5):
        return None
    if name == "bias" and not drawn.any():
        return "bias-zero"
    if any(is_uniform(drawn, fan_out**-0.5) for fan_out in (outputs * area, outputs // groups * area, outputs)):
        return "init-fan-out"
    if groups > 1 and is_uniform(drawn, (inputs * area) ** -0.5):
        return "init-fan-groups"
    symmetric = bool(drawn.min() < 0 < drawn.max())
    return "init-bound" if is_uniform(drawn, float(drawn.abs().max())) or not symmetric else "init-normal"


def refusals(draw: Draw) -> list[Refusal]:
    """What the layer refuses when it is made, and inputs of other channels, which it refuses when it is called."""
    groups, same, reflect, channels = (
        next(iter(plainly(setup)(draw))) for setup in (GROUPS[0], WORDS[0], MODES[0], VALUES[0])
    )
    unknown = ({"padding": 1, "padding_mode": "mirror"}, {"padding_mode": "constant"})
    words = ({"padding": "same", "stride": 2}, {"padding": "same", "stride": 3}, {"padding": "full"})
    indivisible = (((3, 4, 3), 2), ((4, 3, 3), 2), ((4, 6, 1), 3))
    return [
        (groups, [(sizes, {"groups": g}, None) for sizes, g in indivisible], "no-refusal-groups"),
        (same, [((2, 2, 3), options, None) for options in words], "no-refusal-padding"),
        (reflect, [((2, 2, 3), options, None) for options in unknown], "padding-mode-unknown"),
        (channels, [((3, 2, 3), {}, draw.normal(1, c, 5, 5)) for c in (2, 4, 1)], "no-refusal-channels"),
        (groups, [((4, 2, 3), {"groups": 2}, draw.normal(1, c, 5, 5)) for c in (2, 6)], "no-refusal-channels"),
    ]


Conv2d = Exam(
    "Conv2d",
    (
        Criterion(
            "parameters", "arguments by name and in order; weight and bias: names, shapes, learning", 1.0, parameters,
        ),
        Criterion("bias", "no bias with bias=False", 0.5, no_bias),
        Criterion("distribution", "how weight and bias are drawn at the start", 0.5, distribution),
        Criterion(
            "values", "batches, channels and bias; kernel, stride and padding, an int or a pair", 1.0,
            LAYERS.values(plainly(*VALUES), shows=("bias", "channels", "batch", "outputs")),
        ),
        Criterion(
            "dilation", "dilation, an int or a pair", 0.5,
            LAYERS.values(plainly(*DILATION), of=("dilation",), shows=("dilation",)),
        ),
        Criterion(
            "groups", "groups and depthwise", 0.5,
            LAYERS.values(plainly(*GROUPS), of=("groups",), shows=("groups",)),
        ),
        Criterion(
            "words", 'padding "same" and "valid"', 0.5,
            LAYERS.values(plainly(*WORDS), of=("padding",), shows=("padding same", "padding valid")),
        ),
        Criterion(
            "modes", "the four padding modes", 1.0,
            LAYERS.values(plainly(*MODES), of=("padding_mode",), shows=[f"padding_mode {mode}" for mode in MODE_WORDS]),
        ),
        Criterion(
            "gradients", "gradients to the input and both parameters", 0.5, LAYERS.gradients(plainly(*GRADIENTS))
        ),
        Criterion(
            "exchange", "a state_dict that is loaded counts, and each layer has its own", 0.5,
            LAYERS.exchange(*(plainly(setup) for setup in EXCHANGE)),
        ),
        Criterion("dtypes", "float64, from the start and by `to`", 0.5, LAYERS.dtypes(plainly(*FLOAT64))),
        Criterion(
            "steady", "train and eval alike, any memory layout, input unchanged", 0.5, LAYERS.steady(plainly(STEADY))
        ),
        Criterion("refusals", "what cannot be right is refused", 0.5, LAYERS.refuses(refusals)),
    ),
    sentences=SENTENCES,
    ban="convolution",
    stands_in={"conv2d": "conv2d"},
    brings={"weight-not-parameter": ("dtype-constant",), "stale-copy": ("detached",)},
)  # fmt: skip
