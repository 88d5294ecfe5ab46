"""The exam of `saliency`, and the mistakes people make in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import nn

from autograder.exam.cases import Case, Cases
from autograder.exam.draw import Draw
from autograder.exam.features import Features, holding
from autograder.exam.interpretability.asking import model_exam
from autograder.exam.interpretability.model_mistakes import add_gradients, left_mistake, left_mistakes, mode_mistakes
from autograder.exam.interpretability.models import (
    Model,
    Row,
    T,
    asked_of,
    built,
    curved,
    deep,
    evaluated,
    network,
    normed,
    ranked,
    scoring,
)
from autograder.exam.mistakes import Misconception, always, misconception, with_arguments, with_changes, with_result
from autograder.objects.recipes import Recipe

Shape = tuple[int, int, int]  # (C, H, W)


def logit(logits: T, target: int) -> T:
    """Of logits (K,) that of one class."""
    return logits[target]


def largest(gradient: T, image: T) -> T:
    """The largest absolute value over the channels."""
    return gradient.abs().amax(0)


def salient(image, model, target, differentiated=logit, reduce=largest):
    """The map (H, W). What mistakes change: the number that is differentiated, and what becomes of its derivative."""
    given = image.detach().clone().requires_grad_()
    with evaluated(built(model)) as made, torch.enable_grad():
        (gradient,) = torch.autograd.grad(differentiated(made(given[None])[0], target), given)
    return reduce(gradient, image)


def of(*ways: Callable[[T, int], T]) -> list[Any]:
    """The derivative of another number than the logit."""
    return [with_arguments(salient, differentiated=always(way)) for way in ways]


def reduced(*ways: Callable[[T, T], T]) -> list[Any]:
    """Something else is made of the derivative, which gets it and the image."""
    return [with_arguments(salient, reduce=always(way)) for way in ways]


def scaled(*ways: Callable[[T], T]) -> list[Any]:
    """The map is scaled."""
    return [with_result(salient, way) for way in ways]


def adding_up(model: Recipe | nn.Module, reduce: Callable[[T, T], T], **rest: Any) -> dict[str, Any]:
    """`backward` adds the derivative to what a call before has left in the image's own `.grad`."""

    def reduced(gradient: T, image: T) -> T:
        total = gradient if image.grad is None else image.grad + gradient
        image.requires_grad_().grad = total
        return reduce(total, image)

    return {"reduce": reduced} if isinstance(model, nn.Module) else {}  # of a recipe nothing is left


by_its_own_gradient = with_changes(salient, adding_up)

SALIENCY_MISTAKES: tuple[Misconception, ...] = (
    misconception(
        "saliency-probability",
        *of(
            lambda logits, target: logits.softmax(0)[target],
            lambda logits, target: logits.log_softmax(0)[target],
            lambda logits, target: logits[target].sigmoid(),
        ),
    ),
    misconception("saliency-all-logits", *of(lambda logits, target: logits.sum())),
    misconception(
        "target-ignored",
        *of(lambda logits, target: logits.amax(), lambda logits, target: logits[0]),
        with_changes(salient, lambda image, model, **rest: {"target": ranked(image, model, 0)}),
    ),
    misconception(
        "saliency-signed",
        *reduced(
            lambda gradient, image: gradient.amax(0),
            lambda gradient, image: gradient.clamp_min(0).amax(0),
            lambda gradient, image: gradient.gather(0, gradient.abs().argmax(0, keepdim=True))[0],
        ),
    ),
    misconception(
        "saliency-shape",
        *reduced(
            lambda gradient, image: gradient.abs(),
            lambda gradient, image: gradient.abs()[None],
            lambda gradient, image: gradient.abs().amax(0)[None],
            lambda gradient, image: gradient.abs().movedim(0, -1),
            lambda gradient, image: gradient.abs().amax(0).expand_as(image),
        ),
    ),
    misconception(
        "saliency-channels",
        *reduced(
            lambda gradient, image: gradient.abs().sum(0),
            lambda gradient, image: gradient.abs().mean(0),
            lambda gradient, image: gradient.norm(dim=0),
            lambda gradient, image: gradient.sum(0).abs(),
            lambda gradient, image: gradient.mean(0).abs(),
            lambda gradient, image: gradient.amax(0).abs(),
            lambda gradient, image: gradient[0].abs(),
            lambda gradient, image: gradient.abs().amin(0),
        ),
    ),
    misconception("saliency-squared", *reduced(lambda gradient, image: gradient.square().amax(0))),
    misconception("saliency-times-image", *reduced(lambda gradient, image: (gradient * image).abs().amax(0))),
    misconception(
        "saliency-scaled",
        *scaled(
            lambda found: found / found.max(),
            lambda found: (found - found.min()) / (found.max() - found.min()),
            lambda found: found / found.sum(),
            lambda found: found / found.norm(),
        ),
    ),
    misconception("saliency-transposed", with_result(salient, lambda found: found.mT)),
    mode_mistakes(salient),
    *left_mistakes(salient),
    misconception("image-left", by_its_own_gradient),
    left_mistake("gradients-left", by_its_own_gradient, add_gradients),
)


# ---------------------------------------------------------------- cases
def pattern(draw: Draw, image: T, *before: Row, **how: Any) -> Recipe:
    """A linear model whose one logit is the sum of some pixels; the others are 0."""
    return scoring((draw.uniform(*image.shape) < 0.4).float(), 0.0, draw, 3, *before, **how)


def patterns(draw: Draw, image: T, **how: Any) -> Recipe:
    """A linear model whose logits are sums of some pixels, of other ones each."""
    return network(("flatten",), ("linear", (draw.uniform(3, image.numel()) < 0.4).float(), draw.normal(3)), **how)


def signed(draw: Draw, image: T, **how: Any) -> Recipe:
    """A linear model whose one logit is the sum of some pixels less others."""
    return scoring(draw.integers(-1, 2, *image.shape).float(), float(image.numel()), draw, 3, **how)


def weighted(draw: Draw, image: T, **how: Any) -> Recipe:
    """A linear model whose one logit is the sum of the pixels, each with a weight of its own."""
    return scoring(draw.normal(*image.shape), 2.0 * image.numel(), draw, 3, **how)


def unsteady(draw: Draw, image: T, **how: Any) -> Recipe:
    """A pattern behind a dropout, which lets nothing pass in train mode."""
    return pattern(draw, image, ("dropout", 1.0), **how)


def shifted(draw: Draw, image: T, **how: Any) -> Recipe:
    """A pattern behind a batch norm that only shifts, but in train mode."""
    ones = torch.ones(len(image))
    return pattern(draw, image, ("norm", ones, draw.normal(len(image)), 2 * ones, ones - 1e-5), **how)


def shapes(some: Sequence[Shape], *models: Model, rank: int = 0, **how: Any) -> Cases:
    """Images of these shapes for each of these models, and the class of this rank among the most probable ones."""

    def cases(draw: Draw) -> Iterator[Case]:
        for shape in some:
            for make in models:
                image = 0.1 + 0.9 * draw.uniform(*shape)
                model = make(draw, image, **how)
                yield Case((image,), {"model": model, "target": ranked(image, model, rank)})

    return cases


def saliency_features(reference: Callable[..., T], case: Case) -> Features:
    """What is special about a call."""
    (image,), given = case.args, case.kwargs
    weight = given["model"].args[0][-1][1]
    facts = {
        **asked_of(image, given),
        "channels": len(image) > 1,
        "curved": len(given["model"].args[0]) > 2,
        "negative derivatives": bool((weight < 0).any()),
        "other logits": int(weight.any(1).sum()) > 1,
    }
    return holding(facts)


SQUARES: list[Shape] = [(1, 5, 5), (1, 4, 4), (1, 7, 7)]
SALIENCY = model_exam(
    "saliency",
    "model image target",
    salient,
    SALIENCY_MISTAKES,
    shapes(SQUARES, pattern, pattern),
    features=saliency_features,
)
saliency = SALIENCY.exam(
    SALIENCY.values("values", "the derivative of the target's logit", 1.0, shapes([*SQUARES, (1, 4, 7)], pattern)),
    SALIENCY.values("sign", "derivatives of either sign", 0.5, shapes(SQUARES, signed)),
    SALIENCY.values(
        "channels", "the largest one over the channels", 0.5, shapes([(3, 5, 5), (2, 4, 4)], pattern, weighted)
    ),
    SALIENCY.values("target", "any class, beside other ones", 0.5, shapes(SQUARES, patterns, rank=1)),
    SALIENCY.values("curved", "models that are not linear", 0.5, shapes(SQUARES, curved, deep)),
    SALIENCY.values(
        "eval",
        "the model is asked in eval mode",
        0.5,
        shapes(SQUARES[:2], shifted, unsteady, training=True),
        shapes(SQUARES[:1], shifted, unsteady),
    ),
    SALIENCY.left(
        1.0,
        shapes(SQUARES[:1], normed, frozen=["0.weight", "0.bias"], hooked=["1"]),
        shapes(SQUARES[:1], normed, training=True),
        shapes(SQUARES[:1], normed, training=True, gradients=True, hooked=["0"]),
    ),
    SALIENCY.kept(0.5, *[shapes([(3, 5, 5), (3, 4, 6)], pattern)] * 3),
)
