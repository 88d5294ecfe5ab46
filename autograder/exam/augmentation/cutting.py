"""The exam of `cutout`, and the mistakes people make in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch

from autograder.exam.augmentation.images import T, places
from autograder.exam.augmentation.sentences import SENTENCES
from autograder.exam.cases import Case, Cases
from autograder.exam.core import Evidence, Wrong
from autograder.exam.draw import Draw
from autograder.exam.features import Features, features_of, holding
from autograder.exam.functions import FunctionExam
from autograder.exam.mistakes import (
    misconception,
    unfit,
    with_all_arguments,
    with_changes,
)
from autograder.exam.setting import current
from autograder.exam.subject import Subject
from autograder.objects.recipes import Recipe

Box = tuple[int, int, int, int]  # top, left, height, width


def rectangle(image: T, top: int, left: int, height: int, width: int) -> T:
    """Which pixels are in it (H, W)."""
    rows, columns = places(image.shape)
    return (rows >= top) & (rows < top + height) & (columns >= left) & (columns < left + width)


def cut(image, top, left, height, width):
    """0 in a rectangle, as far as it lies on the image."""
    return image.masked_fill(rectangle(image, top, left, height, width), 0)


def by_slices(function, image, top, left, height, width):
    """With Python's slices, which count negative numbers from the end."""
    out = image.clone()
    out[..., top : top + height, left : left + width] = 0
    return out


def clipped_start(function, image, top, left, height, width):
    """A rectangle that begins before the image is moved onto it, in its full size."""
    return function(image=image, top=max(top, 0), left=max(left, 0), height=height, width=width)


def kept_inside(function, image, top, left, height, width):
    """The rectangle is kept, and all around it is 0."""
    return image - function(image=image, top=top, left=left, height=height, width=width)


def centred(function, image, top, left, height, width):
    """The numbers are taken as the rectangle's centre."""
    return function(image=image, top=top - height // 2, left=left - width // 2, height=height, width=width)


def to_corner(function, image, top, left, height, width):
    """Height and width are taken as the lower right corner."""
    return function(image=image, top=top, left=left, height=height - top, width=width - left)


def filled(value: Callable[[T], T | float]) -> Callable[..., T]:
    """Another value than 0."""

    def mutant(function, image, **box):
        gone = function(image=torch.ones_like(image), **box) == 0
        return torch.where(gone, torch.as_tensor(value(image)), image)

    return mutant


def one_channel(function, image, **box):
    """Only the first channel."""
    out = image.clone()
    out[:1] = function(image=image[:1], **box)
    return out


def outside(box: Box, shape: tuple[int, ...]) -> bool:
    """Does it lie beside the image, or reach over it?"""
    top, left, height, width = box
    return top < 0 or left < 0 or top + height > shape[-2] or left + width > shape[-1]


CUTOUT_MISTAKES = (
    misconception(
        "cutout-axes-swapped",
        with_changes(
            cut, lambda top, left, height, width, **rest: dict(top=left, left=top, height=width, width=height)
        ),
        with_changes(cut, lambda top, left, **rest: dict(top=left, left=top)),
        with_changes(cut, lambda height, width, **rest: dict(height=width, width=height)),
    ),
    misconception("cutout-keeps-the-rectangle", with_all_arguments(cut, kept_inside)),
    misconception("cutout-centre", with_all_arguments(cut, centred)),
    misconception("cutout-corner", with_all_arguments(cut, to_corner)),
    misconception(
        "cutout-fill",
        *(
            with_all_arguments(cut, filled(value))
            for value in (
                lambda image: 1.0,
                lambda image: 0.5,
                lambda image: image.mean(),
                lambda image: image.mean((1, 2), keepdim=True),
            )
        ),
    ),
    misconception("cutout-one-channel", with_all_arguments(cut, one_channel)),
    misconception("cutout-negative", with_all_arguments(cut, by_slices), with_all_arguments(cut, clipped_start)),
    misconception(
        "cutout-not-clipped",
        unfit(cut, lambda image, **box: outside(tuple(box.values()), image.shape)),
        unfit(
            cut, lambda image, top, left, height, width: top + height > image.shape[1] or left + width > image.shape[2]
        ),
        raises=True,
    ),
)

ON: list[Box] = [(1, 2, 3, 4), (0, 0, 2, 5), (2, 1, 4, 2), (3, 3, 1, 1), (1, 1, 5, 3)]
OVER_END: list[Box] = [(4, 5, 9, 9), (2, 1, 40, 2), (1, 6, 2, 8), (0, 0, 7, 9), (0, 0, 50, 50), (6, 8, 3, 3)]
BEFORE: list[Box] = [(-2, -3, 4, 5), (-1, 2, 3, 3), (2, -4, 2, 6), (-3, -3, 20, 20), (-9, 1, 12, 2)]
BESIDE: list[Box] = [(-5, 2, 3, 3), (2, -9, 4, 4), (7, 1, 2, 2), (1, 9, 3, 3), (2, 2, 0, 3), (2, 2, 3, 0)]


def boxes(some: list[Box], *shapes: tuple[int, ...]) -> Cases:
    """These rectangles on images of 7 × 9, or of these shapes, their numbers by position and by name."""

    def cases(draw: Draw) -> Iterator[Case]:
        for place, box in enumerate(some):
            for shape in shapes or ((3, 7, 9),):
                x = 0.1 + 0.9 * draw.uniform(*shape)  # nothing is 0 before
                named = dict(zip(("top", "left", "height", "width"), box, strict=True))
                yield Case((x, *box)) if place % 2 else Case((x,), named)

    return cases


def box_features(reference: Callable[..., T], case: Case) -> Features:
    """Where the rectangle lies."""
    image, *rest = case.args
    top, left, height, width = rest or case.kwargs.values()
    facts = {
        "clipped": outside((top, left, height, width), image.shape),
        "over the end": top + height > image.shape[1] or left + width > image.shape[2],
        "before the start": top < 0 or left < 0,
        "channels": len(image) > 1,
    }
    return features_of(reference, case) & {"image not square"} | holding(facts)


CUT = FunctionExam(
    "cutout",
    cut,
    CUTOUT_MISTAKES,
    SENTENCES,
    boxes(ON[:3], (1, 7, 9), (1, 7, 7)),
    ban="augmentation",
    features=box_features,
)


def copied(subject: Subject, draw: Draw) -> None:
    """The result is a copy, where something is removed and where nothing is."""
    fill = current.get().build(Recipe("overwriter"))
    for box in (ON[0], BESIDE[0], BESIDE[4]):
        image = draw.uniform(3, 7, 9)
        if not torch.equal(subject.vjp((image, *box), {}, None).after[0], image):
            raise Wrong(
                "input-changed", Evidence(f"top, left, height, width = {box}", "the image as it was", "another")
            )
        if not torch.equal(fill(subject, image, list(box)), image):
            raise Wrong(
                "cutout-shares", Evidence(f"top, left, height, width = {box}", "a copy", "the image's own memory")
            )


KEPT = CUT.criterion(
    "copy",
    "always a copy; any memory layout, nothing changed",
    0.5,
    CUT.ask_layouts(boxes(ON[:1])),
    CUT.ask_again(boxes(ON[2:3])),
    intact=True,
)


def kept(subject: Subject, draw: Draw) -> None:
    """What every function is asked, and that the result is a copy."""
    KEPT.check(subject, draw)
    copied(subject, draw)


cutout = CUT.exam(
    CUT.values("rectangle", "a rectangle on the image, in all channels", 0.5, boxes(ON, (3, 7, 9), (1, 6, 6))),
    CUT.values("end", "clipped at the end", 0.5, boxes(OVER_END)),
    CUT.values("start", "from before the start, or beside the image", 0.5, boxes(BEFORE + BESIDE)),
    replace(KEPT, check=kept),
)
