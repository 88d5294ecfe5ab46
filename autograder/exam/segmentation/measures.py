"""The exams of `iou` and of the optional `boundary_weights`, and the mistakes people make in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.cases import Case, Cases
from autograder.exam.compare import Either
from autograder.exam.draw import Draw
from autograder.exam.features import Features, features_of, holding
from autograder.exam.functions import FunctionExam
from autograder.exam.mistakes import always, misconception, with_arguments, with_changes
from autograder.exam.segmentation.sentences import SENTENCES

T = torch.Tensor
IGNORED = 255
NO_LABEL = -1000  # no target of any case


def counts(pred: T, target: T, classes: int, ignore: int = IGNORED) -> tuple[T, ...]:
    """Of labels (N, H, W): intersection, predicted and true pixels (classes,) over the whole batch."""
    kept = target != ignore
    hot = [(t[kept][:, None] == torch.arange(classes)).double() for t in (pred, target)]
    return (hot[0] * hot[1]).sum(0), hot[0].sum(0), hot[1].sum(0)


Rule = Callable[[T, T, T], T]  # from intersection, predicted and true pixels


def iou_by(rule: Rule) -> Callable[..., Either]:
    """An IoU by a rule, in float32 or float64."""

    def measure(pred, target, num_classes, ignore_index=IGNORED):
        found = rule(*counts(pred, target, num_classes, ignore_index))
        return Either((found.float(), found))

    return measure


def over_union(both: T, pred: T, target: T) -> T:
    """Intersection over union, NaN where there is neither."""
    return both / (pred + target - both)


def per_image(pred, target, num_classes, ignore_index=IGNORED):
    """The mean of the images' IoUs, those that are NaN left out."""
    each = [over_union(*counts(p[None], t[None], num_classes, ignore_index)) for p, t in zip(pred, target, strict=True)]
    mean = torch.stack(each).nanmean(0)
    return Either((mean.float(), mean))


def smoothed(eps: float, above: bool) -> Callable[..., Either]:
    """A small number below the fraction, or above it too."""
    return iou_by(lambda both, p, t: (both + eps * above) / (p + t - both + eps))


def absent_as(number: float) -> Callable[..., Either]:
    """A number for a class that neither has."""
    return iou_by(lambda both, p, t: over_union(both, p, t).nan_to_num(number))


def nan_unless(present: Rule) -> Callable[..., Either]:
    """NaN for other classes than those that are `present(both, pred, target)`."""
    return iou_by(lambda both, p, t: torch.where(present(both, p, t), over_union(both, p, t), torch.nan))


def relabelled(target: T, ignore_index: int, **rest) -> dict:
    """What is to be ignored counts as a class that nothing has."""
    return {"target": target.masked_fill(target == ignore_index, IGNORED - 1), "ignore_index": -1}


scores = iou_by(over_union)
IOU = (
    misconception("iou-absent-number", absent_as(0.0), absent_as(1.0)),
    misconception(
        "iou-half-absent-nan",
        nan_unless(lambda both, p, t: (p > 0) & (t > 0)),
        nan_unless(lambda both, p, t: t > 0),
        nan_unless(lambda both, p, t: p > 0),
    ),
    misconception(
        "iou-ignored-counted",
        with_arguments(scores, ignore_index=always(NO_LABEL)),
        with_arguments(scores, ignore_index=always(IGNORED)),
        with_changes(scores, relabelled),
    ),
    misconception("iou-is-dice", iou_by(lambda both, p, t: 2 * both / (p + t))),
    misconception("iou-per-image", per_image),
    misconception("iou-recall", iou_by(lambda both, p, t: both / t)),
    misconception("iou-precision", iou_by(lambda both, p, t: both / p)),
    misconception(
        "iou-mean",
        iou_by(lambda both, p, t: over_union(both, p, t).nanmean()),
        iou_by(lambda both, p, t: over_union(both, p, t).mean()),
    ),
    misconception(
        "iou-eps", *(smoothed(eps, above) for above in (True, False) for eps in (1e-7, 1e-6, 1e-8, 1e-5, 1.0))
    ),
)


def masks(draw: Draw, classes: int, *shape: int, without: int = -1, ignored: bool = False) -> torch.Tensor:
    """Labels, one class of them absent, every fifth pixel or so ignored."""
    labels = draw.integers(0, classes, *shape)
    labels[labels == without] = (without + 1) % classes
    labels.view(-1)[:classes] = torch.tensor([c if c != without else (c + 1) % classes for c in range(classes)])
    if ignored:
        labels[draw.uniform(*shape) < 0.2] = IGNORED
        labels.view(-1)[-1] = IGNORED
    return labels


def labelled(*sizes: tuple[int, tuple[int, int, int]]) -> Cases:
    """Images of these classes and shapes (N, H, W), every class in prediction and target."""
    return lambda draw: [
        Case((masks(draw, classes, *shape), masks(draw, classes, *shape), classes)) for classes, shape in sizes
    ]


PLAIN = labelled((2, (1, 6, 6)), (3, (1, 7, 5)), (2, (1, 5, 6)), (4, (1, 8, 8)), (3, (1, 6, 7)), (5, (1, 9, 9)))
BATCHES = labelled((3, (2, 6, 5)), (6, (4, 8, 8)), (4, (3, 7, 9)), (3, (2, 64, 70)))


def plain_labels(draw: Draw) -> Iterator[Case]:
    """One image, every class in prediction and target."""
    yield from PLAIN(draw)
    same = masks(draw, 3, 1, 6, 6)
    yield Case((same, same.clone(), 3))


def batches(draw: Draw) -> Iterator[Case]:
    """Several images, every class in each, or in one of them only."""
    yield from BATCHES(draw)
    same = masks(draw, 3, 2, 6, 6)
    yield Case((torch.stack([same[0], torch.zeros(6, 6).long()]), same, 3))


def absent_labels(draw: Draw) -> Iterator[Case]:
    """Classes that prediction, target or both lack."""
    for pred, target in ((2, 2), (2, -1), (-1, 2), (0, 0), (0, -1), (-1, 1)):
        given = masks(draw, 3, 2, 6, 7, without=pred), masks(draw, 3, 2, 6, 7, without=target)
        yield Case((*given, 3), {}, "with absent classes")
    zeros = torch.zeros(2, 4, 4).long()
    yield Case((zeros, zeros.clone(), 1), {}, "with images of one class")
    yield Case((zeros, zeros.clone(), 3), {}, "with images of one class")
    yield Case((zeros, zeros + 1, 2), {}, "with images of one class")


def ignored_labels(draw: Draw) -> Iterator[Case]:
    """Pixels without a true label."""
    for classes, shape in ((2, (2, 6, 6)), (4, (3, 8, 7))):
        yield Case((masks(draw, classes, *shape), masks(draw, classes, *shape, ignored=True), classes), {}, "with 255s")
    pred, target = masks(draw, 3, 2, 6, 6), masks(draw, 3, 2, 6, 6)
    target[target == 2] = 7
    yield Case((pred, target, 3, 7), {}, "with another ignore_index")
    yield Case((pred, target.masked_fill(target == 7, -1), 3), {"ignore_index": -1}, "with ignore_index=-1")
    yield Case((pred, torch.full_like(target, IGNORED), 3), {}, "with nothing but ignored pixels")


def features(reference: Callable[..., Any], given: Case) -> Features:
    """The plain features of a call of `iou`."""
    pred, target, classes, *rest = given.args
    kept = target != (rest[0] if rest else given.kwargs.get("ignore_index", IGNORED))
    there = [set(labels[kept].unique().tolist()) for labels in (pred, target)]
    facts = {
        "batch": len(pred) > 1,
        "image not square": pred.shape[1] != pred.shape[2],
        "ignored": not kept.all(),
        "absent": not set(range(classes)) <= there[0] & there[1],
    }
    return features_of(reference, given) - {"by position", "num_classes"} | holding(facts)


MEASURE = FunctionExam("iou", scores, IOU, SENTENCES, plain_labels, features=features)
iou = MEASURE.exam(
    MEASURE.values("values", "intersection over union of each class", 0.5, plain_labels),
    MEASURE.values("batch", "the whole batch is counted together", 0.5, batches),
    MEASURE.values("absent", "classes that are absent from prediction, target or both", 0.5, absent_labels),
    MEASURE.values("ignored", "ignored pixels are left out", 0.5, ignored_labels),
    MEASURE.layouts(0.5, labelled((3, (2, 5, 6))), title="labels in any memory layout, none of them changed"),
)


def weights_by(
    width_of: Callable[[int], int] = lambda w: w, cross: bool = False, one_side: bool = False, frame: bool = False
):
    """Boundary weights (N, H, W) of a mask (N, H, W); the options are the mistakes."""

    def weights(mask, width=1, boost=4.0):
        near = torch.zeros(mask.shape, dtype=torch.bool)
        reach, (h, w) = width_of(width), mask.shape[1:]
        padded = F.pad(mask.float(), (reach,) * 4, value=-1.0 if frame else torch.nan)
        for dy in range(2 * reach + 1):
            for dx in range(2 * reach + 1):
                if cross and dy != reach and dx != reach:
                    continue
                other = padded[:, dy : dy + h, dx : dx + w]
                differs = (other != mask) & ~other.isnan()
                near |= differs & (other < mask) if one_side else differs
        return 1 + boost * near.float()

    return weights


boundary = weights_by()
BOUNDARY = (
    misconception("weights-one-side", weights_by(one_side=True)),
    misconception("weights-cross", weights_by(cross=True)),
    misconception("weights-frame", weights_by(frame=True)),
    misconception("weights-width", weights_by(lambda w: 1), weights_by(lambda w: w + 1), weights_by(lambda w: w // 2)),
)


def regions(draw: Draw, *shape: int) -> torch.Tensor:
    """Rectangles of a few labels, so that there are insides and boundaries, one region touching the frame."""
    mask = torch.zeros(shape, dtype=torch.int64)
    for image in mask:
        for label in (1, 2, 3):
            top, left = (int(v) for v in draw.integers(0, shape[1] - 3, 2))
            image[top : top + 4, left : left + 3 + label] = label
    return mask


def plainest_regions(draw: Draw) -> Iterator[Case]:
    """One mask with the usual width and boost."""
    for side in (8, 9, 10, 8, 9, 10):
        yield Case((regions(draw, 1, side, side),))


def default_width(draw: Draw) -> Iterator[Case]:
    """Masks with the usual width and boost."""
    for shape in ((1, 9, 11), (2, 12, 10), (3, 8, 8)):
        yield Case((regions(draw, *shape),))
    yield Case((torch.eye(7).long()[None],))
    yield Case((torch.full((2, 5, 5), 3),))


def other_width(draw: Draw) -> Iterator[Case]:
    """Masks with other ones, by place and by name."""
    for width, boost in ((2, 4.0), (3, 1.5), (1, 9.0)):
        yield Case((regions(draw, 2, 14, 13),), {"width": width, "boost": boost}, f"with width={width}")
    yield Case((torch.eye(9).long()[None], 2, 0.5), {}, "with width=2")
    yield Case((torch.eye(5).long()[None], 7), {}, "with width=7")


WEIGHTS = FunctionExam(
    "bonus", boundary, BOUNDARY, SENTENCES, plainest_regions,
    title="boundary_weights", defines="boundary_weights", bonus=True,
)  # fmt: skip
bonus = WEIGHTS.exam(
    WEIGHTS.values("values", "one pixel on both sides of every boundary", 1.0, default_width, intact=True),
    WEIGHTS.values("width", "another width and boost", 1.0, other_width),
)
