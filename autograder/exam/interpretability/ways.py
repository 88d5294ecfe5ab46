"""The exam of `integrated_gradients`, the optional part, and the mistakes people make in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from autograder.exam.cases import Case, Cases
from autograder.exam.draw import Draw
from autograder.exam.features import Features, holding
from autograder.exam.interpretability.asking import model_exam
from autograder.exam.interpretability.gradients import Shape, shapes, unsteady
from autograder.exam.interpretability.kept import once
from autograder.exam.interpretability.model_mistakes import left_mistakes, mode_mistakes
from autograder.exam.interpretability.models import (
    T,
    asked_of,
    built,
    convolution,
    curved,
    evaluated,
    flat,
    linear,
    network,
    normed,
    ranked,
)
from autograder.exam.mistakes import Function, Misconception, misconception, with_changes, with_result
from autograder.objects.recipes import Recipe


def midpoints(steps: int) -> T:
    """The middles of `steps` equal parts of 0…1."""
    return (torch.arange(steps) + 0.5) / steps


@dataclass(frozen=True)
class Way:
    """How gradients are summed up. points: where on the way from the baseline to the image. score: of logits (K,) and
    the target what is differentiated. joined: of the gradients (steps, C, H, W) and image less baseline the result."""

    points: Callable[[int], T] = midpoints
    baseline: Callable[[T], T] = torch.zeros_like
    together: bool = True  # in one batch, which tells in train mode alone
    score: Callable[[T, int], T] = lambda logits, target: logits[target]
    joined: Callable[[T, T], T] = lambda slopes, way: way * slopes.mean(0)


def gradients(image: T, model: Recipe | nn.Module, target: int, points: T, start: T, way: Way) -> T:
    """The score's gradients (steps, C, H, W) at these points on the way from one image to another."""
    batch = (start + points[:, None, None, None] * (image - start)).detach().requires_grad_()
    with evaluated(built(model)) as made, torch.enable_grad():
        logits = torch.cat([made(one) for one in batch.split(len(points) if way.together else 1)])
        return torch.autograd.grad(torch.stack([way.score(some, target) for some in logits]).sum(), batch)[0]


def integrated(image, model, target, steps=50, way=Way()):
    """(C, H, W): what each number of the image adds to the logit."""
    start, about = way.baseline(image), (target, steps, way.points, way.baseline, way.score)
    args = image, model, target, way.points(steps), start, way
    return way.joined(once(model, image, about, lambda: gradients(*args)), image - start)


def other(**changes: Any) -> Function:
    """The reference with another way."""
    return with_changes(integrated, lambda way, **rest: {"way": replace(way, **changes)})


def from_baseline(number: Callable[[T], T]) -> Function:
    """Another image than black to start from."""
    return other(baseline=lambda image: number(image).expand_as(image))


MISTAKES: tuple[Misconception, ...] = (
    misconception("integrated-gradient-alone", other(joined=lambda slopes, way: slopes.mean(0))),
    misconception(
        "integrated-sum",
        other(joined=lambda slopes, way: way * slopes.sum(0)),
        other(joined=lambda slopes, way: slopes.sum(0)),
    ),
    misconception(
        "integrated-absolute",
        with_result(integrated, torch.abs),
        other(joined=lambda slopes, way: way * slopes.abs().mean(0)),
        with_result(integrated, torch.relu),
    ),
    misconception(
        "integrated-channels",
        with_result(integrated, lambda found: found.sum(0)),
        with_result(integrated, lambda found: found.abs().sum(0)),
        with_result(integrated, lambda found: found.abs().amax(0)),
        with_result(integrated, lambda found: found.mean(0)),
    ),
    misconception(
        "integrated-one-point",
        other(points=lambda steps: torch.ones(1)),
        other(points=lambda steps: torch.full((1,), 0.5)),
    ),
    misconception(
        "integrated-points",
        other(points=lambda steps: torch.arange(steps) / steps),
        other(points=lambda steps: (torch.arange(steps) + 1) / steps),
        other(points=lambda steps: torch.linspace(0, 1, steps)),
        other(points=lambda steps: torch.linspace(0, 1, steps + 1)),
    ),
    misconception("integrated-steps", other(points=lambda steps: midpoints(50))),
    misconception(
        "integrated-baseline",
        from_baseline(torch.ones_like),
        from_baseline(torch.mean),
        from_baseline(lambda image: torch.tensor(0.5)),
    ),
    misconception(
        "integrated-probability",
        other(score=lambda logits, target: logits.softmax(0)[target]),
        other(score=lambda logits, target: logits.log_softmax(0)[target]),
    ),
    misconception(
        "target-ignored",
        other(score=lambda logits, target: logits.amax()),
        other(score=lambda logits, target: logits[0]),
        other(score=lambda logits, target: logits.sum()),
        with_changes(integrated, lambda image, model, **rest: {"target": ranked(image, model, 0)}),
    ),
    misconception("integrated-scaled", with_result(integrated, lambda found: found / found.abs().max())),
    mode_mistakes(integrated, other(together=False)),
    *left_mistakes(integrated),
)


# ---------------------------------------------------------------- cases
def bent(draw: Draw, image: T, **how: Any) -> Recipe:
    """A model whose gradient changes on the way, everywhere."""
    kind, weight, bias, *rest = convolution(draw, len(image), 4, padding=1)
    rows = (kind, 3 * weight, bias, *rest), ("tanh",), ("flatten",), linear(draw, 4 * image[0].numel(), 3)
    return network(*rows, **how)


def stepped(cases: Cases, *steps: int) -> Cases:
    """Each case with each of these numbers of steps."""
    return lambda draw: [
        replace(case, kwargs=case.kwargs | {"steps": count}) for count in steps for case in cases(draw)
    ]


def features(reference: Callable[..., T], case: Case) -> Features:
    """What is special about a call."""
    (image,), given = case.args, case.kwargs
    facts = {
        **asked_of(image, given),
        "channels": len(image) > 1,
        "curved": len(given["model"].args[0]) > 2,
        "steps": "steps" in given,
    }
    return holding(facts)


SOME: list[Shape] = [(1, 4, 4), (3, 4, 5)]
LINEAR = [shapes(SOME, flat, rank=rank) for rank in (0, 1)]
INTEGRATED = model_exam(
    "bonus", "model image target steps", integrated, MISTAKES, shapes([*SOME, (2, 3, 3)] * 2, flat),
    title="integrated_gradients (optional)", defines="integrated_gradients", bonus=True, features=features,
)  # fmt: skip
bonus = INTEGRATED.exam(
    INTEGRATED.criterion(
        "linear",
        "on a linear model: weights times image, in the image's type",
        0.5,
        *map(INTEGRATED.ask_values, LINEAR),
        *map(INTEGRATED.ask_dtypes, LINEAR),
    ),
    INTEGRATED.values(
        "curved", "the mean over 50 midpoints", 0.5, shapes(SOME, bent, curved), shapes(SOME, bent, rank=2)
    ),
    INTEGRATED.values("steps", "other numbers of steps", 0.5, stepped(shapes(SOME, bent), 1, 2, 5)),
    INTEGRATED.criterion(
        "left",
        "asked in eval mode; model and image are left as they were",
        0.5,
        INTEGRATED.ask_values(shapes(SOME, normed, unsteady, training=True)),
        INTEGRATED.ask_left(shapes(SOME[:1], normed, training=True, hooked=["0"])),
        INTEGRATED.ask_left(shapes(SOME[:1], normed, training=True, gradients=True)),
        INTEGRATED.ask_left(shapes(SOME[:1], normed, frozen=["0.weight", "0.bias"])),
    ),
)
