"""The exams of `adjust_contrast` and `replace_background`, and the mistakes people make in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from autograder.exam.augmentation.images import T
from autograder.exam.augmentation.sentences import SENTENCES
from autograder.exam.calls import LaidOut, Value
from autograder.exam.cases import Case
from autograder.exam.draw import Draw
from autograder.exam.features import Features, features_of, holding
from autograder.exam.functions import Ask, FunctionExam, asked, beside
from autograder.exam.mistakes import (
    Function,
    misconception,
    unfit,
    with_all_arguments,
    with_arguments,
    with_changes,
)

# ---------------------------------------------------------------- adjust_contrast
LUMA = torch.tensor([0.2989, 0.587, 0.114])
LOOSE = 1e-3  # the weights may be rounded to 0.299


def grey(image: T) -> T:
    """The grey image (H, W)."""
    return image[0] if len(image) == 1 else torch.einsum("c,chw->hw", LUMA.to(image.dtype), image)


def contrasted(image, factor):
    """Every pixel `factor` times as far from the grey image's mean, in 0…1."""
    return around(grey(image).mean(), image, factor).clamp(0, 1)


def around(centre: Any, image: T, factor: float) -> T:
    """Every pixel `factor` times as far from a centre."""
    return centre + factor * (image - centre)


def with_centre(centre: Callable[[T], Any]) -> Function:
    """Another centre than the grey image's mean."""
    return with_all_arguments(
        contrasted, lambda function, image, factor: around(centre(image), image, factor).clamp(0, 1)
    )


def unclamped(function, image, factor):
    """Values leave 0…1."""
    return around(grey(image).mean(), image, factor)


def clamped_at(**end: float) -> Callable[..., T]:
    """Only one end is clamped."""
    return lambda function, image, factor: around(grey(image).mean(), image, factor).clamp(**end)


CONTRAST_MISTAKES = (
    misconception(
        "contrast-unclamped",
        with_all_arguments(contrasted, unclamped),
        *(with_all_arguments(contrasted, clamped_at(**end)) for end in ({"min": 0}, {"max": 1})),
    ),
    misconception(
        "contrast-mean-of-all",
        with_centre(lambda image: image.mean()),
        with_centre(lambda image: grey(image.flip(0)).mean()),
        with_centre(
            lambda image: (
                (image * torch.tensor([0.2126, 0.7152, 0.0722])[: len(image), None, None]).sum(0).mean()
                if len(image) == 3
                else image.mean()
            )
        ),
    ),
    misconception("contrast-channel-means", with_centre(lambda image: image.mean((1, 2), keepdim=True))),
    misconception("contrast-grey-image", with_centre(lambda image: grey(image))),
    misconception("contrast-half", with_centre(lambda image: 0.5)),
    misconception("contrast-brightness", with_centre(lambda image: 0.0)),
    misconception(
        "contrast-median",
        with_centre(lambda image: grey(image).median()),
        with_centre(lambda image: (grey(image).min() + grey(image).max()) / 2),
    ),
    misconception(
        "contrast-factor",
        with_arguments(contrasted, factor=lambda f: 1 - f),
        with_arguments(contrasted, factor=lambda f: 1 + f),
    ),
    misconception("one-channel", unfit(contrasted, lambda image, factor: len(image) == 1), raises=True),
)


@dataclass(eq=False)
class Roughly(Value):
    """A value with the tolerance that the two sets of weights call for."""

    def _unlike(self, got, right):
        return super()._unlike(got, right) if loosely(got, right) else None


@dataclass(eq=False)
class RoughlyLaidOut(LaidOut):
    """The same on an image that lies in memory in an unusual order."""

    def _unlike(self, got, right):
        return super()._unlike(got, right) if loosely(got, right) else None


def loosely(got: Any, right: T) -> bool:
    """Are they no tensors of one shape and type, or further apart than `LOOSE`?"""
    if not isinstance(got, T) or got.shape != right.shape or got.dtype != right.dtype:
        return True
    return not bool(((got - right).abs() <= LOOSE).all())


def coloured(draw: Draw, *shape: int) -> T:
    """An image whose channels differ in brightness, so that every weight of the grey image shows."""
    shares = torch.tensor([[0.9, 0.35, 0.6], [0.3, 0.8, 0.5], [0.55, 0.4, 0.95]])[int(draw.integers(0, 3))]
    return draw.uniform(*shape) * shares[: shape[0], None, None]


def contrast_cases(channels: int, factors: Sequence[float]) -> Callable[[Draw], Iterator[Case]]:
    """Images of so many channels, by these factors, which are given by name every other time."""

    def cases(draw: Draw) -> Iterator[Case]:
        shapes = (channels, 6, 7), (channels, 5, 5), (channels, 4, 9)
        for place, (shape, factor) in enumerate((shape, factor) for shape in shapes for factor in factors):
            image = coloured(draw, *shape)
            yield Case((image,), {"factor": factor}) if place % 2 else Case((image, factor))

    return cases


def contrast_features(reference: Callable[..., Any], case: Case) -> Features:
    """What a factor does."""
    image, factor = (*case.args, *case.kwargs.values())
    facts = {"one channel": len(image) == 1, "factor above 1": factor > 1, "factor 0": factor == 0}
    return features_of(reference, case) & {"image not square"} | holding(facts)


@dataclass(frozen=True)
class ContrastExam(FunctionExam):
    """`FunctionExam` with this function's tolerance."""

    def ask_values(self, cases, *, plain=None):
        """As `FunctionExam.ask_values`."""
        return lambda subject, draw: [*asked(subject, draw.shuffled(list(cases(draw))), Roughly)]

    def ask_laid_out(self, case: Callable[[Draw], Case]) -> Ask:
        """An image in each unusual layout, beside the same that is dense."""

        def ask(subject, draw):
            calls = self.ask_layouts(lambda draw: [case(draw)])(subject, draw)
            twins = [Roughly(call.twin.case, call.twin.answer) for call in calls if call.twin is not None]
            return beside([RoughlyLaidOut(call.case, call.answer) for call in calls], twins)

        return ask


CONTRAST = ContrastExam(
    "adjust_contrast",
    contrasted,
    CONTRAST_MISTAKES,
    SENTENCES,
    contrast_cases(3, (0.4, 0.7)),
    ban="augmentation",
    features=contrast_features,
)
adjust_contrast = CONTRAST.exam(
    CONTRAST.values(
        "formula",
        "towards the mean of the grey image, factors from 0 to 1",
        1.0,
        contrast_cases(3, (0.5, 0.25, 0.9, 0, 1)),
    ),
    CONTRAST.values("clamped", "factors above 1, clamped to 0…1", 1.0, contrast_cases(3, (1.5, 3.0, 8))),
    CONTRAST.values("one channel", "images of one channel", 0.5, contrast_cases(1, (0.3, 2, 0))),
    CONTRAST.criterion(
        "layouts",
        "any memory layout, nothing changed",
        0.5,
        CONTRAST.ask_laid_out(lambda draw: Case((coloured(draw, 3, 5, 6), 0.6))),
        intact=True,
    ),
)


# ---------------------------------------------------------------- replace_background
def replaced(image, mask, background):
    """The image where the mask is 1, and the background elsewhere."""
    return torch.where(mask == 1, image, background)


def layered(function, image, mask, background):
    """The background shines through."""
    return image * mask + background


def first_pixelwise(function, image, mask, background):
    """Only the first channel is replaced."""
    out = image.clone()
    out[:1] = function(image=image[:1], mask=mask, background=background[:1])
    return out


BACKGROUND_MISTAKES = (
    misconception("background-inverted", with_arguments(replaced, mask=lambda mask: 1 - mask)),
    misconception("background-missing", with_arguments(replaced, background=torch.zeros_like)),
    misconception("background-added", with_all_arguments(replaced, layered)),
    misconception(
        "background-mean",
        with_all_arguments(
            replaced, lambda function, image, mask, background: torch.where(mask == 1, image, (image + background) / 2)
        ),
    ),
    misconception("background-one-channel", with_all_arguments(replaced, first_pixelwise)),
    misconception("background-mask-transposed", with_changes(replaced, lambda mask, **rest: {"mask": mask.T})),
    misconception("one-channel", unfit(replaced, lambda image, **rest: len(image) == 1), raises=True),
)


def scenes(*shapes: tuple[int, int, int]) -> Callable[[Draw], Iterator[Case]]:
    """Images, masks of an object, and backgrounds, of these shapes."""

    def cases(draw: Draw) -> Iterator[Case]:
        for place, shape in enumerate(shapes):
            given = draw.uniform(*shape), draw.integers(0, 2, *shape[1:]), draw.uniform(*shape)
            yield Case(given[:1], dict(zip(("mask", "background"), given[1:]))) if place % 2 else Case(given)

    return cases


def ends(draw: Draw) -> Iterator[Case]:
    """Masks that are all 0 and all 1."""
    for number in (0, 1):
        yield Case((draw.uniform(3, 4, 5), torch.full((4, 5), number), draw.uniform(3, 4, 5)))


def background_features(reference: Callable[..., Any], case: Case) -> Features:
    """The plain features of a call."""
    return features_of(reference, case) & {"image not square"} | holding({"one channel": len(case.args[0]) == 1})


BACKGROUND = FunctionExam(
    "replace_background",
    replaced,
    BACKGROUND_MISTAKES,
    SENTENCES,
    scenes((3, 5, 5), (3, 6, 6), (3, 5, 5), (3, 4, 4), (3, 7, 7), (3, 3, 3)),
    ban="augmentation",
    features=background_features,
)
replace_background = BACKGROUND.exam(
    BACKGROUND.values(
        "where",
        "the image where the mask is 1, the background elsewhere",
        1.0,
        scenes((3, 5, 8), (3, 6, 6), (3, 9, 4)),
        ends,
    ),
    BACKGROUND.values("one channel", "images of one channel", 0.5, scenes((1, 5, 5), (1, 6, 6))),
    BACKGROUND.criterion(
        "layouts", "any memory layout, nothing changed", 0.5, BACKGROUND.ask_layouts(scenes((3, 6, 6))), intact=True
    ),
)
