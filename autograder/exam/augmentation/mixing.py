"""The exam of `cutmix`, the optional part."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from autograder.exam.augmentation.cutting import BEFORE, BESIDE, ON, OVER_END, Box, outside, rectangle
from autograder.exam.augmentation.images import T
from autograder.exam.augmentation.sentences import SENTENCES
from autograder.exam.cases import Case
from autograder.exam.draw import Draw
from autograder.exam.features import Features, features_of, holding
from autograder.exam.functions import FunctionExam
from autograder.exam.mistakes import misconception, with_all_arguments, with_changes, with_result


def mixed(images, labels, order, top, left, height, width):
    """A rectangle of each image's partner, and labels shared by area."""
    inside = rectangle(images, top, left, height, width)
    theirs = float(inside.double().mean())
    return torch.where(inside, images[order], images), (1 - theirs) * labels + theirs * labels[order]


def with_labels(rule: Callable[..., T]) -> Callable[..., tuple[T, T]]:
    """Other labels: of the images, those of the partners, and the partner's share of the area."""

    def mutant(function, images, labels, order, top, left, height, width):
        pictures, _ = function(
            images=images, labels=labels, order=order, top=top, left=left, height=height, width=width
        )
        inside = rectangle(images, top, left, height, width)
        return pictures, rule(labels, labels[order], float(inside.double().mean()), height * width / inside.numel())

    return with_all_arguments(mixed, mutant)


MISTAKES = (
    misconception("cutmix-labels-exchanged", with_labels(lambda a, b, share, whole: share * a + (1 - share) * b)),
    misconception("cutmix-labels-unclipped", with_labels(lambda a, b, share, whole: (1 - whole) * a + whole * b)),
    misconception("cutmix-labels-kept", with_labels(lambda a, b, share, whole: a)),
    misconception("cutmix-labels-half", with_labels(lambda a, b, share, whole: (a + b) / 2)),
    misconception(
        "cutmix-rectangle-exchanged",
        with_changes(
            mixed,
            lambda images, labels, order, **rest: {
                "images": images[order],
                "labels": labels[order],
                "order": torch.argsort(order),
            },
        ),
    ),
    misconception(
        "cutmix-order-ignored",
        with_changes(mixed, lambda order, **rest: {"order": order.flip(0)}),
        with_changes(
            mixed, lambda order, **rest: {"order": torch.argsort(order)}
        ),  # image i is the partner of order[i]
    ),
    misconception("cutmix-sum", with_result(mixed, lambda pair: (pair[0], 2 * pair[1]))),
)


def batches(some: list[Box], n: int = 4, channels: int = 2) -> Callable[[Draw], Iterator[Case]]:
    """Batches of n images of 7 × 9 with these rectangles."""

    def cases(draw: Draw) -> Iterator[Case]:
        for box in some:
            shares = draw.uniform(n, 3)
            order = torch.tensor(draw.shuffled(range(n)))
            yield Case((draw.uniform(n, channels, 7, 9), shares / shares.sum(1, keepdim=True), order, *box))

    return cases


def features(reference: Callable[..., T], case: Case) -> Features:
    """Where the rectangle lies."""
    images, _, _, top, left, height, width = case.args
    facts = {
        "clipped": outside((top, left, height, width), images.shape),
        "over the end": top + height > images.shape[2] or left + width > images.shape[3],
        "before the start": top < 0 or left < 0,
    }
    return features_of(reference, case) & {"image not square"} | holding(facts)


CUTMIX = FunctionExam(
    "bonus",
    mixed,
    MISTAKES,
    SENTENCES,
    batches(ON[:4]),
    title="cutmix (optional)",
    defines="cutmix",
    bonus=True,
    features=features,
)
bonus = CUTMIX.exam(
    CUTMIX.values(
        "inside",
        "a rectangle on the image, labels by its area",
        1.0,
        batches(ON),
        batches(ON[:2], channels=1),
        batches(ON[:2], n=1, channels=3),
    ),
    CUTMIX.values(
        "clipped", "a rectangle over the border, labels by what is left of it", 0.5, batches(OVER_END + BEFORE + BESIDE)
    ),
    CUTMIX.criterion(
        "layouts", "any memory layout, nothing changed", 0.5, CUTMIX.ask_layouts(batches(ON[:1])), intact=True
    ),
)
