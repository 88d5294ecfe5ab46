"""The exam of `fit`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.exam.core import Criterion, Exam
from autograder.exam.draw import Draw
from autograder.exam.gate import batch
from autograder.exam.pooling.sentences import SENTENCES
from autograder.exam.setting import current
from autograder.exam.subject import Missing, Subject
from autograder.exam.training import BRINGS, Batch, FitExam, Goal, check_learns
from autograder.objects.recipes import Recipe
from convcourse.data import digits

T = torch.Tensor
BATCH, EPOCHS, BAR = 64, 15, 0.9
RULE = f"{EPOCHS} epochs on the digits, every third held back, in batches of {BATCH}: the share that is right"
STAND_IN = "digits_network"


def batches(draw: Draw, count: int, classes: int, images: int) -> list[Batch]:
    """Random pictures (N, 3, 8, 8), each with colours of its own, and labels (N,)."""
    return [
        (draw.normal(images, 3, 8, 8) + 2 * draw.normal(images, 3, 1, 1), draw.integers(0, classes, images))
        for _ in range(count)
    ]


def softmax_first(x: T, y: T) -> T:
    """Cross-entropy of probabilities, of which it takes the softmax once more."""
    return F.cross_entropy(x.softmax(1), y)


def squares(x: T, y: T) -> T:
    """Squared differences to one-hot labels."""
    return F.mse_loss(x, F.one_hot(y, x.shape[1]).float())


def binary(x: T, y: T) -> T:
    """Binary cross-entropy of each class."""
    return F.binary_cross_entropy_with_logits(x, F.one_hot(y, x.shape[1]).float())


def spread(x: T, y: T) -> T:
    """Cross-entropy to uniform labels, which smoothing adds."""
    return -x.log_softmax(1).mean()


OTHERS = (squares,), (binary,), (F.nll_loss,), (F.multi_margin_loss,), (F.cross_entropy, spread)
GOALS = tuple(
    Goal(
        classes,
        (F.cross_entropy,),
        (("fit-softmax-twice", (softmax_first,)), *(("fit-other-loss", losses) for losses in OTHERS)),
        "fit-other-loss",
    )
    for classes in (3, 10)
)
FIT = FitExam(batches, GOALS, pooled=True)


def learns(subject: Subject, draw: Draw) -> None:
    """The student's own network, or one that stands in for it, reads digits that it never saw."""
    images, labels = digits()
    held = torch.arange(len(labels)) % 3 == 0
    FIT.able(subject, draw)

    def training_set(attempt: int) -> list[Batch]:
        order = torch.randperm(int((~held).sum()), generator=torch.Generator().manual_seed(attempt))
        return list(zip(images[~held][order].split(BATCH), labels[~held][order].split(BATCH), strict=True))

    def make(attempt: int) -> Subject:
        there = current.get().beside(subject, "SimpleCNN")
        return current.get().build(Recipe(STAND_IN, 1, 10)) if isinstance(there, Missing) else there.make(1, 10)

    def accuracy(network: Subject, attempt: int) -> float:
        logits = batch(network.name, network(images[held]))
        return float((logits.flatten(1).argmax(1) == labels[held]).float().mean())

    check_learns(subject, make, training_set, accuracy, EPOCHS, BAR, RULE)


fit = Exam(
    "fit",
    (
        Criterion("passes", "`epochs` passes over the loader", 1.0, FIT.check_passes),
        Criterion("losses", "a list of one number for each epoch, the mean of its losses", 1.0, FIT.check_losses),
        Criterion("loss", "cross-entropy on the logits", 1.5, FIT.minimises(*GOALS)),
        Criterion(
            "place",
            "the network itself is trained, in train mode, by each batch's own gradient",
            1.5,
            FIT.check_in_place,
        ),
        Criterion("learns", f"{BAR:.0%} of the digits that your network never saw", 2.0, learns),
    ),
    sentences=SENTENCES,
    stands_in={"SimpleCNN": STAND_IN},
    brings=BRINGS,
)
