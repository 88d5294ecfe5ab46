"""How a `Conv2d` is asked: made with a configuration's arguments, given its weights, called forward and backward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from autograder.exam import gradients
from autograder.exam.compare import Case, Seen, agree, describe, fault, judge, saw, shown
from autograder.exam.convolution import cases as c
from autograder.exam.convolution.functions import mistake
from autograder.exam.convolution.mistakes_layer import LAYER, layer
from autograder.exam.core import Evidence, Finding, Wrong
from autograder.exam.draw import Draw
from autograder.exam.gate import tensor
from autograder.exam.gradients import Question, noted
from autograder.exam.setups import Setup
from autograder.exam.subject import Raised, Script, Subject
from autograder.objects.operations import Answer, Entry

T = torch.Tensor


def questions(chosen: list[Setup], draw: Draw) -> list[Question]:
    return gradients.questions(layer, c.cases(chosen, draw), draw)


def shaped(case: Case) -> tuple[int, int, int | tuple[int, int]]:
    """in_channels, out_channels and kernel_size of a case; a square kernel's size is one number."""
    x, weight = case.args[:2]
    kh, kw = weight.shape[2:]
    return x.shape[1], weight.shape[0], kh if kh == kw else (kh, kw)


def options(case: Case, **more: Any) -> dict[str, Any]:
    """A case's arguments, and no bias where the case has none."""
    return case.kwargs | ({} if len(case.args) > 2 else {"bias": False}) | more


def make(subject: Subject, case: Case, **more: Any) -> Subject:
    """A layer for a case."""
    return subject.make(*shaped(case), **options(case, **more))


def weights(case: Case) -> dict[str, T]:
    return {name: t.detach() for name, t in zip(("weight", "bias"), case.args[1:], strict=False)}


# Steps of scripts (see `Subject.scripts`); `on`: the script's first layer, or its second.
def making(case: Case, **more: Any) -> tuple:
    return 0, "make", shaped(case), options(case, **more)


def loading(case: Case, on: int = 1) -> tuple:
    return on, "load", weights(case)


def answering(question: Question) -> tuple:
    """Forward and backward, with the gradient of every parameter."""
    return 1, "gradients", question.case.args[:1], {}, question.cotangent


STATE = 1, "state"


def told(subject: Subject, case: Case, script: Script, steps: list[Any]) -> list[Any]:
    """What each step of a layer's script gave. Where one raised other than `answering`'s, say why."""
    error = steps[-1]
    if isinstance(steps[0], str) and steps[0] != "module":
        raise no_module(subject, case)
    if not isinstance(error, Raised) or script[len(steps) - 1][1] == "gradients":
        return steps
    if script[len(steps) - 1][1] == "load":
        raise not_loaded(subject, make(subject, case), case, error)
    raise error


def no_module(subject: Subject, case: Case) -> Wrong:
    return Wrong(Finding(f"`{subject.name}(…)` gives no `nn.Module`.", None, Evidence(describe(case), "a layer", "")))


def not_loaded(subject: Subject, made: Subject, case: Case, error: Raised) -> Wrong:
    """Why a layer does not take the case's weights."""
    if not made.is_module:
        return no_module(subject, case)
    check_state(made.state(), case)
    return mistake("names-differ", Evidence(describe(case), "load_state_dict", str(error)))


def load(subject: Subject, made: Subject, case: Case) -> None:
    """Give the layer the case's weights; where it does not take them, say why."""
    try:
        made.load(weights(case))
    except Raised as error:
        raise not_loaded(subject, made, case, error) from None


def check_state(state: dict[str, Entry], case: Case) -> dict[str, Entry]:
    """PyTorch's names and shapes, both of them parameters; the state is given back."""
    wanted = {name: tuple(t.shape) for name, t in weights(case).items()}
    shapes = {name: None if e.tensor is None else tuple(e.tensor.shape) for name, e in state.items()}
    if id := state_slip(state, shapes, wanted, inputs=case.args[0].shape[1]):
        raise mistake(id, Evidence(describe(case), str(wanted), str(shapes)))
    return state


def state_slip(
    state: dict[str, Entry], shapes: dict[str, Any], wanted: dict[str, tuple[int, ...]], inputs: int
) -> str | None:
    """The mistake in a state's names and shapes."""
    parameters = {name: e for name, e in state.items() if e.parameter and e.tensor is not None}
    if "weight" not in parameters and (not parameters or "weight" in state):
        return "weight-not-parameter"
    if "weight" not in parameters or set(parameters) - {"weight", "bias"}:
        return "names-differ"
    got, right = shapes["weight"], wanted["weight"]
    if got != right:
        slips = {
            "weight-shape-groups": [(right[0], inputs, *right[2:])],
            "weight-transposed": [(right[1], right[0], *right[2:]), (inputs, right[0], *right[2:])],
            "square-kernel": [(*right[:2], right[2], right[2])],
        }
        return next((id for id, shapes in slips.items() if got in shapes), "names-differ")
    if shapes.get("bias") != wanted.get("bias"):
        return "names-differ" if "bias" in wanted else "no-bias-still-bias"
    return "weight-not-parameter" if "bias" in wanted and not state["bias"].parameter else None


def ask(subject: Subject, asked: Sequence[Question]) -> list[Seen]:
    """Make, load, call forward and backward, for each configuration."""
    found = subject.scripts([[making(q.case), loading(q.case), answering(q)] for q in asked])
    answers = [steps[-1] for steps in found]
    seen = [saw(subject, q.case, q.expected, answer) for q, answer in zip(asked, answers, strict=True)]
    failed = [q.case for q, answer in zip(asked, answers, strict=True) if isinstance(answer, Raised)]
    if failed:  # is it the layer that does not take its weights?
        load(subject, make(subject, failed[0]), failed[0])
    return seen


def gradients_of(answer: Answer, case: Case) -> list[T | None]:
    """To input, weight and bias."""
    return [*answer.gradients, *(answer.parameters.get(name) for name in weights(case))]


def compare(subject: Subject, chosen: list[Setup], draw: Draw) -> None:
    """Right values; their gradients are noted for the gradients' own criterion."""
    asked = questions(chosen, draw)
    seen = ask(subject, asked)
    for s, question in zip(seen, asked, strict=True):
        if s.answer is not None:
            noted(draw).compare(s, gradients_of(s.answer, s.case), question.wanted)
    wrong = [s for s in seen if s.fault and s.answer is not None]
    if wrong:
        probe(subject, wrong[0])
    judge(subject.name, seen, LAYER)


def probe(subject: Subject, seen: Seen) -> None:
    """Why values are wrong which may have nothing to do with the sum: what the layer does beside it."""
    case, answer = seen.case, seen.answer
    assert answer is not None
    evidence = Evidence(describe(case), shown(seen.expected), shown(seen.got))
    x = case.args[0].detach()
    if fault(answer.after[0], x):
        raise mistake("input-changed", evidence)
    made = make(subject, case)
    first = values(check_state(made.state(), case))
    load(subject, made, case)
    outputs = []
    for mode in (True, False, True):
        made.train(mode)
        outputs.append(tensor(subject.name, made(x)))
    loaded = weights(case)
    if any(fault(value, loaded.get(name)) for name, value in values(made.state()).items()):
        raise mistake("parameters-redrawn", evidence)
    if any(fault(out, outputs[0]) for out in outputs):
        raise mistake("train-dependent", evidence)
    for stale in ({"weight": first["weight"]}, first):
        if agree(outputs[0], layer(x, **(loaded | stale), **case.kwargs)):
            raise mistake("stale-copy", evidence)


def values(state: dict[str, Entry]) -> dict[str, T]:
    return {name: e.tensor for name, e in state.items() if e.tensor is not None and e.parameter}
