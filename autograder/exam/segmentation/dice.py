"""The exam of `DiceLoss` and `dice_loss`, and the mistakes people make in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.exam.cases import Case, Cases
from autograder.exam.compare import compare_values, judge
from autograder.exam.core import Check, Criterion, Exam, Unnamed, Wrong
from autograder.exam.draw import Draw
from autograder.exam.functions import in_turn
from autograder.exam.gradients import judge_gradients
from autograder.exam.instances import check_options_refused, compare_instances
from autograder.exam.mistakes import misconception
from autograder.exam.segmentation.sentences import SENTENCES
from autograder.exam.setting import current
from autograder.exam.subject import Missing, Subject

T = torch.Tensor
Loss = Callable[..., T]


def loss_by(
    rule: Callable[..., T],
    prepare: Callable[[T, bool], T] = lambda x, logits: x.sigmoid() if logits else x,
    over_batch: bool = False,
    reduce: Callable[[T, str], T] | None = None,
) -> Loss:
    """A loss of x and target (N, …) by a rule from their sums a·b, a, b, a², b² (N,) and ε; the other arguments are
    the mistakes around the rule."""

    def loss(x, target, eps=1e-7, reduction="mean", with_logits=True):
        a, b = prepare(x, with_logits), target
        a, b = (a.reshape(1, -1), b.reshape(1, -1)) if over_batch else (a.flatten(1), b.flatten(1))
        each = rule((a * b).sum(1), a.sum(1), b.sum(1), (a * a).sum(1), (b * b).sum(1), eps)
        return (reduce or reduced)(each, reduction)

    return loss


def reduced(each: T, reduction: str) -> T:
    """One value an image (N,), reduced."""
    return {"mean": each.mean(), "sum": each.sum(), "none": each}[reduction]


def by_formula(ab: T, a: T, b: T, aa: T, bb: T, eps: float) -> T:
    """1 − 2·Σab / (Σa + Σb + ε), for each image."""
    return 1 - 2 * ab / (a + b + eps)


dice = loss_by(by_formula)
MISTAKES = (
    misconception("dice-factor", loss_by(lambda ab, a, b, aa, bb, eps: 1 - ab / (a + b + eps))),
    misconception("dice-is-score", loss_by(lambda ab, a, b, aa, bb, eps: 2 * ab / (a + b + eps))),
    misconception(
        "dice-is-iou",
        loss_by(lambda ab, a, b, aa, bb, eps: 1 - ab / (a + b - ab + eps)),
        loss_by(lambda ab, a, b, aa, bb, eps: 1 - (ab + eps) / (a + b - ab + eps)),
    ),
    misconception("dice-over-batch", loss_by(by_formula, over_batch=True)),
    misconception(
        "dice-smoothed",
        loss_by(lambda ab, a, b, aa, bb, eps: 1 - (2 * ab + eps) / (a + b + eps)),
        loss_by(lambda ab, a, b, aa, bb, eps: 1 - 2 * (ab + eps) / (a + b + eps)),
        loss_by(lambda ab, a, b, aa, bb, eps: 1 - (2 * ab + 1) / (a + b + 1)),
    ),
    misconception("dice-squares", loss_by(lambda ab, a, b, aa, bb, eps: 1 - 2 * ab / (aa + bb + eps))),
    misconception("dice-no-sigmoid", loss_by(by_formula, lambda x, logits: x)),
    misconception("dice-sigmoid-always", loss_by(by_formula, lambda x, logits: x.sigmoid())),
    misconception(
        "dice-thresholded",
        loss_by(by_formula, lambda x, logits: ((x.sigmoid() if logits else x) > 0.5).to(x.dtype)),
        loss_by(by_formula, lambda x, logits: (x.sigmoid() if logits else x).round()),
    ),
    misconception(
        "dice-reduction",
        loss_by(by_formula, reduce=lambda each, word: each.mean()),
        loss_by(by_formula, reduce=lambda each, word: each if word == "none" else each.mean()),
        loss_by(by_formula, reduce=lambda each, word: each.sum() if word == "sum" else each.mean()),
        loss_by(by_formula, reduce=lambda each, word: each.mean() if word == "none" else reduced(each, word)),
    ),
    misconception(
        "dice-eps-ignored",
        *(loss_by(lambda ab, a, b, aa, bb, eps, e=e: 1 - 2 * ab / (a + b + e)) for e in (0.0, 1e-7, 1e-6, 1e-5, 1.0)),
        loss_by(lambda ab, a, b, aa, bb, eps: 1 - 2 * ab / (a + b) + eps),
        loss_by(lambda ab, a, b, aa, bb, eps: 1 - 2 * ab / (a + b + 2 * eps)),
    ),
)  # fmt: skip

SHAPES = [(2, 1, 4, 5), (3, 1, 6, 6), (1, 1, 3, 7), (3, 4, 5), (2, 6, 6)]


def pictures(draw: Draw, shape: tuple[int, ...], logits: bool = True, dtype: torch.dtype = torch.float32):
    """A prediction and a binary target of this shape."""
    x = draw.normal(*shape, dtype=dtype)
    return (2 * x if logits else x.sigmoid()), (draw.normal(*shape) > 0).to(dtype)


def agrees(cases: Cases) -> Check:
    """Right losses, and gradients that are noted. A case's options make the loss, which is called with the rest."""

    def check(subject: Subject, draw: Draw) -> None:
        found = compare_instances(subject, dice, cases(draw), draw)
        planes = [c for c in found if c.case.args[0].dim() == 3]
        if any(c.fault for c in planes) and not any(c.fault for c in found if c.case.args[0].dim() == 4):
            raise Wrong("dice-planes", next(c for c in planes if c.fault).evidence)
        judge(subject.name, found, MISTAKES)

    return check


def case(args: tuple[T, T], **options: Any) -> Case:
    """A loss made with these options and called with prediction and target."""
    return Case(args, options, f"with {options}" if options else "")


def defaults(draw: Draw) -> list[Case]:
    """Losses as they are made without options, in either dtype."""
    return [case(pictures(draw, s, dtype=d)) for s in SHAPES for d in (torch.float32, torch.float64)]


def probabilities(draw: Draw) -> list[Case]:
    """Probabilities in place of logits, beside logits."""
    return [case(pictures(draw, s, False), with_logits=False) for s in SHAPES] + defaults(draw)[:2]


def words(draw: Draw) -> list[Case]:
    """Each reduction."""
    return [case(pictures(draw, s), reduction=word) for s in SHAPES[:2] for word in ("mean", "sum", "none")]


def epsilons(draw: Draw) -> list[Case]:
    """Other ε, seen beside values that do not depend on it."""
    given = [(eps, pictures(draw, (2, 1, 3, 4), dtype=torch.float64)) for eps in (1.0, 5.0, 0.25, 1e-7)]
    return [case(args, eps=eps, reduction="none") for eps, args in given]


def extremes(draw: Draw) -> list[Case]:
    """Empty masks, full masks, and logits so large that every sigmoid is 0 or 1."""
    empty, full = torch.zeros(2, 1, 4, 4), torch.ones(2, 1, 4, 4)
    far = 1000 * torch.sign(draw.away_from_zero(2, 1, 4, 4))
    mixed = torch.cat([empty[:1], full[:1]])
    return [
        *(case(args, with_logits=False, reduction="none") for args in ((empty, empty), (mixed, empty), (empty, mixed))),
        case((full, full), with_logits=False),
        case((0 * empty - 1000, empty)),
        *(case((far, target.float()), reduction="none") for target in (far > 0, far < 0)),
        case(pictures(draw, (2, 1, 4, 4))),
    ]


def refuses(subject: Subject, draw: Draw) -> None:
    """Another word is refused when the loss is made or when it is called; counts beside right values only."""
    agrees(words)(subject, draw)
    unknown = [{"reduction": word} for word in ("average", "batchmean", "")]
    check_options_refused(subject, pictures(draw, (2, 1, 4, 4)), unknown, "dice-reduction-word")


def as_function(subject: Subject, draw: Draw) -> None:
    """`dice_loss(logits, target)` is the default loss."""
    function = current.get().beside(subject, "dice_loss")
    if isinstance(function, Missing):
        raise Unnamed("`dice_loss` is not defined beside `DiceLoss`.")
    function.name = "dice_loss"
    compare_values(function, dice, [Case(pictures(draw, shape)) for shape in SHAPES], MISTAKES)


gradients = in_turn(agrees(defaults), agrees(words), judge_gradients)
DiceLoss = Exam(
    "DiceLoss",
    (
        Criterion("values", "the formula, for each image, from logits", 1.0, agrees(defaults)),
        Criterion("probabilities", "probabilities with with_logits=False", 0.5, agrees(probabilities)),
        Criterion("reduction", "mean, sum or none; other words are refused", 0.5, refuses),
        Criterion("eps", "ε in the denominator", 0.5, agrees(epsilons)),
        Criterion("extremes", "empty and full masks, very large logits", 0.5, agrees(extremes)),
        Criterion("gradients", "gradients to the prediction", 0.5, gradients),
        Criterion("function", "dice_loss is the default loss", 0.5, as_function),
    ),
    title="DiceLoss and dice_loss",
    sentences=SENTENCES,
)
