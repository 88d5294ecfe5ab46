"""The exam of `occlusion_map`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from autograder.exam.cases import Case, Cases
from autograder.exam.core import Criterion
from autograder.exam.draw import Draw
from autograder.exam.features import Features, holding
from autograder.exam.functions import leaving_out
from autograder.exam.interpretability.asking import model_exam
from autograder.exam.interpretability.models import (
    Model,
    T,
    asked_of,
    curved,
    detector,
    flat,
    network,
    normed,
    ranked,
)
from autograder.exam.interpretability.occlusion_mistakes import OCCLUSION_MISTAKES, occluded
from autograder.objects.recipes import Recipe

Plan = tuple[tuple[int, int, int], int, int]  # shape (C, H, W), patch_size, stride
PIXELS: list[Plan] = [((1, 4, 4), 1, 1), ((1, 5, 5), 1, 1), ((1, 6, 6), 1, 1)]
PATCHES: list[Plan] = [((1, 6, 6), 2, 2), ((1, 6, 6), 3, 3), ((1, 8, 8), 2, 2), ((1, 8, 8), 4, 4)]
WINDOWS: list[Plan] = [
    *(((1, 7, 7), 3, 2), ((1, 5, 5), 2, 1), ((1, 7, 7), 3, 1)),  # patches overlap
    *(((1, 7, 7), 1, 2), ((1, 8, 8), 2, 3), ((1, 9, 9), 1, 4)),  # there is room between them
    *(((1, 8, 8), 3, 2), ((1, 7, 7), 3, 3), ((1, 6, 6), 1, 2)),  # some pixels are left over
    *(((1, 6, 6), 6, 1), ((1, 6, 6), 6, 6)),  # one patch
]
UPRIGHT: list[Plan] = [((1, 4, 6), 1, 1), ((1, 7, 5), 1, 1), ((1, 3, 9), 1, 1)]
COLOURED: list[Plan] = [((3, 4, 4), 1, 1), ((2, 5, 5), 1, 1), ((3, 6, 6), 1, 1)]


def planned(
    plans: Sequence[Plan], *models: Model, rank: int = 0, fills: Sequence[float | None] = (0.0,), **how: Any
) -> Cases:
    """Each plan with each of these models, and the class that has this rank among the most probable ones. fills: what
    patches are filled with, in turn; None: as it is by default."""

    def cases(draw: Draw) -> Iterator[Case]:
        for place, (shape, patch_size, stride) in enumerate(plans):
            for make in models:
                image = 0.1 + 0.9 * draw.uniform(*shape)
                model = make(draw, image, **how)
                given = {"model": model, "target": ranked(image, model, rank)}
                given |= {"patch_size": patch_size, "stride": stride}
                fill = fills[place % len(fills)]
                given |= {} if fill is None else {"fill": fill}
                yield Case((image,), given)

    return cases


def unsteady(draw: Draw, image: T, **how: Any) -> Recipe:
    """A detector behind a dropout, which lets nothing pass in train mode."""
    return detector(draw, image, ("dropout", 1.0), **how)


def simplest(case: Case) -> Case:
    """Of a linear model's case the same with a square image of one channel, the most probable class, and patches of
    one pixel."""
    (image,), given = case.args, case.kwargs
    side = min(image.shape[1:])
    (_, weight, bias), cut = given["model"].args[0][-1], image[:1, :side, :side]
    model = network(("flatten",), ("linear", weight.unflatten(1, image.shape)[:, :1, :side, :side].flatten(1), bias))
    about = {"model": model, "target": ranked(cut, model, 0), "patch_size": 1, "stride": 1}
    return replace(case, args=(cut,), kwargs=given | about, about="")


def occlusion_features(reference: Callable[..., T], case: Case) -> Features:
    """What is special about a call."""
    (image,), given = case.args, case.kwargs
    size, stride = given["patch_size"], given["stride"]
    facts = {
        **asked_of(image, given),
        "channels": len(image) > 1,
        "patches": size > 1,
        "patches overlap": stride < size,
        "patches apart": stride > size,
        "pixels left over": any((side - size) % stride for side in image.shape[1:]),
        "unsure": len(given["model"].args[0][-1][2]) == 3,
        "fill": given.get("fill", 0.0) != 0,
        "no fill": "fill" not in given,
    }
    return holding(facts)


OCCLUSION = model_exam(
    "occlusion_map",
    "model image target patch_size stride fill",
    occluded,
    OCCLUSION_MISTAKES,
    planned(PIXELS, detector, detector),
    features=occlusion_features,
)


def with_grey(id: str, title: str, points: float, plans: Sequence[Plan], *models: Model, rank: int = 0) -> Criterion:
    """Right values of these models, and of a linear one with a grey patch, beside which no known mistake leads to a
    constant map: so it must show what the criterion is about."""
    grey = planned(plans[:2], flat, rank=rank, fills=(0.5,))
    asks = OCCLUSION.ask_values(planned(plans, *models, rank=rank)), OCCLUSION.ask_values(grey, plain=simplest)
    return OCCLUSION.criterion(id, title, points, *asks)


occlusion_map = OCCLUSION.exam(
    OCCLUSION.values("values", "the target's probability for each patch", 1.5, planned(PIXELS, detector, flat, curved)),
    with_grey("patches", "patches of several pixels", 0.5, PATCHES, detector),
    with_grey("windows", "patches that overlap, lie apart or do not reach the end", 1.0, WINDOWS, detector),
    with_grey("sizes", "images that are not square", 0.5, UPRIGHT, detector),
    with_grey("channels", "a patch covers all channels", 0.5, COLOURED, detector, detector),
    with_grey("target", "any class", 0.5, PIXELS, detector, detector, rank=1),
    OCCLUSION.criterion(
        "fill",
        "the value that fills a patch",
        0.5,
        OCCLUSION.ask_values(planned(PIXELS, flat, curved, fills=(1, 0.5, -0.4)), plain=leaving_out("fill")),
        OCCLUSION.ask_values(planned(PIXELS[:2], detector, fills=(None,))),
        about={"fill"},
    ),
    OCCLUSION.values(
        "eval",
        "the model is asked in eval mode",
        1.0,
        planned(PIXELS[:2], normed, unsteady, training=True),
        planned(PIXELS[2:], normed, unsteady),
    ),
    OCCLUSION.left(
        0.5,
        planned(PIXELS[:1], normed, frozen=["0.bias"], hooked=["1"]),
        planned(PIXELS[:1], normed, training=True, gradients=True, hooked=["0"]),
    ),
    # A detector of one image is so sure of the same in another layout, where pixels repeat, that `exp` cannot hold it.
    OCCLUSION.kept(0.5, *(planned(COLOURED[1:], model) for model in (detector, flat, detector))),
)
