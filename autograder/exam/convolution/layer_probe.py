"""How a `Conv2d` is asked: made with a configuration's arguments, given its weights, called forward and backward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from autograder.candidate.objects import Answer, Entry
from autograder.exam.compare import (
    Case,
    Gradients,
    Seen,
    agree,
    describe,
    fault,
    gradient_fault,
    judge,
    saw,
    shown,
    small_kernels,
)
from autograder.exam.convolution import cases as c
from autograder.exam.convolution.functions import mistake
from autograder.exam.convolution.mistakes_layer import LAYER, layer
from autograder.exam.core import Evidence, Finding, Wrong
from autograder.exam.draw import Draw
from autograder.exam.subject import Raised, Subject

T = torch.Tensor


@dataclass
class Question:
    """A configuration with its input and weights, PyTorch's answer, and the gradients to input, weight and bias."""

    case: Case
    expected: T
    cotangent: T
    wanted: tuple[T, ...]


def questions(chosen: list[c.Setup], draw: Draw) -> list[Question]:
    made = []
    with small_kernels():
        for case in c.cases(chosen, draw):
            leaves = [t.requires_grad_() for t in case.args]
            expected = layer(*leaves, **case.kwargs)
            cotangent = draw.normal(*expected.shape, dtype=expected.dtype)
            wanted = torch.autograd.grad(expected, leaves, cotangent)
            made.append(Question(case, expected.detach(), cotangent, wanted))
    return made


def shaped(case: Case) -> tuple[int, int, int | tuple[int, int]]:
    """in_channels, out_channels and kernel_size of a case; a square kernel's size is one number."""
    x, weight = case.args[:2]
    kh, kw = weight.shape[2:]
    return x.shape[1], weight.shape[0], kh if kh == kw else (kh, kw)


def make(subject: Subject, case: Case, **more: Any) -> Subject:
    """A layer for a case, which has a bias where the case has one."""
    if len(case.args) == 2:
        more["bias"] = False
    return subject.make(*shaped(case), **case.kwargs, **more)


def weights(case: Case) -> dict[str, T]:
    return {name: t.detach() for name, t in zip(("weight", "bias"), case.args[1:], strict=False)}


def load(subject: Subject, made: Subject, case: Case) -> None:
    """Give the layer the case's weights; where it does not take them, say why."""
    try:
        made.load(weights(case))
    except Raised as error:
        check_state(subject, made, case)
        raise mistake("names-differ", Evidence(describe(case), "load_state_dict", str(error))) from None


def check_state(subject: Subject, made: Subject, case: Case) -> dict[str, Entry]:
    """PyTorch's names and shapes, both of them parameters; the state is given back."""
    wanted = weights(case)
    state = made.state() if made.is_module else {}
    text = str({name: None if e.tensor is None else tuple(e.tensor.shape) for name, e in state.items()})
    evidence = Evidence(describe(case), str({name: tuple(t.shape) for name, t in wanted.items()}), text)
    if not made.is_module:
        raise Wrong(Finding(f"`{subject.name}(…)` gives no `nn.Module`.", None, evidence))
    parameters = {name: e for name, e in state.items() if e.parameter and e.tensor is not None}
    if "weight" not in parameters and (not parameters or "weight" in state):
        raise mistake("weight-not-parameter", evidence)
    if "weight" not in parameters or set(parameters) - {"weight", "bias"}:
        raise mistake("names-differ", evidence)
    check_shapes(state, case, evidence)
    return state


def check_shapes(state: dict[str, Entry], case: Case, evidence: Evidence) -> None:
    wanted, inputs = {name: tuple(t.shape) for name, t in weights(case).items()}, case.args[0].shape[1]
    shapes = {name: None if e.tensor is None else tuple(e.tensor.shape) for name, e in state.items()}
    got, right = shapes["weight"], wanted["weight"]
    if got != right:
        slips = {
            "weight-shape-groups": [(right[0], inputs, *right[2:])],
            "weight-transposed": [(right[1], right[0], *right[2:]), (inputs, right[0], *right[2:])],
            "square-kernel": [(*right[:2], right[2], right[2])],
        }
        raise mistake(next((id for id, shapes in slips.items() if got in shapes), "names-differ"), evidence)
    if shapes.get("bias") == wanted.get("bias"):
        if "bias" in wanted and not state["bias"].parameter:
            raise mistake("weight-not-parameter", evidence)
        return
    raise mistake("names-differ" if "bias" in wanted else "no-bias-still-bias", evidence)


def ask(subject: Subject, asked: Sequence[Question], **more: Any) -> list[Seen]:
    """Make, load, call forward and backward, for each configuration."""
    cases = [question.case for question in asked]
    options = [case.kwargs | ({} if len(case.args) > 2 else {"bias": False}) | more for case in cases]
    answers = subject.trials(
        [
            (shaped(case), named, weights(case), case.args[:1], question.cotangent)
            for case, named, question in zip(cases, options, asked, strict=True)
        ]
    )
    failed = [case for case, answer in zip(cases, answers, strict=True) if isinstance(answer, Raised)]
    seen = [saw(subject, q.case, q.expected, answer) for q, answer in zip(asked, answers, strict=True)]
    if failed:  # is it the layer that does not take its weights?
        load(subject, make(subject, failed[0], **more), failed[0])
    return seen


def answered(made: Subject, question: Question) -> Seen:
    """What a layer that has its weights answers, with the gradients."""
    case = question.case
    try:
        return saw(made, case, question.expected, made.gradients(case.args[:1], {}, question.cotangent))
    except Raised as error:
        return saw(made, case, question.expected, error)


def gradients_of(answer: Answer, case: Case) -> list[T | None]:
    """To input, weight and bias."""
    return [*answer.gradients, *(answer.parameters.get(name) for name in weights(case))]


def compare(subject: Subject, chosen: list[c.Setup], draw: Draw) -> None:
    """Right values; their gradients are noted for the gradients' own criterion."""
    notes = draw.notes.setdefault("gradients", Gradients())
    asked = questions(chosen, draw)
    seen = ask(subject, asked)
    for s, question in zip(seen, asked, strict=True):
        if s.answer is not None and s.fault is None:
            notes.compared += 1
            got = gradients_of(s.answer, s.case)
            if note := gradient_fault(got, question.wanted):
                notes.faults.append(Seen(s.case, question.wanted, got, note))
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
    first = values(made.state())
    load(subject, made, case)
    outputs = []
    for mode in (True, False, True):
        made.train(mode)
        outputs.append(made(x))
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
