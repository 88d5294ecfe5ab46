"""The exam of `activations`, and the mistakes people make in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from autograder.exam.calls import Call, Value
from autograder.exam.cases import Case, Cases
from autograder.exam.draw import Draw
from autograder.exam.features import Features, holding
from autograder.exam.interpretability.asking import model_exam
from autograder.exam.interpretability.model_mistakes import left_mistakes, mode_mistakes
from autograder.exam.interpretability.models import (
    T,
    built,
    convolution,
    evaluated,
    linear,
    network,
    norm,
)
from autograder.exam.mistakes import (
    Function,
    Misconception,
    always,
    misconception,
    with_all_arguments,
    with_arguments,
    with_result,
)
from autograder.exam.subject import Answer, Raised
from autograder.objects.recipes import Recipe


def own_output(given: T, out: T) -> T:
    """What a hook keeps, by the layer's input and output: a copy of the output."""
    return out.detach().clone()


def activation(images, model, layer, kept=own_output):
    """The layer's output for the images. What mistakes change: what the hook keeps."""
    found: list[T] = []
    with evaluated(built(model)) as made, torch.enable_grad():
        hook = made.get_submodule(layer).register_forward_hook(
            lambda module, given, out: found.append(kept(given[0], out))
        )
        try:
            made(images)
        finally:
            hook.remove()
    return found[0]


def keeping(id: str, *ways: Callable[[T, T], T]) -> Misconception:
    """The hook keeps something else."""
    return misconception(id, *(with_arguments(activation, kept=always(way)) for way in ways))


def otherwise(ask: Callable[[nn.Module, nn.Module, T], T]) -> Function:
    """Something else is asked of the model, its layer and the images."""

    def rule(function: Function, images: T, model: Recipe | nn.Module, layer: str, kept: Any) -> T:
        with evaluated(built(model)) as made, torch.no_grad():
            return ask(made, made.get_submodule(layer), images)

    return with_all_arguments(activation, rule)


def layer_by_layer(model: nn.Module, layer: nn.Module, x: T) -> T:
    """Each layer of the outermost module, until this one."""
    for one in model.children():
        x = one(x)
        if one is layer:
            break
    return x


def after_an_error(function: Function, model: Recipe | nn.Module, **given: Any) -> T:
    """A hook stays if the model raises."""
    try:
        return function(model=model, **given)
    except Exception:
        if isinstance(model, nn.Module):
            model.register_forward_hook(lambda *about: None)
        raise


ACTIVATION_MISTAKES: tuple[Misconception, ...] = (
    misconception("activations-model-output", otherwise(lambda model, layer, images: model(images))),
    keeping("activations-input", lambda given, out: given.detach().clone()),
    misconception("activations-layer-alone", otherwise(lambda model, layer, images: layer(images)), raises=True),
    misconception("activations-list", with_result(activation, lambda found: [found])),
    misconception("activations-not-nested", otherwise(layer_by_layer)),
    keeping("activations-in-place", lambda given, out: out.detach()),
    keeping("activations-attached", lambda given, out: out.clone()),
    keeping(
        "activations-first-image",
        lambda given, out: out[:1].detach().clone(),
        lambda given, out: out[0].detach().clone(),
        lambda given, out: out[-1:].detach().clone(),
        lambda given, out: out.mean(0).detach(),
        lambda given, out: out.mean(0, keepdim=True).detach(),
    ),
    mode_mistakes(activation),
    misconception("hook-left-after-error", with_all_arguments(activation, after_an_error)),
    *left_mistakes(activation),
)


# ---------------------------------------------------------------- cases
@dataclass(eq=False)
class Detached(Value):
    """Whether a gradient leads from what came back to the images."""

    parted = False
    tells = frozenset({"gradient"})

    def sentence(self, name, reference, when, numbers, beside):
        if isinstance(self.answer, Raised):
            return super().sentence(name, reference, when, numbers, beside)
        return (
            f"What `{name}` gives back is still attached to the graph of the model, so a gradient leads to the images."
        )

    def _ask(self, function):
        try:
            return function(self.case.args[0].clone().requires_grad_(), **self.case.kwargs).requires_grad
        except Exception as error:
            return Raised(type(error).__name__, "")


def ask_detached(cases: Cases) -> Callable[[Any, Draw], list[Call]]:
    """Each case with images that ask for a gradient."""

    def ask(subject: Any, draw: Draw) -> list[Call]:
        given = list(cases(draw))
        calls = []
        for case in given:
            back = torch.ones_like(activation(*case.args, **case.kwargs))
            calls.append(((case.args[0].clone().requires_grad_(),), case.kwargs, back))
        return [
            Detached(case, answer if isinstance(answer, Raised) else Answer(answer.gradients != [None], changed=False))
            for case, answer in zip(given, subject.vjps(calls), strict=True)
        ]

    return ask


Shape = tuple[int, int, int, int]  # (N, C, H, W)
Make = Callable[[Draw, Shape], Recipe]


def straight(draw: Draw, shape: Shape, **how: Any) -> Recipe:
    """Convolutions and what stands between them, one layer after the other."""
    first, second = convolution(draw, shape[1], 5, padding=1), convolution(draw, 5, 2, stride=2)
    rows, columns = ((side - 3) // 2 + 1 for side in shape[2:])
    return network(first, ("tanh",), second, ("relu",), ("flatten",), linear(draw, 2 * rows * columns, 3), **how)


def in_place(draw: Draw, shape: Shape, **how: Any) -> Recipe:
    """In-place layers after convolutions and after a batch norm."""
    first, second = convolution(draw, shape[1], 3), convolution(draw, 3, 4)
    return network(first, ("relu", True), second, norm(draw, 4), ("relu", True), ("average",), ("flatten",), **how)


def nested(draw: Draw, shape: Shape, **how: Any) -> Recipe:
    """Layers within other modules."""
    inner = ("residual", convolution(draw, 4, 4, padding=1), ("tanh",), convolution(draw, 4, 4, padding=1))
    group = ("group", convolution(draw, shape[1], 4), inner, ("tanh",))
    return network(("group", group, ("max_pool", 2)), ("average",), ("flatten",), linear(draw, 4, 3), **how)


def careful(draw: Draw, shape: Shape, *last: Any, **how: Any) -> Recipe:
    """A batch norm and a dropout, which lets nothing pass in train mode."""
    rows = convolution(draw, shape[1], 4), norm(draw, 4), ("dropout", 1.0), ("tanh",), convolution(draw, 4, 2), *last
    return network(*rows, **how)


def layers(make: Make, some: Sequence[Shape], *paths: str) -> Cases:
    """Images of each of these shapes, and each of these layers of such a model."""

    def cases(draw: Draw) -> Iterator[Case]:
        for shape in some:
            for path in paths:
                yield Case((draw.uniform(*shape),), {"model": make(draw, shape), "layer": path})

    return cases


def layer_features(reference: Callable[..., T], case: Case) -> Features:
    """What is special about a call."""
    (images,), model, path = case.args, case.kwargs["model"], case.kwargs["layer"]
    rows = model.args[0]
    following = rows[int(path) + 1] if path.isdigit() and int(path) + 1 < len(rows) else [""]
    facts = {
        "batch": len(images) > 1,
        "nested layer": "." in path,
        "in place": list(following) == ["relu", True],
        "train mode": model.kwargs.get("training", False),
    }
    return holding(facts)


ONE: list[Shape] = [(1, 1, 7, 7), (1, 3, 6, 8)]
MANY: list[Shape] = [(3, 1, 7, 7), (2, 3, 6, 8), (4, 2, 5, 5)]
ACTIVATIONS = model_exam(
    "activations",
    "model layer images",
    activation,
    ACTIVATION_MISTAKES,
    layers(straight, ONE, "0", "2", "5"),
    features=layer_features,
)
failing = partial(layers, lambda draw, shape: careful(draw, shape, ("failing",)), [(2, 3, 6, 6)])
activations = ACTIVATIONS.exam(
    ACTIVATIONS.values(
        "values", "the layer's own output for every image", 1.0, layers(straight, MANY, "0", "1", "2", "3", "4", "5")
    ),
    ACTIVATIONS.values(
        "nested", "layers inside other modules", 0.5, layers(nested, ONE, "0.0.0", "0.0.1.1", "0.0.1", "0.0", "0", "3")
    ),
    ACTIVATIONS.values("in_place", "before an in-place layer", 0.5, layers(in_place, ONE, "0", "3")),
    ACTIVATIONS.criterion(
        "detached",
        "the result is detached, in the images' type",
        0.5,
        ask_detached(layers(straight, ONE, "0", "2", "4")),
        ACTIVATIONS.ask_dtypes(layers(straight, ONE, "0", "2", "4")),
    ),
    ACTIVATIONS.values(
        "eval",
        "the model is asked in eval mode",
        0.5,
        layers(partial(careful, training=True), MANY[1:], "1", "2", "4"),
        layers(careful, ONE[1:], "1", "4"),
    ),
    ACTIVATIONS.left(
        0.5,
        layers(partial(careful, gradients=True, hooked=["1", "3"], frozen=["0.weight"]), MANY[1:2], "1", "3"),
        layers(partial(careful, training=True, hooked=["1", "4"]), MANY[1:2], "1", "4"),
        title="model and images are left as they were, without the hook",
        intact=True,
    ),
    ACTIVATIONS.criterion(
        "error",
        "where the model raises, the hook goes and the error goes on",
        0.5,
        ACTIVATIONS.ask_left(failing("0", "3"), only=frozenset({"hooks"})),  # which may end at the layer
        ACTIVATIONS.ask_left(failing("5"), only=frozenset({"hooks", "error"})),
    ),
)
