"""The mistakes people make in `top_patches`, each as another `Way` to find them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil
from typing import Any

from autograder.exam.interpretability.fields import (
    Best,
    Field,
    Moving,
    Seen,
    Window,
    extremes,
    field,
    fields,
    largest,
    of_ranges,
    patches,
)
from autograder.exam.interpretability.model_mistakes import left_mistakes, mode_mistakes
from autograder.exam.interpretability.models import T
from autograder.exam.mistakes import Function, Misconception, misconception, with_changes


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


def begun_inside(seen: Seen) -> Window:
    """The first pixel is clipped to the image before the size is added to it."""
    ranges = [(max(low, 0), max(low, 0) + high - low) for low, high in seen.ranges]
    return of_ranges(ranges, seen.image)


def short_of_the_border(seen: Seen) -> Window:
    """Clipped to the number of the image's last pixel."""
    height, width = seen.image
    return of_ranges(seen.ranges, (height - 1, width - 1))


def half_padded(layers: Sequence[Moving]) -> tuple[Field, Field]:
    """As if each layer were padded by half its kernel."""
    return fields([one._replace(padding=(one.kernel[0] // 2, one.kernel[1] // 2)) for one in layers])


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


PATCH_MISTAKES: tuple[Misconception, ...] = (
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
        other(maps=lambda outputs, number: outputs[min(number + 2, len(outputs) - 1)]),
    ),
    misconception("patches-unit-transposed", other(best=transposed), other(best=miscounted)),
    misconception("patches-left-first", written(lambda top, left, bottom, right: (left, top, right, bottom))),
    misconception(
        "patches-height-width", written(lambda top, left, bottom, right: (top, left, bottom - top, right - left))
    ),
    misconception("patches-edges-first", written(lambda top, left, bottom, right: (top, bottom, left, right))),
    misconception(
        "patches-closed",
        written(lambda top, left, bottom, right: (top, left, bottom - 1, right - 1)),
        other(window=short_of_the_border),
    ),
    misconception("patches-not-clipped", other(window=unclipped)),
    misconception("patches-moved-inside", other(window=inside), other(window=begun_inside)),
    misconception(
        "patches-unit-alone",
        other(window=lambda seen: (*seen.unit, seen.unit[0] + 1, seen.unit[1] + 1)),
        other(window=step),
        other(window=share),
    ),
    misconception("patches-centred", other(window=centred), other(fields=half_padded)),
    misconception("patches-padding", changed(padding=(0, 0))),
    misconception("patches-padding-scale", with_fields(scaled=False)),
    misconception("patches-stride", changed(stride=(1, 1))),
    misconception("patches-stride-early", *(with_fields(early=some) for some in (("size",), ("size", "start")))),
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
    mode_mistakes(patches),
    *left_mistakes(patches),
)
