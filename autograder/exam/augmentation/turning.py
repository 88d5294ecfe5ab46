"""Rotations of images: the right one, and the mistakes people make."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F

from autograder.exam.augmentation.images import T, looked_up, mask_mistake, places
from autograder.exam.mistakes import misconception, with_all_arguments, with_arguments


def sources(shape: Sequence[int], angle: float, centre: Sequence[float] | None = None) -> tuple[T, T]:
    """Of each pixel of the result (H, W) the row and the column of the image that it shows."""
    rows, columns = (place.double() for place in places(tuple(shape)))
    down, right = centre or ((shape[-2] - 1) / 2, (shape[-1] - 1) / 2)
    turn, y, x = math.radians(angle), rows - down, columns - right
    return x * math.sin(turn) + y * math.cos(turn) + down, x * math.cos(turn) - y * math.sin(turn) + right


def nearest(image: T, rows: T, columns: T) -> T:
    """The pixel nearest to each place."""
    return looked_up(image, rows.round().long(), columns.round().long())


def bilinear(image: T, rows: T, columns: T) -> T:
    """The mean of the four pixels around each place, by their distances."""
    top, left = rows.floor(), columns.floor()
    down, right = (rows - top).to(image.dtype), (columns - left).to(image.dtype)
    result = torch.zeros(())
    for i, row_share in ((0, 1 - down), (1, down)):
        for j, share in ((0, 1 - right), (1, right)):
            result = result + row_share * share * looked_up(image, top.long() + i, left.long() + j)
    return result


def rotated(image, angle):
    """Counter-clockwise by `angle` degrees about the centre, by the nearest pixel."""
    return nearest(image, *sources(image.shape, angle))


def about(centre: Callable[[int, int], tuple[float, float]]) -> Callable[..., T]:
    """About another point than the centre."""
    return lambda function, image, angle: nearest(image, *sources(image.shape, angle, centre(*image.shape[-2:])))


def forward(function, image, angle):
    """Each pixel of the image is moved to its new place, so that others stay empty."""
    rows, columns = (place.round().long() for place in sources(image.shape, -angle))
    height, width = image.shape[-2:]
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    result = torch.zeros_like(image)
    result[..., rows[inside], columns[inside]] = image[..., inside]
    return result


def floored(more: float) -> Callable[..., T]:
    """The pixel before each place, not the nearest. more: what rounding adds."""

    def mutant(function, image, angle):
        rows, columns = sources(image.shape, angle)
        return looked_up(image, (rows + more).floor().long(), (columns + more).floor().long())

    return mutant


def edge_repeated(function, image, angle):
    """The edge goes on where the image ends."""
    rows, columns = sources(image.shape, angle)
    height, width = image.shape[-2:]
    return nearest(image, rows.clamp(0, height - 1), columns.clamp(0, width - 1))


def clamped(shape: Sequence[int], angle: float) -> tuple[T, T]:
    """The places, moved onto the image."""
    (rows, columns), (height, width) = sources(shape, angle), shape[-2:]
    return rows.clamp(0, height - 1), columns.clamp(0, width - 1)


def smoothly(places_of: Callable[[Sequence[int], float], tuple[T, T]]) -> Callable[..., T]:
    """Other places, with images interpolated and masks taken by the nearest pixel."""

    def mutant(function, image, angle):
        there = places_of(image.shape, angle)
        return (bilinear if image.is_floating_point() else nearest)(image, *there)

    return mutant


def sheared(function, image, angle):
    """`F.affine_grid` with the plain matrix: on an image that is not square it shears."""
    height, width = image.shape[-2:]
    rows, columns = (place.double() for place in places(image.shape))
    y, x = (2 * rows + 1) / height - 1, (2 * columns + 1) / width - 1
    turn = math.radians(angle)
    there_y, there_x = x * math.sin(turn) + y * math.cos(turn), x * math.cos(turn) - y * math.sin(turn)
    return nearest(image, ((there_y + 1) * height - 1) / 2, ((there_x + 1) * width - 1) / 2)


def squared(function, image, angle):
    """Right on squares; on others the centre and the border of a square are taken."""
    height, width = image.shape[-2:]
    if height == width:
        return function(image=image, angle=angle)
    raise RuntimeError("not square")


def grown(function, image, angle):
    """The result is so large that all of the image is on it."""
    height, width = image.shape[-2:]
    turn = math.radians(angle)
    tall = round(abs(height * math.cos(turn)) + abs(width * math.sin(turn)))
    wide = round(abs(width * math.cos(turn)) + abs(height * math.sin(turn)))
    around = max((tall - height + 1) // 2, 0), max((wide - width + 1) // 2, 0)
    padded = F.pad(image, (around[1], around[1], around[0], around[0]))
    return function(image=padded, angle=angle)[..., :tall, :wide]


def interpolated_mask(function, image, angle):
    """Labels are interpolated as grey values are, and rounded."""
    if image.is_floating_point():
        return function(image=image, angle=angle)
    return bilinear(image.double(), *sources(image.shape, angle)).round().long()


def truncated_mask(function, image, angle):
    """Labels are interpolated as grey values are, and cut off."""
    if image.is_floating_point():
        return function(image=image, angle=angle)
    return bilinear(image.double(), *sources(image.shape, angle)).long()


def by_right_angles(function, image, angle):
    """Only multiples of 90°."""
    return function(image=image, angle=90 * round(angle / 90))


MISTAKES = (
    misconception("rotate-negative", with_arguments(rotated, angle=abs)),
    misconception(
        "rotate-clockwise",
        with_arguments(rotated, angle=lambda angle: -angle),
        with_all_arguments(rotated, smoothly(lambda shape, angle: sources(shape, -angle))),
    ),
    misconception("rotate-radians", with_arguments(rotated, angle=math.degrees)),
    misconception(
        "rotate-centre",
        with_all_arguments(rotated, about(lambda height, width: (height / 2, width / 2))),
        with_all_arguments(rotated, about(lambda height, width: (height // 2, width // 2))),
        with_all_arguments(rotated, about(lambda height, width: ((width - 1) / 2, (height - 1) / 2))),
    ),
    misconception("rotate-corner", with_all_arguments(rotated, about(lambda height, width: (0, 0)))),
    misconception("rotate-holes", with_all_arguments(rotated, forward)),
    misconception(
        "rotate-edge-repeated",
        with_all_arguments(rotated, edge_repeated),
        with_all_arguments(rotated, smoothly(clamped)),
    ),
    misconception("rotate-grown", with_all_arguments(rotated, grown)),
    misconception("rotate-sheared", with_all_arguments(rotated, sheared)),
    misconception("rotate-right-angles", with_all_arguments(rotated, by_right_angles)),
    misconception(
        "rotate-mask-interpolated",
        with_all_arguments(rotated, interpolated_mask),
        with_all_arguments(rotated, truncated_mask),
    ),
    misconception("rotate-floor", *(with_all_arguments(rotated, floored(more)) for more in (1e-6, 0.0, -1e-6))),
    misconception("rotate-not-square", with_all_arguments(rotated, squared), raises=True),
    mask_mistake(rotated),
)
