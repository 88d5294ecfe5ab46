"""The exam of `fit`."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from autograder.exam.compare import shown
from autograder.exam.core import Criterion, Exam, current
from autograder.exam.draw import Draw
from autograder.exam.gate import entries, equal, number, tensor
from autograder.exam.segmentation.common import mistake
from autograder.exam.segmentation.measures import iou_of
from autograder.exam.segmentation.mistakes_counts import Plan
from autograder.exam.segmentation.probes import Probe, random_state, rooted
from autograder.exam.subject import Raised, Subject
from autograder.objects.recipes import Loader, Recipe
from convcourse.data import ShapeScenes, training

Batch = tuple[torch.Tensor, torch.Tensor]

# The bar that the notebook states, and all that leads to it.
PLAN = training("exam")


def batches(draw: Draw, count: int, classes: int, images: int = 2, side: int = 8) -> list[Batch]:
    """Random pictures; masks hold 0 and 1 where there is one class."""
    labels = max(classes, 2)
    return [(draw.normal(images, 3, side, side), draw.integers(0, labels, images, side, side)) for _ in range(count)]


def history(subject: Subject, network: Subject | Recipe, loader: Loader, epochs: int) -> list[float]:
    """The losses that `fit` gives back: a list of one number for each epoch."""
    got = subject(network, loader, epochs)
    if isinstance(got, list | tuple) and len(got) == epochs:
        losses = [loss for value in got if (loss := number(value)) is not None]
        if len(losses) == epochs:
            return losses
    raise mistake("fit-losses", f"{epochs} epochs", f"a list of {epochs} numbers", shown(got))


def passes(subject: Subject, draw: Draw) -> None:
    """Exactly `epochs` passes over the loader, a number for each."""
    for epochs, count, classes in ((3, 4, 4), (1, 2, 1), (2, 1, 3)):
        loader = Loader(batches(draw, count, classes))
        network = Recipe("silent", draw.normal(classes, 3))
        subject(network, loader, epochs)
        told = f"{epochs} epochs, {count} batches", f"{epochs} passes", f"{loader.passes} passes"
        if loader.passes == 0:
            raise mistake("fit-one-batch", *told)
        if loader.passes != epochs:
            raise mistake("fit-passes", *told)
        history(subject, network, loader, epochs)


Rule = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def dice(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    a, b = x.sigmoid().flatten(1), y.float().flatten(1)
    return (1 - 2 * (a * b).sum(1) / (a.sum(1) + b.sum(1))).mean()


def binary(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return F.binary_cross_entropy_with_logits(x[:, 0], y.float())


def logits_of(mixture: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return torch.einsum("nchw,kc->nkhw", x, mixture)


def one_class(subject: Subject, draw: Draw) -> None:
    """Binary cross-entropy on the logits, Dice, or a mixture of both, whatever their weights."""
    mixture = 2 * draw.normal(1, 3)
    given = batches(draw, 6, 1, images=1)
    for i, (_, mask) in enumerate(given):
        mask[(draw.uniform(*mask.shape) < 0.15 * i)] = 1  # Dice and cross-entropy differ in how they see large masks
    got = torch.tensor([history(subject, Recipe("silent", mixture), Loader([b]), 1)[0] for b in given])
    outputs = [(logits_of(mixture, x), y) for x, y in given]
    entropy, overlap, twice, soft = (
        torch.stack([rule(x, y) for x, y in outputs])
        for rule in (binary, dice, lambda x, y: binary(x.sigmoid(), y), lambda x, y: dice(x.sigmoid(), y))
    )
    told = "six batches of one image", "cross-entropy, Dice or a mixture", str(got.tolist())
    if mixes(got, entropy, overlap):
        return
    if mixes(got, twice, soft) or mixes(got, twice, overlap):
        raise mistake("fit-sigmoid-twice", *told)
    raise mistake("fit-binary", *told)


def mixes(got: torch.Tensor, entropy: torch.Tensor, overlap: torch.Tensor) -> bool:
    """Is it a·entropy + b·overlap with weights that are not negative?"""
    if not bool(torch.isfinite(got).all()):
        return False
    pieces = torch.stack([entropy, overlap], 1).double()
    for use in ((0,), (1,), (0, 1)):
        some = pieces[:, list(use)]
        weights = torch.linalg.lstsq(some, got.double()[:, None]).solution
        near = (some @ weights)[:, 0] - got
        if bool((weights > 0).all()) and float(near.abs().max()) <= 1e-3 * float(got.abs().max()):
            return True
    return False


def many_classes(subject: Subject, draw: Draw) -> None:
    """Cross-entropy with int64 masks, and its mean over the batches of an epoch."""
    mixture = 2 * draw.normal(4, 3)
    given = batches(draw, 3, 4)
    given = [(x * scale, y) for scale, (x, y) in zip((0.3, 1.0, 2.0), given, strict=True)]
    outputs = [(logits_of(mixture, x), y) for x, y in given]
    each = torch.stack([F.cross_entropy(x, y) for x, y in outputs])
    single = history(subject, Recipe("silent", mixture), Loader(given[:1]), 1)[0]
    if not near(single, each[0]):
        soft = F.cross_entropy(outputs[0][0].softmax(1), outputs[0][1])
        id = "fit-sigmoid-twice" if near(single, soft) else "fit-multiclass"
        raise mistake(id, "one batch, four classes", str(float(each[0])), str(single))
    got = history(subject, Recipe("silent", mixture), Loader(given), 2)
    if not all(near(loss, each.mean()) for loss in got):
        raise mistake("fit-loss-mean", "three batches, two epochs", str(float(each.mean())), str(got))


def near(a: float, b: torch.Tensor) -> bool:
    return abs(a - float(b)) <= 1e-4 + 1e-4 * abs(float(b))


def in_place(subject: Subject, draw: Draw) -> None:
    """The network itself is trained, in train mode, each batch by its own gradient."""
    for classes in (4, 1):
        network = current.get().build(Recipe("witnessed", classes))
        network.eval()
        before = {name: entry.tensor for name, entry in network.state().items()}
        history(subject, network, Loader(batches(draw, 3, classes)), 2)
        after = {name: entry.tensor for name, entry in network.state().items()}

        def moved(part: str, before=before, after=after) -> bool:
            return any(not equal(after.get(name), before[name]) for name in before if part in name)

        if not (moved("first.weight") and moved("last.weight")):
            raise mistake("fit-no-step", "two epochs", "other parameters", "the same")
        if not moved("running_mean"):
            raise mistake("fit-eval-mode", "two epochs", "statistics of a batch norm that follow", "the same")
        if moved("witness"):
            raise mistake("fit-gradients-kept", "two epochs", "no gradient left before each backward", "some left")


def scenes(count: int, seed: int) -> Batch:
    """Pictures, and masks that tell shapes from ground."""
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
    best = 0.0
    for attempt in (1, 2):
        network = student_network(subject) or current.get().build(Recipe("colours", 1))
        if attempt == 1:
            network.load(random_state(network, Draw(attempt)))
        images, masks = scenes(PLAN.scenes, attempt)
        subject(
            network,
            Loader(list(zip(images.split(PLAN.batch_size), masks.split(PLAN.batch_size), strict=True))),
            PLAN.epochs,
        )
        network.eval()
        images, masks = scenes(PLAN.unseen, 1000 + attempt)
        logits = tensor(network.name, network(images))
        if logits.shape == (PLAN.unseen, 1, PLAN.size, PLAN.size):
            best = max(best, float(iou_of((logits[:, 0] > 0).long(), masks, 2).mean()))
        if best >= PLAN.bar:
            return
    raise mistake("fit-no-learning", PLAN.rule, f"{PLAN.bar}", f"{best:.3f}")


def student_network(subject: Subject) -> Subject | None:
    """Their U-Net, as the notebook defines it, if it can be made in the size that is asked for and answers in the right
    shape."""
    unet = current.get().beside(subject, "UNet")
    if not isinstance(unet, Subject) or unet.kind != "class":
        return None
    try:
        network = unet.make(3, 1, base_channels=PLAN.base_channels, depth=PLAN.depth, padding="same")
        if entries(network) > Plan(3, 1, PLAN.base_channels, PLAN.depth).most:
            return None
        got = network(torch.zeros(1, 3, PLAN.size, PLAN.size))
    except Raised:
        return None
    return network if isinstance(got, torch.Tensor) and got.shape == (1, 1, PLAN.size, PLAN.size) else None


ROOTS = (passes, one_class, many_classes, in_place)


def criterion(id: str, title: str, points: float, check: Probe, slow: bool = False) -> Criterion:
    return Criterion(id, title, points, rooted(check, ROOTS, ()), slow)


fit = Exam(
    "fit",
    "fit",
    (
        criterion("passes", "`epochs` passes over the loader, one number for each", 0.5, passes),
        criterion("one", "one class: binary cross-entropy on the logits, Dice or both", 0.5, one_class),
        criterion("many", "more classes: cross-entropy, its mean over an epoch", 0.5, many_classes),
        criterion("place", "the network itself is trained, in train mode, by each batch's own gradient", 1.0, in_place),
        criterion("learns", f"with your U-Net: mean IoU of {PLAN.bar} on scenes it never saw", 1.5, learns, slow=True),
    ),
)
