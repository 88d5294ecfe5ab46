"""The exam of `shift`, and the mistakes people make in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from autograder.exam.augmentation.images import T, images, labels, looked_up, mask_mistake, places
from autograder.exam.augmentation.sentences import SENTENCES
from autograder.exam.calls import Exact
from autograder.exam.cases import Case
from autograder.exam.draw import Draw
from autograder.exam.features import Features, features_of, holding
from autograder.exam.functions import FunctionExam, asked
from autograder.exam.mistakes import (
    misconception,
    unfit,
    with_all_arguments,
    with_arguments,
    with_changes,
)


def moved(image, dx, dy):
    """dx pixels to the right and dy down, zeros follow."""
    rows, columns = places(image.shape)
    return looked_up(image, rows - dy, columns - dx)


def rolled(function, image, dx, dy):
    """What leaves on one side comes in on the other."""
    return image.roll((dy, dx), (-2, -1))


def rolled_where(*, dx: bool = False, dy: bool = False, sign: int = 0) -> Callable[..., T]:
    """The same on some sides. dx: left and right; dy: at the top and at the bottom; sign: only for such numbers."""

    def mutant(function, image, **given):
        wrapping = {"dx": dx and given["dx"] * sign >= 0, "dy": dy and given["dy"] * sign >= 0}
        right = {name: 0 if wrapping[name] else number for name, number in given.items()}
        return rolled(function, function(image=image, **right), **{n: given[n] - right[n] for n in given})

    return mutant


def edge_repeated(function, image, dx, dy):
    """The edge goes on where zeros should follow."""
    rows, columns = places(image.shape)
    return looked_up(image, (rows - dy).clamp(0, image.shape[1] - 1), (columns - dx).clamp(0, image.shape[2] - 1))


def beyond(image, dx, dy):
    """Is nothing of the image left?"""
    return abs(dx) >= image.shape[-1] or abs(dy) >= image.shape[-2]


def one_sided(function, image, dx, dy):
    """Only positive numbers move the image."""
    return function(image=image, dx=max(dx, 0), dy=max(dy, 0))


def absolute(function, image, dx, dy):
    """Negative numbers move the image as positive ones do."""
    return function(image=image, dx=abs(dx), dy=abs(dy))


SHIFT_MISTAKES = (
    misconception("shift-axes-swapped", with_changes(moved, lambda dx, dy, **rest: {"dx": dy, "dy": dx})),
    misconception(
        "shift-direction",
        with_arguments(moved, dx=lambda d: -d, dy=lambda d: -d),
        with_arguments(moved, dx=lambda d: -d),
        with_arguments(moved, dy=lambda d: -d),
    ),
    misconception(
        "shift-wraps",
        with_all_arguments(moved, rolled),
        *(with_all_arguments(moved, rolled_where(**{axis: True})) for axis in ("dx", "dy")),
        *(with_all_arguments(moved, rolled_where(dx=True, dy=True, sign=sign)) for sign in (1, -1)),
    ),
    misconception("shift-edge-repeated", with_all_arguments(moved, edge_repeated)),
    misconception("shift-negative", with_all_arguments(moved, one_sided), with_all_arguments(moved, absolute)),
    misconception(
        "shift-beyond",
        unfit(moved, lambda image, dx, dy: beyond(image, dx, dy)),
        unfit(moved, lambda image, dx, dy: abs(dx) > image.shape[-1] or abs(dy) > image.shape[-2]),
        with_all_arguments(
            moved,
            lambda function, image, dx, dy: image if beyond(image, dx, dy) else function(image=image, dx=dx, dy=dy),
        ),
        raises=True,
    ),
    mask_mistake(moved),
)

SHAPES = [(3, 6, 9), (1, 7, 7), (3, 8, 5)]
PLAIN = [{"dx": dx, "dy": dy} for dx, dy in ((2, 1), (1, 3), (4, 2))]
NEGATIVE = [{"dx": dx, "dy": dy} for dx, dy in ((-2, -1), (-3, 2), (1, -4), (0, -2), (-1, 0), (0, 0), (3, 0), (0, 2))]


def far(draw: Draw) -> Iterator[Case]:
    """Further than the image is large; the largest steps that leave something, too."""
    for shape in SHAPES:
        _, height, width = shape
        least = (width, 0), (0, height), (-width, 1), (2, -height)
        more = (width + 1, 1), (-2, height + 2), (-width - 2, 0), (1, -height - 1), (3 * width, -2 * height)
        for dx, dy in least + more:  # by a little more, indices from the end would find something again
            yield Case((draw.uniform(*shape),), {"dx": dx, "dy": dy}, "further than the image is large")
        for dx, dy in ((width - 1, 0), (0, 1 - height)):
            yield Case((draw.uniform(*shape),), {"dx": dx, "dy": dy})


def masks_shifted(draw: Draw) -> Iterator[Case]:
    """int64 masks (1, H, W)."""
    for given in PLAIN:
        yield Case((labels(draw, 1, 6, 8),), dict(given), "on a mask")


def by_position(draw: Draw) -> Iterator[Case]:
    """dx before dy, without names."""
    for given in PLAIN:
        yield Case((draw.uniform(1, 6, 8), *given.values()))


def shift_features(reference: Callable[..., T], case: Case) -> Features:
    """How an image is moved."""
    image, dx, dy = (*case.args, *case.kwargs.values())
    facts = {
        "negative shift": min(dx, dy) < 0,
        "beyond": beyond(image, dx, dy),
        "channels": len(image) > 1,
        "by position": len(case.args) > 1,
    }
    return features_of(reference, case) & {"image not square"} | holding(facts)


SHIFT = FunctionExam(
    "shift",
    moved,
    SHIFT_MISTAKES,
    SENTENCES,
    images([(1, 6, 8), (3, 7, 9)], *PLAIN),
    ban="augmentation",
    features=shift_features,
)
shift = SHIFT.exam(
    SHIFT.values("moves", "to the right and down, zeros follow", 0.5, images(SHAPES, *PLAIN), by_position),
    SHIFT.values("negative", "negative numbers, and 0", 0.5, images(SHAPES, *NEGATIVE)),
    SHIFT.values("beyond", "further than the image is large", 0.5, far),
    SHIFT.criterion(
        "masks",
        "int64 masks; any memory layout, nothing changed",
        0.5,
        lambda subject, draw: [*asked(subject, masks_shifted(draw), Exact)],
        SHIFT.ask_layouts(lambda draw: [Case((draw.uniform(3, 6, 8), 2, 1))]),
        SHIFT.ask_again(lambda draw: [Case((draw.uniform(3, 6, 8), -1, 2))]),
        intact=True,
    ),
)
