"""The exam of `gaussian_blur`, and the mistakes people make in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.augmentation.images import T
from autograder.exam.augmentation.sentences import SENTENCES
from autograder.exam.cases import Case, Cases
from autograder.exam.draw import Draw
from autograder.exam.features import Features, features_of, holding
from autograder.exam.functions import FunctionExam
from autograder.exam.mistakes import (
    Function,
    always,
    misconception,
    unfit,
    with_all_arguments,
    with_arguments,
    with_changes,
    with_result,
)

Weights = Callable[[int, float], T]


def gaussian(kernel_size: int, sigma: float) -> T:
    """The weights along one axis, in float64."""
    d = torch.arange(kernel_size, dtype=torch.float64) - kernel_size // 2
    weights = torch.exp(-(d**2) / (2 * sigma**2))
    return weights / weights.sum()


def separably(image: T, weights: T, mode: str = "reflect", axes: Sequence[int] = (1, 2)) -> T:
    """Each channel filtered by these weights along the axes, with a border of a kind that `F.pad` knows."""
    m, x = len(weights) // 2, image.double()[:, None]
    for axis in axes:
        around = (0, 0, m, m) if axis == 1 else (m, m, 0, 0)
        shape = (1, 1, -1, 1) if axis == 1 else (1, 1, 1, -1)
        if mode == "symmetric":
            edge = x.narrow(axis + 1, 0, m).flip(axis + 1), x.narrow(axis + 1, x.shape[axis + 1] - m, m).flip(axis + 1)
            x = torch.cat([edge[0], x, edge[1]], axis + 1)
        elif mode != "none":
            x = F.pad(x, around, mode="constant" if mode == "zeros" else mode)
        x = F.conv2d(x, weights.reshape(shape))
    return x[:, 0].to(image.dtype)


def blurred(image, kernel_size, sigma):
    """Each channel by a Gaussian window, with a reflected border."""
    return separably(image, gaussian(kernel_size, sigma))


def with_weights(weights: Weights) -> Function:
    """Other weights."""
    return with_all_arguments(
        blurred, lambda function, image, kernel_size, sigma: separably(image, weights(kernel_size, sigma))
    )


def with_border(mode: str) -> Function:
    """Another border."""
    return with_all_arguments(
        blurred, lambda function, image, kernel_size, sigma: separably(image, gaussian(kernel_size, sigma), mode)
    )


def along(*axes: int) -> Function:
    """Along one axis only."""
    return with_all_arguments(
        blurred, lambda function, image, kernel_size, sigma: separably(image, gaussian(kernel_size, sigma), axes=axes)
    )


def raw(kernel_size: int, sigma: float) -> T:
    """Weights whose sum is not 1: those of the endless line, where the window cuts off the ends."""
    d = torch.arange(kernel_size, dtype=torch.float64) - kernel_size // 2
    return torch.exp(-(d**2) / (2 * sigma**2)) / (sigma * (2 * torch.pi) ** 0.5)


def unscaled(kernel_size: int, sigma: float) -> T:
    """Weights that are not divided by their sum."""
    return raw(kernel_size, sigma) * sigma * (2 * torch.pi) ** 0.5


def off_centre(kernel_size: int, sigma: float) -> T:
    """Distances from the middle of the window's length and not from its middle pixel."""
    d = torch.arange(kernel_size, dtype=torch.float64) - kernel_size / 2
    weights = torch.exp(-(d**2) / (2 * sigma**2))
    return weights / weights.sum()


def mixed(function, image, kernel_size, sigma):
    """Every channel becomes the mean of all."""
    return function(image=image.mean(0, keepdim=True), kernel_size=kernel_size, sigma=sigma).expand(image.shape)


BLUR_MISTAKES = (
    misconception("blur-border-zeros", with_border("zeros")),
    misconception("blur-border-edge", with_border("replicate"), with_border("symmetric")),
    misconception("blur-border-circular", with_border("circular")),
    misconception("blur-smaller", with_border("none")),
    misconception("blur-two-missing", with_weights(lambda k, s: gaussian(k, s / 2**0.5))),
    misconception("blur-sigma-not-squared", with_weights(lambda k, s: gaussian(k, s**0.5))),
    misconception(
        "blur-distance-not-squared",
        with_weights(
            lambda k, s: (w := torch.exp(-(torch.arange(k, dtype=torch.float64) - k // 2).abs() / (2 * s**2))) / w.sum()
        ),
    ),
    misconception("blur-not-normalised", with_weights(raw), with_weights(unscaled)),
    misconception("blur-off-centre", with_weights(off_centre)),
    misconception(
        "blur-sigma-ignored",
        with_weights(lambda k, s: gaussian(k, 1.0)),
        with_weights(lambda k, s: gaussian(k, 0.3 * ((k - 1) * 0.5 - 1) + 0.8)),
    ),
    misconception(
        "blur-size-ignored",
        with_changes(blurred, lambda sigma, **rest: {"kernel_size": 2 * round(3 * sigma) + 1}),
        with_changes(blurred, lambda sigma, **rest: {"kernel_size": 2 * int(3 * sigma) + 1}),
        with_arguments(blurred, kernel_size=always(3)),
        with_arguments(blurred, kernel_size=always(5)),
    ),
    misconception("blur-box", with_weights(lambda k, s: torch.full((k,), 1 / k, dtype=torch.float64))),
    misconception("blur-one-axis", along(2), along(1)),
    misconception(
        "blur-channels-mixed",
        with_all_arguments(blurred, mixed),
        with_result(blurred, lambda got: got.mean(0, keepdim=True)),
    ),
    misconception("one-channel", unfit(blurred, lambda image, **rest: len(image) == 1), raises=True),
)


def whole(draw: Draw, shape: tuple[int, int, int], size: int) -> T:
    """Random pixels up to the border."""
    return draw.uniform(*shape)


def framed(draw: Draw, shape: tuple[int, int, int], size: int) -> T:
    """Random pixels in a black frame, so wide that no border shows."""
    return F.pad(draw.uniform(*shape), [2 * (size // 2)] * 4)  # a reflection reaches so far


def grey(draw: Draw, shape: tuple[int, int, int], size: int) -> T:
    """The same, in which all channels are alike."""
    return framed(draw, (1, *shape[1:]), size).expand(shape[0], -1, -1).clone()


def blur_cases(
    shapes: Sequence[tuple[int, int, int]],
    sizes: Sequence[int],
    sigmas: Sequence[float],
    image: Callable[[Draw, tuple[int, int, int], int], T] = grey,
) -> Cases:
    """Images of these shapes by these windows, whose numbers are given by name every other time."""

    def cases(draw: Draw) -> Iterator[Case]:
        every = [(shape, size, sigma) for shape in shapes for size in sizes for sigma in sigmas]
        for place, (shape, size, sigma) in enumerate(every):
            x = image(draw, shape, size)
            yield Case((x,), {"kernel_size": size, "sigma": sigma}) if place % 2 else Case((x, size, sigma))

    return cases


def blur_features(reference: Callable[..., Any], case: Case) -> Features:
    """What is special about a window."""
    image, size, sigma = (*case.args, *case.kwargs.values())
    edges = torch.cat([image[:, 0], image[:, -1], image[:, :, 0], image[:, :, -1]], 1)
    facts = {
        "one channel": len(image) == 1,
        "other size": size != 3,
        "other sigma": sigma != 1,
        "bright border": edges.any(),
        "one-pixel kernel": size == 1,
        "channels": len(image) > 1 and not torch.equal(image[0], image[1]),
    }
    return features_of(reference, case) & {"image not square"} | holding(facts)


BLUR = FunctionExam(
    "gaussian_blur",
    blurred,
    BLUR_MISTAKES,
    SENTENCES,
    blur_cases([(3, 5, 5), (3, 8, 8), (3, 6, 6), (3, 7, 7), (3, 4, 4), (3, 9, 9)], (3,), (1.0,)),
    ban="augmentation",
    features=blur_features,
)
gaussian_blur = BLUR.exam(
    BLUR.values(
        "window", "a window of 3 × 3 with sigma 1", 0.5, blur_cases([(3, 7, 7), (3, 5, 9), (3, 8, 4)], (3,), (1, 1.0))
    ),
    BLUR.values("sigma", "every sigma", 1.0, blur_cases([(3, 7, 7), (3, 6, 6)], (3,), (0.1, 0.5, 0.7, 1.6, 2, 30.0))),
    BLUR.values(
        "sizes", "every size of the window, 1 × 1 too", 1.0, blur_cases([(3, 6, 6), (3, 7, 7)], (1, 5, 7, 9), (1.0,))
    ),
    BLUR.values(
        "border",
        "a reflected border, up to the largest window",
        1.0,
        blur_cases([(1, 6, 6), (1, 7, 7)], (3,), (1.0,), whole),
        blur_cases([(1, 6, 6), (1, 6, 9)], (7, 11), (1.0, 1.6), whole),
    ),
    BLUR.values(
        "channels",
        "every channel by itself, one or three",
        0.5,
        blur_cases([(3, 8, 8), (1, 7, 7), (3, 7, 7), (1, 5, 5)], (3,), (1.0,), framed),
    ),
    BLUR.criterion(
        "layouts",
        "any memory layout, nothing changed",
        1.0,
        BLUR.ask_layouts(blur_cases([(3, 6, 6)], (3,), (1.0,))),
        BLUR.ask_again(blur_cases([(3, 5, 5)], (3,), (1.0,))),
        intact=True,
    ),
)
