"""The exam of `rotate`, and the mistakes people make in it.

By multiples of 90° a result is compared exactly. By other angles images are smooth, so that the nearest pixel and
bilinear interpolation give nearly the same, and pixels that show something from near the image's border are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
import torch.nn.functional as F

from autograder.exam.augmentation.images import T, looked_up, mask_mistake, places
from autograder.exam.augmentation.sentences import SENTENCES
from autograder.exam.calls import Call, Value
from autograder.exam.cases import Case, Cases
from autograder.exam.draw import Draw
from autograder.exam.features import Features, features_of, holding
from autograder.exam.functions import Ask, FunctionExam, asked
from autograder.exam.mistakes import (
    IN_PLACE,
    misconception,
    with_all_arguments,
    with_arguments,
)

BORDER = 2.0  # pixels: what is shown from nearer to the border is free
CLOSE = 0.06  # of values in 0…1: more than nearest and bilinear differ on images as smooth as `smooth` draws
TIE = 0.05  # pixels from the middle between two pixels, where the nearest is a matter of rounding


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


def floored(function, image, angle):
    """The pixel before each place, not the nearest."""
    rows, columns = sources(image.shape, angle)
    return looked_up(image, (rows + 1e-6).floor().long(), (columns + 1e-6).floor().long())


def edge_repeated(function, image, angle):
    """The edge goes on where the image ends."""
    rows, columns = sources(image.shape, angle)
    height, width = image.shape[-2:]
    return nearest(image, rows.clamp(0, height - 1), columns.clamp(0, width - 1))


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
    *IN_PLACE,
    misconception(
        "rotate-negative",
        with_arguments(rotated, angle=abs),
        with_arguments(rotated, angle=lambda angle: max(angle, 0)),
        with_arguments(rotated, angle=lambda angle: min(max(angle, 0), 360)),
        with_arguments(rotated, angle=lambda angle: angle if 0 <= angle <= 360 else 0),
    ),
    misconception("rotate-clockwise", with_arguments(rotated, angle=lambda angle: -angle)),
    misconception(
        "rotate-radians", with_arguments(rotated, angle=math.degrees), with_arguments(rotated, angle=math.radians)
    ),
    misconception(
        "rotate-centre",
        with_all_arguments(rotated, about(lambda height, width: (height / 2, width / 2))),
        with_all_arguments(rotated, about(lambda height, width: (height // 2, width // 2))),
        with_all_arguments(rotated, about(lambda height, width: ((width - 1) / 2, (height - 1) / 2))),
    ),
    misconception("rotate-corner", with_all_arguments(rotated, about(lambda height, width: (0, 0)))),
    misconception("rotate-holes", with_all_arguments(rotated, forward)),
    misconception("rotate-edge-repeated", with_all_arguments(rotated, edge_repeated)),
    misconception("rotate-grown", with_all_arguments(rotated, grown)),
    misconception("rotate-sheared", with_all_arguments(rotated, sheared)),
    misconception("rotate-right-angles", with_all_arguments(rotated, by_right_angles)),
    misconception(
        "rotate-mask-interpolated",
        with_all_arguments(rotated, interpolated_mask),
        with_all_arguments(rotated, truncated_mask),
    ),
    misconception("rotate-floor", with_all_arguments(rotated, floored)),
    misconception("rotate-not-square", with_all_arguments(rotated, squared), raises=True),
    mask_mistake(rotated),
)


@dataclass(eq=False)
class Turned(Value):
    """A rotated image, whose pixels count that show something from well inside the image, or from well outside."""

    inside: ClassVar[bool] = True

    def _unlike(self, got, right):
        image, *rest = (*self.case.args, *self.case.kwargs.values())
        fitting = isinstance(got, T) and got.shape == right.shape == image.shape and got.is_floating_point()
        if not fitting or not right.is_floating_point():
            return super()._unlike(got, right)
        counted = self._counted(image, *rest)
        tolerance = CLOSE if self.inside else 1e-4
        near = ((got.to(right.dtype) - right).abs() <= tolerance) & got.isfinite()
        return None if bool(near[..., counted].all()) else "gave back wrong values"

    def _counted(self, image: T, angle: float) -> T:
        """Which pixels count (H, W)."""
        return inner(image.shape, angle)


@dataclass(eq=False)
class Around(Turned):
    """The same, of which the pixels outside the image count."""

    inside: ClassVar[bool] = False

    def _counted(self, image: T, angle: float) -> T:
        return outer(image.shape, angle)


@dataclass(eq=False)
class Labelled(Value):
    """A rotated mask, whose labels count where the nearest pixel is no matter of rounding."""

    tells: ClassVar[Features] = frozenset({"labels"})

    def _unlike(self, got, right):
        image, angle = (*self.case.args, *self.case.kwargs.values())
        if not isinstance(got, T) or got.dtype != right.dtype or got.shape != right.shape or right.shape != image.shape:
            return super()._unlike(got, right)
        known = {0, *image.unique().tolist()}
        if set(right.unique().tolist()) <= known and not set(got.unique().tolist()) <= known:
            return "gave back labels that the mask does not have"
        rows, columns = sources(image.shape, angle)
        sure = ((rows - rows.floor() - 0.5).abs() > TIE) & ((columns - columns.floor() - 0.5).abs() > TIE)
        return None if torch.equal(got[..., sure], right[..., sure]) else "gave back wrong labels"


def inner(shape: Sequence[int], angle: float) -> T:
    """Which pixels are BORDER or more from every border, their own and that of what they show."""
    (rows, columns), (own_rows, own_columns) = sources(shape, angle), places(tuple(shape))
    return within(shape, rows, columns, BORDER) & within(shape, own_rows, own_columns, BORDER)


def outer(shape: Sequence[int], angle: float) -> T:
    """Which pixels show something from BORDER or more outside the image."""
    return ~within(shape, *sources(shape, angle), -BORDER)


def within(shape: Sequence[int], rows: T, columns: T, margin: float) -> T:
    """Which places lie so far inside the image."""
    height, width = shape[-2:]
    return (rows >= margin) & (rows <= height - 1 - margin) & (columns >= margin) & (columns <= width - 1 - margin)


def smooth(draw: Draw, channels: int, height: int, width: int) -> T:
    """An image whose neighbouring pixels differ little, everywhere, and along both axes."""
    rows, columns = places((channels, height, width))
    planes = []
    for _ in range(channels):
        down, right, tilt = (2 * math.pi * draw.uniform(1).item() for _ in range(3))
        waves = torch.sin(rows / 9 + down) + torch.cos(columns / 9 + right) + torch.sin((rows + columns) / 13 + tilt)
        planes.append(0.5 + 0.15 * waves)
    return torch.stack(planes).float()


def sharp(shapes: Sequence[tuple[int, ...]], angles: Sequence[float], about: str = "") -> Cases:
    """Images of random pixels, by these angles."""
    return lambda draw: [Case((draw.uniform(*shape), angle), {}, about) for shape in shapes for angle in angles]


def soft(shapes: Sequence[tuple[int, int, int]], angles: Sequence[float]) -> Cases:
    """Smooth images, by these angles, which are given by name every other time."""

    def cases(draw: Draw) -> Iterator[Case]:
        for place, (shape, angle) in enumerate((shape, angle) for shape in shapes for angle in angles):
            image = smooth(draw, *shape)
            yield Case((image,), {"angle": angle}) if place % 2 else Case((image, angle))

    return cases


def masks(draw: Draw) -> Iterator[Case]:
    """Masks of a few regions with labels that are not neighbours."""
    for side, angle in ((15, 20), (16, 45.0), (17, 90), (14, 326.5), (21, 180), (18, 70), (15, 290)):
        mask = torch.zeros(1, side, side, dtype=torch.int64)
        a, b = draw.integers(2, 5, 2).tolist()
        mask[:, a:-b, b:-a] = 4
        mask[:, side // 2 :, a : side // 2 + b] = 2
        yield Case((mask, angle), {}, "on a mask")


def asking(make: type[Call], cases: Cases) -> Ask:
    """Calls of this kind."""
    return lambda subject, draw: [*asked(subject, draw.shuffled(list(cases(draw))), make)]


def angle_features(reference: Callable[..., Any], case: Case) -> Features:
    """What is special about an angle."""
    angle = (*case.args, *case.kwargs.values())[-1]
    facts = {"negative": angle < 0, "any angle": angle % 90 != 0, "over a turn": abs(angle) > 360}
    kept = features_of(reference, case) & {"image not square", "channels", "float64"}
    return kept | holding(facts)


def square(case: Case) -> Case:
    """The part of an image that is square."""
    image, *rest = case.args
    side = min(image.shape[-2:])
    return replace(case, args=(image[..., :side, :side].contiguous(), *rest), about="")


SQUARES = [(1, 7, 7), (1, 8, 8), (3, 9, 9)]
OBLONG = [(3, 6, 9), (1, 9, 4), (3, 7, 12)]
ANGLES = (30, 10, 45.0, 340, 77.5, 135, 200, 260)
LARGE, WIDE = [(1, 41, 41), (3, 38, 38)], [(1, 36, 52), (3, 50, 34)]

ROTATE = FunctionExam(
    "rotate", rotated, MISTAKES, SENTENCES, sharp(SQUARES, (90, 180)), ban="augmentation", features=angle_features
)
rotate = ROTATE.exam(
    ROTATE.values(
        "right angles", "squares by multiples of 90°, counter-clockwise", 1.5, sharp(SQUARES, (90, 180, 270, 0))
    ),
    ROTATE.criterion("angles", "by any angle, without holes", 1.0, asking(Turned, soft(LARGE, ANGLES))),
    ROTATE.criterion(
        "outside", "zeros where nothing of the image is shown", 0.5, asking(Around, soft(LARGE, ANGLES[:6]))
    ),
    ROTATE.criterion(
        "oblong",
        "images that are not square",
        1.0,
        ROTATE.ask_values(sharp(OBLONG, (0, 180)), plain=square),
        asking(Turned, soft(WIDE, ANGLES[::2])),
    ),
    ROTATE.criterion("masks", "masks stay int64, and get no label that was not there", 1.0, asking(Labelled, masks)),
    ROTATE.criterion(
        "turns",
        "negative angles, and more than a turn; any memory layout, nothing changed",
        1.0,
        ROTATE.ask_values(sharp(SQUARES[:2], (-90, 450, -180, 360, -270, 540.0))),
        ROTATE.ask_layouts(sharp(SQUARES[2:], (90,))),
        ROTATE.ask_again(sharp(SQUARES[1:2], (90,))),
        intact=True,
    ),
)
