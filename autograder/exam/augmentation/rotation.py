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

from autograder.exam.augmentation.images import T, places
from autograder.exam.augmentation.sentences import SENTENCES
from autograder.exam.augmentation.turning import MISTAKES, rotated, sources
from autograder.exam.calls import Call, Value
from autograder.exam.cases import Case, Cases
from autograder.exam.draw import Draw
from autograder.exam.features import Features, features_of, holding
from autograder.exam.functions import Ask, FunctionExam, asked

BORDER = 2.0  # pixels: what is shown from nearer to the border is free
CLOSE = 0.06  # of values in 0…1: more than nearest and bilinear differ on images as smooth as `smooth` draws
TIE = 0.05  # pixels from the middle between two pixels, where the nearest is a matter of rounding


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

    def _unlike(self, got, right):
        image, angle = (*self.case.args, *self.case.kwargs.values())
        if not isinstance(got, T) or got.dtype != right.dtype or got.shape != right.shape or right.shape != image.shape:
            return super()._unlike(got, right)
        known = {0, *image.unique().tolist()}
        if set(right.unique().tolist()) <= known and not set(got.unique().tolist()) <= known:
            return "gave back labels that the mask does not have"
        rows, columns = sources(image.shape, angle)
        sure = ((rows - rows.floor() - 0.5).abs() > TIE) & ((columns - columns.floor() - 0.5).abs() > TIE)
        sure &= inner(image.shape, angle) | outer(image.shape, angle) | torch.tensor(angle % 90 == 0)
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
    facts = {
        "negative": angle < 0,
        "any angle": angle % 90 != 0,
        "over a turn": abs(angle) > 360,
        "outside a turn": not 0 <= angle <= 360,
    }
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
NARROW = [(1, 13, 47), (3, 46, 12)]  # so much that indices lie before the start by more than the image is large
STEEP = (90, 65)

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
        asking(Turned, soft(NARROW, STEEP)),
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
