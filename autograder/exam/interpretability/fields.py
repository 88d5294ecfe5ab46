"""What a unit sees of an image, and how the patches are found that excite it most.

A mistake is another `Way` (`patch_mistakes`), so that two of them can be made into one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import nn

from autograder.exam.compare import Either
from autograder.exam.interpretability.kept import once
from autograder.exam.interpretability.models import T, built, evaluated
from autograder.exam.mistakes import pair
from autograder.objects.recipes import Recipe

Pair = tuple[int, int]  # (down, right)
Window = tuple[int, int, int, int]  # top, left, bottom, right
Best = tuple[int, list[Pair], float]  # an image, its best units, all of one value, and that value


class Moving(NamedTuple):
    """A layer that moves windows over its input."""

    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    pools: bool


class Field(NamedTuple):
    """What units see along an axis: so many pixels each, so many from one to the next, the first one's from here on."""

    size: int
    jump: int
    start: int


def moving(layers: Sequence[nn.Module]) -> list[Moving]:
    """Of these layers those that move windows."""
    found = []
    for layer in layers:
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            numbers: list[Any] = [layer.kernel_size, layer.stride, layer.padding, layer.dilation]
            kernel, stride, padding, dilation = map(pair, numbers)
            found.append(Moving(kernel, stride, padding, dilation, isinstance(layer, nn.MaxPool2d)))
    return found


def field(
    layers: Sequence[Moving], axis: int, *, reach: int = 1, early: Collection[str] = (), scaled: bool = True
) -> Field:
    """The field behind these layers, the last one's units' own. reach: what a kernel of n pixels spans is n less this.
    early: a layer's own stride counts for these of its own numbers, "size" and "start". scaled: a padding counts in
    steps of the layer's input, and not in pixels of the image."""
    size, jump, start = 1, 1, 0
    for layer in layers:
        k, s, p, d = layer.kernel[axis], layer.stride[axis], layer.padding[axis], layer.dilation[axis]
        start -= p * (jump if scaled else 1) * (s if "start" in early else 1)
        size += d * (k - reach) * jump * (s if "size" in early else 1)
        jump *= s
    return Field(size, jump, start)


def fields(layers: Sequence[Moving]) -> tuple[Field, Field]:
    """Down and right."""
    return field(layers, 0), field(layers, 1)


class Seen(NamedTuple):
    """What a unit's window follows from."""

    fields: tuple[Field, Field]
    unit: Pair
    image: Pair
    map: Pair

    @property
    def ranges(self) -> list[Pair]:
        """First pixel and the one after the last, down and right, on the image or beside it."""
        starts = [f.start + place * f.jump for f, place in zip(self.fields, self.unit, strict=True)]
        return [(start, start + f.size) for start, f in zip(starts, self.fields, strict=True)]


def of_ranges(ranges: Sequence[Pair], image: Pair) -> Window:
    """A window, clipped to the image."""
    (top, bottom), (left, right) = [(max(low, 0), min(high, n)) for (low, high), n in zip(ranges, image, strict=True)]
    return top, left, bottom, right


def largest(planes: T, k: int) -> list[Best]:
    """The k images in which a plane (h, w) is largest, best first."""
    return sorted(extremes(planes), key=lambda one: -one[2])[:k]


def extremes(planes: T, of: Callable[[T], T] = lambda plane: plane) -> list[Best]:
    """Of each image the units in which this is largest, and its value there."""
    found = []
    for index, plane in enumerate(map(of, planes)):
        value = float(plane.max())
        found.append((index, [(int(y), int(x)) for y, x in (plane == plane.max()).nonzero()], value))
    return found


@dataclass(frozen=True)
class Way:
    """How patches are found.

    maps: of all layers' outputs (the images first) and the layer's number, what is searched (N, C, h, w). planes: of
    these the channel's (N, h, w). best: of these the k best. counted: of all layers those that windows follow from.
    """

    maps: Callable[[list[T], int], T] = lambda outputs, number: outputs[number + 1]
    planes: Callable[[T, int], T] = lambda maps, channel: maps[:, channel]
    best: Callable[[T, int], list[Best]] = largest
    counted: Callable[[list[nn.Module], int], list[nn.Module]] = lambda layers, number: layers[: number + 1]
    fields: Callable[[Sequence[Moving]], tuple[Field, Field]] = fields
    window: Callable[[Seen], Window] = lambda seen: of_ranges(seen.ranges, seen.image)


def run(model: Recipe | nn.Module, images: T) -> tuple[list[nn.Module], list[T]]:
    """The layers of a model, and the images and what each layer makes of them."""
    outputs = [images]
    with evaluated(built(model)) as made, torch.no_grad():
        layers = list(made.children())
        for one in layers:
            outputs.append(one(outputs[-1]))
    return layers, outputs


def patches(images, model, layer, channel, k, way=Way()):
    """(image index, any of these windows, value) of the k best images."""

    def find() -> tuple[list[Best], Pair]:
        planes = way.planes(way.maps(outputs, number), channel)
        return way.best(planes, k), tuple(planes.shape[1:])

    known, number = partial(once, model, images), int(layer)
    layers, outputs = known("run", lambda: run(model, images))
    best, size = known((way.maps, way.planes, way.best, number, channel, k), find)
    seen = known((way.counted, way.fields, number), lambda: way.fields(moving(way.counted(layers, number))))
    image = tuple(images.shape[2:])
    return [
        (index, Either(tuple(dict.fromkeys(way.window(Seen(seen, unit, image, size)) for unit in units))), value)
        for index, units, value in best
    ]
