"""The exam of `fit`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.exam.core import Criterion, Evidence, Exam, Wrong
from autograder.exam.draw import Draw
from autograder.exam.gate import entries, tensor
from autograder.exam.networks import random_state
from autograder.exam.segmentation.closed_form import Plan
from autograder.exam.segmentation.dice import dice
from autograder.exam.segmentation.measures import counts, over_union
from autograder.exam.segmentation.sentences import SENTENCES
from autograder.exam.setting import current
from autograder.exam.subject import Raised, Subject
from autograder.exam.training import Batch, FitExam, check_learns, is_mixture, logits_of
from autograder.objects.recipes import Recipe
from convcourse.data import ShapeScenes, training

T = torch.Tensor

# The bar that the notebook states, and all that leads to it.
PLAN = training("exam")
UNET = Plan(3, 1, PLAN.base_channels, PLAN.depth)


def batches(draw: Draw, count: int, classes: int, images: int = 2, side: int = 8) -> list[Batch]:
    """Random pictures (N, 3, H, W); masks (N, H, W) hold 0 and 1 where there is one class."""
    labels = max(classes, 2)
    return [(draw.normal(images, 3, side, side), draw.integers(0, labels, images, side, side)) for _ in range(count)]


def binary(x: T, y: T) -> T:
    """Cross-entropy of logits (N, 1, H, W) and masks (N, H, W)."""
    return F.binary_cross_entropy_with_logits(x[:, 0], y.float())


def overlap(x: T, y: T) -> T:
    """The Dice loss of the same."""
    return dice(x[:, 0], y.float(), eps=0.0)


FIT = FitExam(batches)


def one_class(subject: Subject, draw: Draw) -> None:
    """Binary cross-entropy on the logits, Dice, or a mixture of both, whatever their weights."""
    mixture = 2 * draw.normal(1, 3)
    given = batches(draw, 6, 1, images=1)
    for i, (_, mask) in enumerate(given):
        mask[(draw.uniform(*mask.shape) < 0.15 * i)] = 1  # Dice and cross-entropy differ in how they see large masks
    got = FIT.losses_of_one_class(subject, mixture, given)
    outputs = [(logits_of(mixture, x), y) for x, y in given]
    entropy, dices, entropy_twice, dices_twice = (
        torch.stack([loss(x.sigmoid() if twice else x, y) for x, y in outputs])
        for twice in (False, True)
        for loss in (binary, overlap)
    )
    if is_mixture(got, entropy, dices):
        return
    twice = is_mixture(got, entropy_twice, dices_twice) or is_mixture(got, entropy_twice, dices)
    evidence = Evidence("six batches of one image", "cross-entropy, Dice or a mixture", str(got.tolist()))
    raise Wrong("fit-sigmoid-twice" if twice else "fit-binary", evidence)


def scenes(count: int, seed: int) -> Batch:
    """Pictures (N, 3, H, W), and masks (N, H, W) that tell shapes from ground."""
    found = ShapeScenes(count, PLAN.size, seed=seed)
    images, masks = zip(*(found[i] for i in range(count)), strict=True)
    return torch.stack(images), (torch.stack(masks) > 0).long()


def learns(subject: Subject, draw: Draw) -> None:
    """The student's U-Net, trained by their `fit`, finds shapes in scenes it never saw.

    Scenes and the order of batches are the same for everyone. Where the U-Net is missing or of no use, a network of
    ours stands in. The first attempt starts from weights of ours, the second from those that the network gives itself:
    how large ours must be is read off a parameter's shape, and whoever lays weights out otherwise starts badly with
    them.
    """

    def make(attempt: int) -> Subject:
        network = student_network(subject) or current.get().build(Recipe("colours", 1))
        if attempt == 1:
            network.load(random_state(network, Draw(attempt)))
        return network

    def training_set(attempt: int) -> list[Batch]:
        images, masks = scenes(PLAN.scenes, attempt)
        return list(zip(images.split(PLAN.batch_size), masks.split(PLAN.batch_size), strict=True))

    check_learns(subject, make, training_set, mean_iou, PLAN.epochs, PLAN.bar, PLAN.rule)


def mean_iou(network: Subject, attempt: int) -> float:
    """Of ground and shapes, on scenes that the network never saw."""
    images, masks = scenes(PLAN.unseen, 1000 + attempt)
    logits = tensor(network.name, network(images))
    if logits.shape != (PLAN.unseen, 1, PLAN.size, PLAN.size):
        return 0.0
    return float(over_union(*counts((logits[:, 0] > 0).long(), masks, 2)).mean())


def student_network(subject: Subject) -> Subject | None:
    """Their U-Net, as the notebook defines it, if it can be made in the size that is asked for and answers in the right
    shape."""
    unet = current.get().beside(subject, "UNet")
    if not isinstance(unet, Subject) or unet.kind != "class":
        return None
    try:
        network = unet.make(3, 1, base_channels=PLAN.base_channels, depth=PLAN.depth, padding="same")
        if entries(network) > UNET.most:
            return None
        got = network(torch.zeros(1, 3, PLAN.size, PLAN.size))
    except Raised:
        return None
    return network if isinstance(got, torch.Tensor) and got.shape == (1, 1, PLAN.size, PLAN.size) else None


IN_PLACE = "the network itself is trained, in train mode, by each batch's own gradient"
LEARNS = f"with your U-Net: mean IoU of {PLAN.bar} on scenes it never saw"
fit = Exam(
    "fit",
    (
        Criterion("passes", "`epochs` passes over the loader, one number for each", 0.5, FIT.check_passes),
        Criterion("one", "one class: binary cross-entropy on the logits, Dice or both", 0.5, one_class),
        Criterion("many", "more classes: cross-entropy, its mean over an epoch", 0.5, FIT.check_cross_entropy),
        Criterion("place", IN_PLACE, 1.0, FIT.check_in_place),
        Criterion("learns", LEARNS, 1.5, learns, slow=True),
    ),
    sentences=SENTENCES,
    diagnosis=("passes", "one", "many", "place"),
)
