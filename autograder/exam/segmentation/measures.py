"""The exams of `iou`, of `DiceLoss` with `dice_loss`, and of the optional `boundary_weights`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.compare import Case, Seen, ask, compare_values, describe, fault, judge, kind, shown
from autograder.exam.core import Criterion, Exam
from autograder.exam.draw import Draw
from autograder.exam.segmentation.common import misconception, mistake, unchanged
from autograder.exam.subject import Raised, Subject

IGNORED = 255


def counts(pred: torch.Tensor, target: torch.Tensor, classes: int, ignore: int = IGNORED) -> tuple[torch.Tensor, ...]:
    """Intersection, predicted and true pixels of each class over the whole batch."""
    kept = target != ignore
    hot = [F.one_hot(t[kept].long(), max(classes, 256))[:, :classes].double() for t in (pred, target)]
    return (hot[0] * hot[1]).sum(0), hot[0].sum(0), hot[1].sum(0)


def iou_by(rule: Callable[..., torch.Tensor], keep_ignored: bool = False) -> Callable[..., torch.Tensor]:
    """An IoU from intersection, predicted and true pixels by a rule."""

    def measure(pred, target, num_classes, ignore_index=IGNORED):
        found = counts(pred, target, num_classes, -1 if keep_ignored else ignore_index)
        return rule(*found).float()

    return measure


iou_of = iou_by(lambda both, p, t: both / (p + t - both))


def per_image(pred, target, num_classes, ignore_index=IGNORED):
    each = [iou_of(p[None], t[None], num_classes, ignore_index) for p, t in zip(pred, target, strict=True)]
    return torch.stack(each).nanmean(0)


def number_for_absent(number: float) -> Callable[..., torch.Tensor]:
    return iou_by(lambda both, p, t: (both / (p + t - both)).nan_to_num(number))


IOU = (
    misconception("iou-absent-number", number_for_absent(0.0), number_for_absent(1.0)),
    misconception(
        "iou-half-absent-nan",
        iou_by(lambda both, p, t: torch.where((p > 0) & (t > 0), both / (p + t - both), torch.nan)),
        iou_by(lambda both, p, t: torch.where(t > 0, both / (p + t - both), torch.nan)),
        iou_by(lambda both, p, t: torch.where(p > 0, both / (p + t - both), torch.nan)),
    ),
    misconception(
        "iou-ignored-counted",
        iou_by(lambda both, p, t: both / (p + t - both), keep_ignored=True),
        lambda pred, target, num_classes, ignore_index=IGNORED: iou_of(pred, target, num_classes),
        lambda pred, target, num_classes, ignore_index=IGNORED: iou_of(
            pred, target.masked_fill(target == ignore_index, IGNORED - 1), num_classes, -1
        ),
    ),
    misconception("iou-is-dice", iou_by(lambda both, p, t: 2 * both / (p + t))),
    misconception("iou-per-image", per_image),
    misconception("iou-recall", iou_by(lambda both, p, t: both / t)),
    misconception("iou-precision", iou_by(lambda both, p, t: both / p)),
    misconception(
        "iou-mean",
        iou_by(lambda both, p, t: (both / (p + t - both)).nanmean()),
        iou_by(lambda both, p, t: (both / (p + t - both)).mean()),
    ),
    misconception(
        "iou-eps",
        *(iou_by(lambda both, p, t, e=e: (both + e) / (p + t - both + e)) for e in (1e-7, 1e-6, 1e-8, 1e-5, 1.0)),
        *(iou_by(lambda both, p, t, e=e: both / (p + t - both + e)) for e in (1e-7, 1e-6, 1e-8, 1e-5, 1.0)),
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


def plain_labels(draw: Draw) -> Iterator[Case]:
    for classes, shape in ((2, (1, 5, 6)), (3, (2, 6, 5)), (6, (4, 8, 8)), (4, (3, 7, 9))):
        yield Case((masks(draw, classes, *shape), masks(draw, classes, *shape), classes))
    same = masks(draw, 3, 2, 6, 6)
    yield Case((same, same.clone(), 3))
    # Images of one class beside mixed ones: the batch is counted as a whole.
    yield Case((torch.stack([same[0], torch.zeros(6, 6).long()]), same, 3))


def absent_labels(draw: Draw) -> Iterator[Case]:
    for pred, target in ((2, 2), (2, -1), (-1, 2), (0, 0), (0, -1), (-1, 1)):
        given = masks(draw, 3, 2, 6, 7, without=pred), masks(draw, 3, 2, 6, 7, without=target)
        yield Case((*given, 3), {}, "with absent classes")
    zeros = torch.zeros(2, 4, 4).long()
    yield Case((zeros, zeros.clone(), 1), {}, "with images of one class")
    yield Case((zeros, zeros.clone(), 3), {}, "with images of one class")
    yield Case((zeros, zeros + 1, 2), {}, "with images of one class")


def ignored_labels(draw: Draw) -> Iterator[Case]:
    for classes, shape in ((2, (2, 6, 6)), (4, (3, 8, 7))):
        yield Case((masks(draw, classes, *shape), masks(draw, classes, *shape, ignored=True), classes), {}, "with 255s")
    pred, target = masks(draw, 3, 2, 6, 6), masks(draw, 3, 2, 6, 6)
    target[target == 2] = 7
    yield Case((pred, target, 3, 7), {}, "with another ignore_index")
    yield Case((pred, target.clamp(max=2), 3), {"ignore_index": 0}, "with ignore_index=0")
    gone = target.clone()
    gone[:] = IGNORED
    yield Case((pred, gone, 3), {}, "with nothing but ignored pixels")


def same_scores(got: Any, expected: torch.Tensor) -> str | None:
    """As `fault`, with NaN where NaN is expected, in float32 or float64."""
    if not isinstance(got, torch.Tensor):
        return f"gave back {kind(got)} where a tensor is expected"
    if got.shape != expected.shape:
        return f"gave back a tensor of shape {tuple(got.shape)}, which is not one number for each class"
    if not got.is_floating_point():
        return f"gave back {got.dtype}, expected floating-point numbers"
    if not torch.equal(got.isnan(), expected.isnan()):
        return "has NaN at the wrong places"
    return fault(got.float().nan_to_num(-1), expected.nan_to_num(-1))


def scores(cases: Callable[[Draw], Iterator[Case]]) -> Callable[[Subject, Draw], None]:
    def check(subject: Subject, draw: Draw) -> None:
        seen = []
        for case in draw.shuffled(list(cases(draw))):
            expected = iou_of(*case.args, **case.kwargs)
            asked = ask(subject, case, expected)
            found = asked.fault if isinstance(asked.got, Raised) else same_scores(asked.got, expected)
            seen.append(Seen(case, expected, asked.got, found, asked.answer))
            if asked.answer is not None and not found:
                unchanged(asked.answer, case)
        wrong = [s for s in seen if s.fault]
        for candidate in IOU if wrong else ():
            answers = [(s.got, candidate, s.case) for s in seen]
            if any(all(_alike(g, m, c) for g, _, c in answers) for m in candidate.mutants):
                first = wrong[0]
                raise mistake(candidate.id, describe(first.case), shown(first.expected), shown(first.got))
        judge(subject.name, seen, ())

    return check


def _alike(got: Any, mutant: Callable[..., torch.Tensor], case: Case) -> bool:
    return not isinstance(got, Raised) and same_scores(got, mutant(*case.args, **case.kwargs)) is None


iou = Exam(
    "iou",
    "iou",
    (
        Criterion("values", "intersection over union of each class, over the whole batch", 1.0, scores(plain_labels)),
        Criterion("absent", "classes that are absent from prediction, target or both", 1.0, scores(absent_labels)),
        Criterion("ignored", "ignored pixels are left out", 0.5, scores(ignored_labels)),
    ),
)


def weights_by(width_of: Callable[[int], int], cross: bool = False, one_side: bool = False, frame: bool = False):
    """Boundary weights; the options are the mistakes."""

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


boundary = weights_by(lambda w: w)
BOUNDARY = (
    misconception("weights-one-side", weights_by(lambda w: w, one_side=True)),
    misconception("weights-cross", weights_by(lambda w: w, cross=True)),
    misconception("weights-frame", weights_by(lambda w: w, frame=True)),
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


def default_width(draw: Draw) -> Iterator[Case]:
    for shape in ((1, 9, 11), (2, 12, 10), (3, 8, 8)):
        yield Case((regions(draw, *shape),))
    yield Case((torch.eye(7).long()[None],))
    yield Case((torch.full((2, 5, 5), 3),))


def other_width(draw: Draw) -> Iterator[Case]:
    for width, boost in ((2, 4.0), (3, 1.5), (1, 9.0)):
        yield Case((regions(draw, 2, 14, 13),), {"width": width, "boost": boost}, f"with width={width}")
    yield Case((torch.eye(9).long()[None], 2, 0.5), {}, "with width=2")


def weights(cases: Callable[[Draw], Iterator[Case]]) -> Callable[[Subject, Draw], None]:
    def check(subject: Subject, draw: Draw) -> None:
        for seen in compare_values(subject, boundary, draw.shuffled(list(cases(draw))), BOUNDARY):
            unchanged(seen.answer, seen.case)

    return check


bonus = Exam(
    "bonus",
    "boundary_weights",
    (
        Criterion("values", "one pixel on both sides of every boundary", 1.0, weights(default_width)),
        Criterion("width", "another width and boost", 1.0, weights(other_width)),
    ),
    defines="boundary_weights",
    bonus=True,
)
