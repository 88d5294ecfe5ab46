"""The exam of `fit`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.exam.core import Criterion, Exam
from autograder.exam.draw import Draw
from autograder.exam.gate import tensor
from autograder.exam.segmentation.dice import dice
from autograder.exam.segmentation.measures import counts, over_union
from autograder.exam.segmentation.sentences import SENTENCES
from autograder.exam.setting import current
from autograder.exam.subject import Subject
from autograder.exam.training import BRINGS, Batch, FitExam, Goal, Loss, check_learns
from autograder.objects.recipes import Recipe
from convcourse.data import ShapeScenes, training

T = torch.Tensor

# The bar that the notebook states, and all that leads to it.
PLAN = training("exam")


def batches(draw: Draw, count: int, classes: int, images: int, side: int = 8) -> list[Batch]:
    """Random pictures (N, 3, H, W); masks (N, H, W) hold 0 and 1 where there is one class."""
    labels = max(classes, 2)
    return [(draw.normal(images, 3, side, side), draw.integers(0, labels, images, side, side)) for _ in range(count)]


def binary(x: T, y: T) -> T:
    """Cross-entropy of logits (N, 1, H, W) and masks (N, H, W)."""
    return F.binary_cross_entropy_with_logits(x[:, 0], y.float())


def overlap(x: T, y: T) -> T:
    """The Dice loss of the same."""
    return dice(x[:, 0], y.float(), eps=0.0)


def squares(x: T, y: T) -> T:
    """Squared differences of the same."""
    return F.mse_loss(x[:, 0], y.float())


def twice(loss: Loss) -> Loss:
    """A loss of logits that is given probabilities."""
    return lambda x, y: loss(x.sigmoid() if x.shape[1] == 1 else x.softmax(1), y)


def one_hot(x: T, y: T) -> T:
    """Binary cross-entropy for each of several classes."""
    return F.binary_cross_entropy_with_logits(x, F.one_hot(y, x.shape[1]).movedim(3, 1).float())


# With one class the sum with Dice is free, and Dice alone is not offered: from many first weights it learns nothing.
ONE = Goal(
    1,
    (binary, overlap),
    (
        ("fit-sigmoid-twice", (twice(binary), twice(overlap))),
        ("fit-sigmoid-twice", (twice(binary), overlap)),
        ("fit-binary", (overlap,)),
        ("fit-binary", (squares,)),
        ("fit-binary", (twice(squares),)),
    ),
    "fit-binary",
)
TWO, FOUR = (
    Goal(
        classes,
        (F.cross_entropy,),
        (("fit-sigmoid-twice", (twice(F.cross_entropy),)), ("fit-multiclass", (one_hot,))),
        "fit-multiclass",
    )
    for classes in (2, 4)
)
FIT = FitExam(batches, (ONE, TWO, FOUR))


def scenes(count: int, seed: int) -> Batch:
    """Pictures (N, 3, H, W), and masks (N, H, W) that tell shapes from ground."""
    found = ShapeScenes(count, PLAN.size, seed=seed)
    images, masks = zip(*(found[i] for i in range(count)), strict=True)
    return torch.stack(images), (torch.stack(masks) > 0).long()


def learns(subject: Subject, draw: Draw) -> None:
    """A network of ours, trained by the student's `fit`, finds shapes in scenes it never saw.

    Scenes, the order of batches and the first weights are the same for everyone. The network has one output, or two
    where this `fit` knows several classes only.
    """
    classes = min(2, FIT.able(subject, draw)[0].goal.classes)

    def training_set(attempt: int) -> list[Batch]:
        images, masks = scenes(PLAN.scenes, attempt)
        return list(zip(images.split(PLAN.batch_size), masks.split(PLAN.batch_size), strict=True))

    def make(attempt: int) -> Subject:
        return current.get().build(Recipe("scene_network", classes, attempt))

    check_learns(subject, make, training_set, mean_iou, PLAN.epochs, PLAN.bar, PLAN.rule)


def mean_iou(network: Subject, attempt: int) -> float:
    """Of ground and shapes, on scenes that the network never saw."""
    images, masks = scenes(PLAN.unseen, 1000 + attempt)
    logits = tensor(network.name, network(images))
    labels = (logits[:, 0] > 0).long() if logits.shape[1] == 1 else logits.argmax(1)
    return float(over_union(*counts(labels, masks, 2)).mean())


fit = Exam(
    "fit",
    (
        Criterion("passes", "`epochs` passes over the loader", 0.5, FIT.check_passes),
        Criterion("losses", "a list of one number for each epoch, the mean of its losses", 0.5, FIT.check_losses),
        Criterion(
            "one", "one class: binary cross-entropy on the logits, or its sum with Dice", 1.0, FIT.minimises(ONE)
        ),
        Criterion("many", "more classes: cross-entropy", 0.5, FIT.minimises(TWO, FOUR)),
        Criterion(
            "place",
            "the network itself is trained, in train mode, by each batch's own gradient",
            1.0,
            FIT.check_in_place,
        ),
        Criterion("learns", f"a mean IoU of {PLAN.bar} on scenes that the network never saw", 0.5, learns),
    ),
    sentences=SENTENCES,
    brings=BRINGS,
)
