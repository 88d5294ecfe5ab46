"""Grad-CAM, rightly and by people's mistakes. A mistake is another `Way`, so that two of them can be made into one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from autograder.exam.interpretability.kept import once
from autograder.exam.interpretability.model_mistakes import left_mistakes, mode_mistakes
from autograder.exam.interpretability.models import T, built, evaluated, ranked
from autograder.exam.mistakes import Function, Misconception, misconception, with_changes, with_result
from autograder.objects.recipes import Recipe

Run = dict[str, tuple[T, T]]  # values (C, h, w) and derivatives of the layer's input and output


def weighted(alpha: T, maps: T) -> T:
    """The sum of the maps (C, h, w), each by its weight (C, 1, 1)."""
    return (alpha * maps).sum(0)


def bilinear(plane: T, size: tuple[int, int]) -> T:
    """A plane (h, w) in another size."""
    return resized(plane, size, mode="bilinear", align_corners=False)


def resized(plane: T, size: tuple[int, int], **how: Any) -> T:
    return F.interpolate(plane[None, None], size, **how)[0, 0]


def divided(plane: T) -> T:
    """By its maximum, where that is not 0."""
    return plane / plane.max() if plane.max() > 0 else plane


@dataclass(frozen=True)
class Way:
    """How a map is made.

    score: of logits (K,) and the target what is differentiated. values, slope: whose numbers, and by what the score is
    differentiated: the layer's "own" output, the same as it is "later", or its "input". alpha: of the derivatives
    (C, h, w) the weights. joined: of these and the maps a plane, which is rectified, enlarged and divided.
    """

    score: Callable[[T, int], T] = lambda logits, target: logits[target]
    values: str = "own"
    slope: str = "own"
    alpha: Callable[[T], T] = lambda slope: slope.mean((1, 2), keepdim=True)
    joined: Callable[[T, T], T] = weighted
    rectified: Callable[[T], T] = torch.relu
    enlarged: Callable[[T, tuple[int, int]], T] = bilinear
    divided: Callable[[T], T] = divided


def run(image: T, model: Recipe | nn.Module, layer: str, target: int, score: Callable[[T, int], T]) -> Run:
    """What a layer was given and gave, and the score's derivatives by it."""
    seen: dict[str, T] = {}

    def keep(module: nn.Module, given: tuple[T, ...], out: T) -> T:
        seen.update(input=given[0], own=out, later=out.clone())  # what follows in place changes the copy alone
        return seen["later"]

    with evaluated(built(model)) as made, torch.enable_grad():
        hook = made.get_submodule(layer).register_forward_hook(keep)
        try:
            found = score(made(image.detach().clone()[None].requires_grad_())[0], target)
        finally:
            hook.remove()
        slopes = torch.autograd.grad(found, list(seen.values()))
    return {name: (seen[name][0].detach(), slope[0]) for name, slope in zip(seen, slopes, strict=True)}


def cam(image, model, layer, target, way=Way()):
    """The map (H, W)."""
    about = layer, target, way.score
    seen = once(model, image, about, lambda: run(image, model, layer, target, way.score))
    plane = way.joined(way.alpha(seen[way.slope][1]), seen[way.values][0])
    return way.divided(way.enlarged(way.rectified(plane), tuple(image.shape[1:])))


# ---------------------------------------------------------------- mistakes
def other(**changes: Any) -> Function:
    """The reference with another way."""
    return with_changes(cam, lambda way, **rest: {"way": replace(way, **changes)})


def last_convolution(image: T, model: Any, **rest: Any) -> dict[str, str]:
    """The model's last convolution, whatever layer is asked for."""
    return {"layer": [path for path, one in built(model).named_modules() if isinstance(one, nn.Conv2d)][-1]}


def early(*names: str) -> Function:
    """What comes after enlarging comes before it."""

    def change(way: Way, **rest: Any) -> dict[str, Way]:
        def first(plane: T, size: tuple[int, int]) -> T:
            return way.enlarged(way.divided(plane), size)

        def last(plane: T) -> T:
            return way.divided(way.rectified(plane))

        if "divided" in names:
            return {"way": replace(way, enlarged=first, divided=lambda plane: plane)}
        return {"way": replace(way, rectified=lambda plane: plane, divided=last)}

    return with_changes(cam, change)


def min_max(plane: T) -> T:
    """From 0 to 1, a plane of one value to 0."""
    low, high = plane.min(), plane.max()
    return (plane - low) / (high - low) if high > low else torch.zeros_like(plane)


CAM_MISTAKES: tuple[Misconception, ...] = (
    misconception(
        "cam-probability",
        other(score=lambda logits, target: logits.softmax(0)[target]),
        other(score=lambda logits, target: logits.log_softmax(0)[target]),
    ),
    misconception("cam-all-logits", other(score=lambda logits, target: logits.sum())),
    misconception(
        "target-ignored",
        other(score=lambda logits, target: logits.amax()),
        other(score=lambda logits, target: logits[0]),
        with_changes(cam, lambda image, model, **rest: {"target": ranked(image, model, 0)}),
    ),
    misconception("cam-in-place", other(values="later", slope="later"), other(values="later"), other(slope="later")),
    misconception(
        "cam-input",
        other(values="input", slope="input"),
        other(values="input"),
    ),
    misconception("cam-other-layer", with_changes(cam, last_convolution)),
    misconception("cam-alpha-max", other(alpha=lambda slope: slope.amax((1, 2), keepdim=True))),
    misconception("cam-alpha-channels", other(alpha=lambda slope: slope.mean(0, keepdim=True))),
    misconception(
        "cam-alpha-absolute",
        other(alpha=lambda slope: slope.mean((1, 2), keepdim=True).abs()),
        other(alpha=lambda slope: slope.abs().mean((1, 2), keepdim=True)),
    ),
    misconception(
        "cam-alpha-rectified",
        other(alpha=lambda slope: slope.relu().mean((1, 2), keepdim=True)),
        other(alpha=lambda slope: slope.mean((1, 2), keepdim=True).relu()),
    ),
    misconception("cam-elementwise", other(alpha=lambda slope: slope)),
    misconception("cam-unweighted", other(alpha=lambda slope: torch.ones_like(slope))),
    misconception(
        "cam-not-rectified",
        other(rectified=lambda plane: plane),
        other(rectified=lambda plane: plane, divided=lambda plane: plane / plane.max() if plane.any() else plane),
    ),
    misconception("cam-absolute", other(rectified=torch.abs)),
    misconception(
        "cam-rectified-early",
        other(joined=lambda alpha, maps: (alpha * maps).relu().sum(0)),
        other(joined=lambda alpha, maps: (alpha * maps.relu()).sum(0)),
    ),
    misconception("cam-rectified-late", early("rectified")),
    misconception("cam-divided-early", early("divided")),
    misconception("cam-nearest", other(enlarged=lambda plane, size: resized(plane, size, mode="nearest"))),
    misconception(
        "cam-align-corners",
        other(enlarged=lambda plane, size: resized(plane, size, mode="bilinear", align_corners=True)),
    ),
    misconception("cam-bicubic", other(enlarged=lambda plane, size: resized(plane, size, mode="bicubic"))),
    misconception("cam-small", other(enlarged=lambda plane, size: plane)),
    misconception("cam-size-swapped", other(enlarged=lambda plane, size: bilinear(plane, size[::-1]))),
    misconception("cam-transposed", with_result(cam, lambda plane: plane.mT)),
    misconception(
        "cam-axes", with_result(cam, lambda plane: plane[None]), with_result(cam, lambda plane: plane[None, None])
    ),
    misconception("cam-nan", other(divided=lambda plane: plane / plane.max())),
    misconception("cam-not-divided", other(divided=lambda plane: plane)),
    misconception(
        "cam-min-max",
        other(divided=min_max),
        other(divided=lambda plane: (plane - plane.min()) / (plane.max() - plane.min())),
    ),
    misconception(
        "cam-divided-otherwise",
        other(divided=lambda plane: plane / plane.sum() if plane.any() else plane),
        other(divided=lambda plane: plane / plane.norm() if plane.any() else plane),
        other(divided=lambda plane: plane.clamp(0, 1)),
        other(divided=torch.sigmoid),
    ),
    mode_mistakes(cam),
    *left_mistakes(cam),
)
