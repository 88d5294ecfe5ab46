"""What a unit sees of an image, and how the patches are found that excite it most, rightly and by people's mistakes.

A mistake is another `Way`, so that two of them can be made into one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from typing import Any, NamedTuple

import torch
from torch import nn

from autograder.exam.compare import Either
from autograder.exam.interpretability.kept import once
from autograder.exam.interpretability.models import T, built, evaluated
from autograder.exam.mistakes import Function, Misconception, misconception, pair, with_changes
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


def field(layers: Sequence[Moving], axis: int, *, reach: int = 1, early: bool = False, scaled: bool = True) -> Field:
    """The field behind these layers, the last one's units' own. reach: what a kernel of n pixels spans is n less this.
    early: a layer's own stride counts within its own kernel. scaled: a padding counts in pixels of the image."""
    size, jump, start = 1, 1, 0
    for layer in layers:
        k, s, p, d = layer.kernel[axis], layer.stride[axis], layer.padding[axis], layer.dilation[axis]
        start -= p * (jump if scaled else 1)
        size += d * (k - reach) * jump * (s if early else 1)
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


# ---------------------------------------------------------------- mistakes
def other(**changes: Any) -> Function:
    """The reference with another way."""
    return with_changes(patches, lambda way, **rest: {"way": replace(way, **changes)})


def several(planes: T, k: int) -> list[Best]:
    """The k best units, whichever images they are of."""
    every = [
        (index, [(y, x)], float(value))
        for index, plane in enumerate(planes)
        for y, row in enumerate(plane)
        for x, value in enumerate(row)
    ]
    return sorted(every, key=lambda one: -one[2])[:k]


def by(score: Callable[[T], float]) -> Callable[[T, int], list[Best]]:
    """The k images in which another number is largest, and that number; the units are right."""
    return lambda planes, k: sorted(
        ((index, units, score(planes[index])) for index, units, _ in extremes(planes)), key=lambda one: -one[2]
    )[:k]


def smallest(planes: T, k: int) -> list[Best]:
    """The units in which the plane is smallest, the smallest of all first."""
    found = [(index, units, -value) for index, units, value in extremes(-planes)]
    return sorted(found, key=lambda one: one[2])[:k]


def transposed(planes: T, k: int) -> list[Best]:
    """Rows and columns of the unit exchanged."""
    return [(index, [(x, y) for y, x in units], value) for index, units, value in largest(planes, k)]


def miscounted(planes: T, k: int) -> list[Best]:
    """A flat position divided by the height in the place of the width."""
    height, width = planes.shape[1:]
    return [
        (index, [divmod(y * width + x, height) for y, x in units], value) for index, units, value in largest(planes, k)
    ]


def changed(**numbers: Any) -> Function:
    """Windows of layers that have other numbers than theirs."""
    return other(fields=lambda layers: fields([one._replace(**numbers) for one in layers]))


def with_fields(**options: Any) -> Function:
    """Fields that are counted otherwise."""
    return other(fields=lambda layers: (field(layers, 0, **options), field(layers, 1, **options)))


def exchanged(layers: Sequence[Moving]) -> tuple[Field, Field]:
    down, right = fields(layers)
    return right, down


def inside(seen: Seen) -> Window:
    """Moved onto the image in its full size."""
    moved = []
    for (low, high), n in zip(seen.ranges, seen.image, strict=True):
        off = max(0, -low) - max(0, high - n)
        moved.append((low + off, high + off))
    return of_ranges(moved, seen.image)


def centred(seen: Seen) -> Window:
    """As if the unit lay in the middle of its window, at so many jumps from the image's corner."""
    ranges = []
    for one, place in zip(seen.fields, seen.unit, strict=True):
        start = place * one.jump - one.size // 2
        ranges.append((start, start + one.size))
    return of_ranges(ranges, seen.image)


def step(seen: Seen) -> Window:
    """As many pixels as lie between two units."""
    return of_ranges([(low, low + f.jump) for (low, _), f in zip(seen.ranges, seen.fields, strict=True)], seen.image)


def share(seen: Seen) -> Window:
    """The unit's share of the image, as if units lay side by side on it."""
    ranges = [
        (place * n // m, ceil((place + 1) * n / m)) for place, n, m in zip(seen.unit, seen.image, seen.map, strict=True)
    ]
    return of_ranges(ranges, seen.image)


def written(order: Callable[[int, int, int, int], tuple[int, ...]]) -> Function:
    """The right window, told by other numbers."""
    return other(window=lambda seen: order(*of_ranges(seen.ranges, seen.image)))


def unclipped(seen: Seen) -> Window:
    (top, bottom), (left, right) = seen.ranges
    return top, left, bottom, right


MISTAKES: tuple[Misconception, ...] = (
    misconception("patches-ascending", other(best=lambda planes, k: sorted(extremes(planes), key=lambda b: b[2])[:k])),
    misconception(
        "patches-unsorted",
        other(best=lambda planes, k: sorted(largest(planes, k))),
        other(best=lambda planes, k: extremes(planes)[:k]),
        other(best=lambda planes, k: largest(planes, k)[::-1]),
    ),
    misconception("patches-k-ignored", other(best=lambda planes, k: largest(planes, len(planes)))),
    misconception("patches-several", other(best=several)),
    misconception(
        "patches-minimum",
        other(best=smallest),
        other(best=lambda planes, k: smallest(planes, len(planes))[::-1][:k]),
    ),
    misconception("patches-absolute", other(planes=lambda maps, channel: maps[:, channel].abs())),
    misconception("patches-rectified", other(planes=lambda maps, channel: maps[:, channel].relu())),
    misconception(
        "patches-mean",
        other(best=by(lambda plane: float(plane.mean()))),
        other(best=by(lambda plane: float(plane.sum()))),
    ),
    misconception(
        "patches-channel",
        other(planes=lambda maps, channel: maps[:, 0]),
        other(planes=lambda maps, channel: maps.amax(1)),
        other(planes=lambda maps, channel: maps.mean(1)),
        other(planes=lambda maps, channel: maps.sum(1)),
    ),
    misconception(
        "patches-other-layer",
        other(maps=lambda outputs, number: outputs[-1]),
        other(maps=lambda outputs, number: outputs[number]),
        other(maps=lambda outputs, number: outputs[min(number + 2, len(outputs) - 1)]),
    ),
    misconception("patches-unit-transposed", other(best=transposed), other(best=miscounted)),
    misconception("patches-left-first", written(lambda top, left, bottom, right: (left, top, right, bottom))),
    misconception(
        "patches-height-width", written(lambda top, left, bottom, right: (top, left, bottom - top, right - left))
    ),
    misconception("patches-edges-first", written(lambda top, left, bottom, right: (top, bottom, left, right))),
    misconception("patches-closed", written(lambda top, left, bottom, right: (top, left, bottom - 1, right - 1))),
    misconception("patches-not-clipped", other(window=unclipped)),
    misconception("patches-moved-inside", other(window=inside)),
    misconception(
        "patches-unit-alone",
        other(window=lambda seen: (*seen.unit, seen.unit[0] + 1, seen.unit[1] + 1)),
        other(window=step),
        other(window=share),
    ),
    misconception("patches-centred", other(window=centred)),
    misconception("patches-padding", changed(padding=(0, 0))),
    misconception("patches-padding-scale", with_fields(scaled=False)),
    misconception("patches-stride", changed(stride=(1, 1))),
    misconception("patches-stride-early", with_fields(early=True)),
    misconception("patches-dilation", changed(dilation=(1, 1))),
    misconception("patches-pooling", other(fields=lambda layers: fields([one for one in layers if not one.pools]))),
    misconception("patches-last-layer", other(fields=lambda layers: fields(layers[-1:]))),
    misconception(
        "patches-layers-counted",
        other(counted=lambda layers, number: layers[:number]),
        other(counted=lambda layers, number: layers),
    ),
    misconception("patches-kernel-size", with_fields(reach=0), with_fields(reach=2)),
    misconception(
        "patches-axes",
        other(fields=exchanged),
        other(fields=lambda layers: (field(layers, 0), field(layers, 0))),
        other(fields=lambda layers: (field(layers, 1), field(layers, 1))),
    ),
)  # most telling first
