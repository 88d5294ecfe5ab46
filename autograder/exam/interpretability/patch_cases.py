"""The calls of `top_patches`: networks and bright pixels placed by hand, so that each image's best unit is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from autograder.exam.cases import Case, Cases
from autograder.exam.draw import Draw
from autograder.exam.interpretability.models import Row, T, network
from autograder.objects.recipes import Recipe

N = 5  # images of a call
PEAK = 3.0
Shape = tuple[int, int, int]  # (C, H, W)

Pixel = tuple[int, int, int, float]  # channel, row and column, of negative numbers from the end, brightness


def lit(draw: Draw, shape: Shape, pixels: Sequence[Sequence[Pixel]]) -> T:
    """Dark images (C, H, W) with bright pixels, in an order that the seed gives."""
    images = 0.002 * draw.uniform(len(pixels), *shape)
    for image, bright in zip(images, pixels, strict=True):
        for channel, row, column, brightness in bright:
            image[channel, row, column] = brightness
    return images[draw.shuffled(range(len(images)))]


def at(*places: tuple[int, int]) -> list[list[Pixel]]:
    """A bright pixel in each image, brighter in the one before."""
    return [[(0, row, column, 1 - 0.12 * i)] for i, (row, column) in enumerate(places)]


def square(brightness: float, row: int, column: int, side: int = 3) -> list[Pixel]:
    """A bright square."""
    return [(0, row + y, column + x, brightness) for y in range(side) for x in range(side)]


def detector(draw: Draw, channels: int = 1, side: int = 3, bias: float = 0.0) -> Row:
    """Channel c likes a pixel of the image's channel c that is brighter than those around it."""
    weight = 0.05 * draw.uniform(channels, channels, side, side) - 0.05
    for c in range(channels):
        weight[c, c] -= 4 / side**2
        weight[c, c, side // 2, side // 2] = PEAK
    return ("convolution", weight, torch.full((channels,), bias))


def peaked(draw: Draw, kernel: tuple[int, int], peak: tuple[int, int], *about: Any) -> Row:
    """A convolution with positive weights, the largest by far at this place, all others far enough from each other
    that no seed changes their order. about: stride, padding, dilation."""
    height, width = kernel
    rest = torch.linspace(0.1, 0.6, height * width).reshape(height, width).flip(peak[0] % 2)
    weight = (rest + 0.1 / (height * width) * draw.uniform(height, width))[None, None]
    weight[:, :, peak[0], peak[1]] = PEAK
    return ("convolution", weight / weight[0].numel() ** 0.5, None, *about)


RELU: Row = ("relu",)
CORNERS = [(0, 0), (0, -1), (-1, 0), (-1, -1), (4, 3)]
INNER = [(2, 2), (2, -3), (-3, 2), (-3, -3), (4, 3)]


def searching(
    rows: Callable[[Draw], Sequence[Row]],
    layer: int,
    places: Sequence[tuple[int, int]] = CORNERS,
    shape: Shape = (1, 11, 11),
) -> Cases:
    """A call for all images, with a bright pixel at these places."""

    def cases(draw: Draw) -> Iterator[Case]:
        images = lit(draw, shape, at(*places))
        yield case(network(*rows(draw)), images, layer)

    return cases


def together(*some: Cases) -> Cases:
    """All of these."""
    return lambda draw: [case for cases in some for case in cases(draw)]


def ranked() -> list[list[Pixel]]:
    """Images of one channel, best first by a detector, which are not in that order by their brightness."""
    return [
        [(0, 4, 5, 1.0)],
        [(0, 2, 3, 0.8), *square(0.1, 6, 5)],
        [(0, 7, 2, 0.62), *square(0.2, 2, 6)],
        square(0.9, 3, 3),
        square(0.65, 5, 2, 4),
    ]


def squares(draw: Draw) -> Iterator[Case]:
    """A detector alone, on squares of one channel."""
    for side, length in ((3, 11), (5, 12), (3, 12), (5, 11), (3, 13), (3, 10)):
        yield case(network(detector(draw, side=side)), lit(draw, (1, length, length), ranked()))


def case(model: Recipe, images: T, layer: int = 0, channel: int = 0, k: int = N) -> Case:
    """A call."""
    return Case((images,), {"model": model, "layer": str(layer), "channel": channel, "k": k})


ORDERS = ([0, 1, 2, 3, 4], [3, 0, 4, 2, 1], [2, 4, 1, 0, 3])  # of images, best first, by channel


def of_several(draw: Draw, bias: float = 0.0) -> tuple[Any, T]:
    """A network of three detectors and another layer, and images in which each channel has an order of its own."""
    pixels: list[list[Pixel]] = [[] for _ in range(N)]
    for channel, order in enumerate(ORDERS):
        for rank, image in enumerate(order):
            pixels[image].append((channel, 2 + 2 * channel, 3 + image, 1 - 0.13 * rank))
        pixels[order[0]].append((channel, 2 + 2 * channel, 11, 0.95))  # its second best is better than the others
    more = ("convolution", draw.normal(3, 3, 2, 2), draw.normal(3))
    return network(detector(draw, 3, bias=bias), ("leaky",), more), lit(draw, (3, 10, 14), pixels)


def several(draw: Draw) -> Iterator[Case]:
    """One to all images, of each channel."""
    for channel in range(3):
        for k in (1, 2, 3, N):
            model, images = of_several(draw)
            yield case(model, images, channel=channel, k=k)


def below_zero(draw: Draw) -> Iterator[Case]:
    """Maps whose largest value is negative, or smaller than what is negative."""
    for channel in range(3):
        model, images = of_several(draw, bias=-6.0)
        yield case(model, images, channel=channel)
    for _ in range(2):
        name, weight, *rest = detector(draw)
        weight[0, 0, 0, 1] = -PEAK - 2
        images = lit(draw, (1, 10, 10), at(*INNER))
        yield case(network((name, weight, *rest)), images)


def later(draw: Draw) -> Iterator[Case]:
    """Largest values behind several layers."""
    for layer in (1, 2, 3):
        rows = peaked(draw, (3, 3), (1, 1)), ("leaky",), peaked(draw, (3, 3), (0, 2)), RELU
        yield case(network(*rows), lit(draw, (1, 11, 11), at(*INNER)), layer)


def one(*about: Any, kernel: tuple[int, int] = (3, 3), peak: tuple[int, int] = (1, 1), **where: Any) -> Cases:
    """A convolution alone; about: stride, padding, dilation."""
    return searching(lambda draw: [peaked(draw, kernel, peak, *about)], 0, **where)


def pooled(*about: Any, peak: tuple[int, int] = (1, 1), **where: Any) -> Cases:
    """A convolution and a pooling; about: kernel, stride, padding."""
    return searching(lambda draw: [peaked(draw, (3, 3), peak), ("max_pool", *about)], 1, **where)


def stack(*rows: tuple, layer: int, **where: Any) -> Cases:
    """Several layers: a row (kernel, peak, stride, padding, dilation) is a convolution, others are a network's."""

    def made(draw: Draw) -> list[Row]:
        return [row if isinstance(row[0], str) else peaked(draw, *row) for row in rows]

    return searching(made, layer, **where)


THREE = (3, 3)
WIDE: dict[str, Any] = {"shape": (1, 9, 13)}
PLAIN = [
    one(),
    one(peak=(0, 0)),
    one(peak=(2, 1)),
    one(kernel=(5, 5), peak=(3, 1)),
    one(kernel=(2, 2), peak=(0, 1)),
    one(kernel=(1, 1), peak=(0, 0)),
]
STRIDES = [
    one(2),
    one(2, peak=(0, 2)),
    one(3, kernel=(5, 5), peak=(2, 3)),
    one(4, kernel=(3, 3), peak=(1, 0), shape=(1, 15, 15)),
]
PADDED = [
    one(1, 1),
    one(1, 1, peak=(2, 2)),
    one(1, 1, peak=(0, 0)),
    one(1, 2, kernel=(5, 5), peak=(4, 4)),
    one(1, 2, kernel=(5, 5), peak=(0, 2)),
    one(1, 2, peak=(2, 0)),
]
POOLED = [
    pooled(2),
    pooled(3),
    pooled(3, 2, peak=(0, 2)),
    pooled(3, 1, peak=(2, 0)),
    pooled(2, 3),
    pooled(3, 2, 1, peak=(1, 0)),
    pooled(3, 3, 1, peak=(1, 2)),
    pooled(3, 1, 1, peak=(0, 1)),
]
DILATED = [one(1, 0, 2), one(1, 0, 3, peak=(0, 2)), one(1, 0, 2, kernel=(2, 2), peak=(1, 0))]
PAIRS = [
    one(kernel=(3, 5), peak=(1, 3), **WIDE),
    one(kernel=(5, 2), peak=(1, 1), **WIDE),
    one((1, 2), kernel=(3, 3), **WIDE),
    one(1, (1, 0), peak=(2, 2), **WIDE),
    one(1, (0, 2), kernel=(3, 5), peak=(1, 0), **WIDE),
    one(1, 0, (2, 1), **WIDE),
]
WHOLE = [
    one(kernel=(5, 5), peak=(1, 3)),
    one(kernel=(5, 5), peak=(1, 1)),
    one(2),
    one(1, 1, peak=(2, 2)),
    one(1, 2, kernel=(5, 5), peak=(1, 0)),
    one(1, 0, 2),
]
DEEP = [
    stack((THREE, (1, 1)), RELU, (THREE, (0, 2)), layer=2),
    stack((THREE, (1, 1)), RELU, (THREE, (0, 2)), layer=1),
    stack((THREE, (2, 0)), RELU, (THREE, (0, 2)), ("leaky",), ((2, 2), (1, 0)), layer=2),
    stack((THREE, (2, 0)), RELU, (THREE, (0, 2)), ("leaky",), ((2, 2), (1, 0)), layer=4),
    stack((THREE, (1, 0)), ("tanh",), ((1, 1), (0, 0)), layer=2),
]
MIXED = [  # beside the first of these that it is made of
    (stack((THREE, (1, 1), 2, 1), RELU, (THREE, (1, 2), 1, 1), layer=2), one(1, 1)),
    (stack((THREE, (1, 1), 2, 1), RELU, (THREE, (0, 0), 2, 1), layer=2, shape=(1, 17, 17)), one(1, 1)),
    (stack((THREE, (1, 1)), ("max_pool", 2), RELU, (THREE, (2, 1)), layer=3, shape=(1, 14, 14)), pooled(2)),
    (stack((THREE, (1, 1), 1, 1), ("max_pool", 2), RELU, (THREE, (0, 1), 1, 1), layer=3, shape=(1, 12, 12)), one(1, 1)),
    (stack((THREE, (1, 1), 2), ("leaky",), (THREE, (0, 2), 1, 0, 2), layer=2, shape=(1, 17, 17)), one(1, 0, 2)),
]


def in_mode(training: bool, slopes: tuple[float, float], **how: Any) -> Cases:
    """Negative values, and an activation that gives them random slopes in train mode."""

    def cases(draw: Draw) -> Iterator[Case]:
        rows = detector(draw, bias=-6.0), ("random_leaky", *slopes), peaked(draw, (3, 3), (1, 1))
        yield case(network(*rows, training=training, **how), lit(draw, (1, 10, 10), at(*INNER)), 1)

    return cases


RANDOM, FIXED = (0.1, 0.9), (0.5, 0.5)  # what is left of a model is seen by what it answers
