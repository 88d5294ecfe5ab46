"""The exam of `DiceLoss` and `dice_loss`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from autograder.exam.compare import Case, Seen, ask_all, describe, judge, must_refuse, saw
from autograder.exam.core import Criterion, Exam, Finding, Wrong, current
from autograder.exam.draw import Draw
from autograder.exam.gradients import judge_gradients, noted
from autograder.exam.segmentation.common import misconception, mistake, slip, unchanged
from autograder.exam.subject import Missing, Subject

Loss = Callable[..., torch.Tensor]


def loss_by(
    rule: Callable[..., torch.Tensor],
    prepare: Callable[[torch.Tensor, bool], torch.Tensor] = lambda x, logits: x.sigmoid() if logits else x,
    over_batch: bool = False,
    reduce: Callable[[torch.Tensor, str], torch.Tensor] | None = None,
) -> Loss:
    """A loss from the sums of a·b, a, b, a², b² and ε by a rule; the other arguments are the mistakes around it."""

    def loss(x, target, eps=1e-7, reduction="mean", with_logits=True):
        a, b = prepare(x, with_logits), target
        a, b = (a.reshape(1, -1), b.reshape(1, -1)) if over_batch else (a.flatten(1), b.flatten(1))
        each = rule((a * b).sum(1), a.sum(1), b.sum(1), (a * a).sum(1), (b * b).sum(1), eps)
        return (reduce or reduced)(each, reduction)

    return loss


def reduced(each: torch.Tensor, reduction: str) -> torch.Tensor:
    return {"mean": each.mean(), "sum": each.sum(), "none": each}[reduction]


def right(ab, a, b, aa, bb, eps):
    return 1 - 2 * ab / (a + b + eps)


dice = loss_by(right)
MISTAKES = (
    misconception("dice-factor", loss_by(lambda ab, a, b, aa, bb, eps: 1 - ab / (a + b + eps))),
    misconception("dice-is-score", loss_by(lambda ab, a, b, aa, bb, eps: 2 * ab / (a + b + eps))),
    misconception(
        "dice-is-iou",
        loss_by(lambda ab, a, b, aa, bb, eps: 1 - ab / (a + b - ab + eps)),
        loss_by(lambda ab, a, b, aa, bb, eps: 1 - (ab + eps) / (a + b - ab + eps)),
    ),
    misconception("dice-over-batch", loss_by(right, over_batch=True)),
    misconception(
        "dice-smoothed",
        loss_by(lambda ab, a, b, aa, bb, eps: 1 - (2 * ab + eps) / (a + b + eps)),
        loss_by(lambda ab, a, b, aa, bb, eps: 1 - 2 * (ab + eps) / (a + b + eps)),
        loss_by(lambda ab, a, b, aa, bb, eps: 1 - (2 * ab + 1) / (a + b + 1)),
    ),
    misconception("dice-squares", loss_by(lambda ab, a, b, aa, bb, eps: 1 - 2 * ab / (aa + bb + eps))),
    misconception("dice-no-sigmoid", loss_by(right, lambda x, logits: x)),
    misconception("dice-sigmoid-always", loss_by(right, lambda x, logits: x.sigmoid())),
    misconception(
        "dice-thresholded",
        loss_by(right, lambda x, logits: ((x.sigmoid() if logits else x) > 0.5).to(x.dtype)),
        loss_by(right, lambda x, logits: (x.sigmoid() if logits else x).round()),
    ),
    misconception(
        "dice-reduction",
        loss_by(right, reduce=lambda each, word: each.mean()),
        loss_by(right, reduce=lambda each, word: each if word == "none" else each.mean()),
        loss_by(right, reduce=lambda each, word: each.sum() if word == "sum" else each.mean()),
        loss_by(right, reduce=lambda each, word: each.mean() if word == "none" else reduced(each, word)),
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


Setting = tuple[dict[str, Any], tuple[torch.Tensor, torch.Tensor]]


def asked(subject: Subject, settings: list[Setting], draw: Draw) -> list[Seen]:
    """Losses made with these options, each called once with a backward pass."""
    scripts, expected = [], []
    for options, (x, target) in settings:
        x = x.clone().requires_grad_()
        loss = dice(x, target, **options)
        cotangent = draw.normal(*loss.shape, dtype=loss.dtype)
        expected.append((loss.detach(), torch.autograd.grad(loss, [x], cotangent)))
        scripts.append([(0, "make", (), options), (1, "vjp", (x, target), {}, cotangent)])
    seen = []
    for (options, args), (loss, wanted), steps in zip(settings, expected, subject.scripts(scripts), strict=True):
        if len(steps) == 1:
            raise steps[0]
        case = Case(args, options, f"with {options}" if options else "")
        seen.append(saw(subject, case, loss, steps[1]))
        if seen[-1].answer is not None and seen[-1].fault is None:
            unchanged(seen[-1].answer, case)
            noted(draw).compare(seen[-1], seen[-1].answer.gradients, wanted)
    return seen


def agrees(settings: Callable[[Draw], list[Setting]]):
    def check(subject: Subject, draw: Draw) -> None:
        seen = asked(subject, settings(draw), draw)
        planes = [s for s in seen if s.case.args[0].dim() == 3]
        if any(s.fault for s in planes) and not any(s.fault for s in seen if s.case.args[0].dim() == 4):
            first = next(s for s in planes if s.fault)
            raise mistake("dice-planes", describe(first.case), "one Dice for each image", str(first.fault))
        judge(subject.name, seen, MISTAKES)

    return check


def defaults(draw: Draw) -> list[Setting]:
    return [({}, pictures(draw, s, dtype=d)) for s in SHAPES for d in (torch.float32, torch.float64)]


def probabilities(draw: Draw) -> list[Setting]:
    return [({"with_logits": False}, pictures(draw, s, False)) for s in SHAPES] + defaults(draw)[:2]


def words(draw: Draw) -> list[Setting]:
    return [({"reduction": word}, pictures(draw, s)) for s in SHAPES[:2] for word in ("mean", "sum", "none")]


def epsilons(draw: Draw) -> list[Setting]:
    """Other ε, seen beside values that do not depend on it."""
    return [
        ({"eps": eps, "reduction": "none"}, pictures(draw, (2, 1, 3, 4), dtype=torch.float64))
        for eps in (1.0, 5.0, 0.25, 1e-7)
    ]


def extremes(draw: Draw) -> list[Setting]:
    """Empty masks, full masks, and logits so large that every sigmoid is 0 or 1."""
    empty, full = torch.zeros(2, 1, 4, 4), torch.ones(2, 1, 4, 4)
    far = 1000 * torch.sign(draw.away_from_zero(2, 1, 4, 4))
    mixed = torch.cat([empty[:1], full[:1]])
    return [
        ({"with_logits": False, "reduction": "none"}, (empty, empty)),
        ({"with_logits": False, "reduction": "none"}, (mixed, empty)),
        ({"with_logits": False, "reduction": "none"}, (empty, mixed)),
        ({"with_logits": False}, (full, full)),
        ({}, (0 * empty - 1000, empty)),
        ({"reduction": "none"}, (far, (far > 0).float())),
        ({"reduction": "none"}, (far, (far < 0).float())),
        ({}, pictures(draw, (2, 1, 4, 4))),
    ]


def gradients(subject: Subject, draw: Draw) -> None:
    agrees(defaults)(subject, draw)
    agrees(words)(subject, draw)
    judge_gradients(subject, draw, partial(slip, "detached"))


def refuses(subject: Subject, draw: Draw) -> None:
    """Another word is refused when the loss is made or when it is called; counts beside right values only."""
    agrees(words)(subject, draw)
    args = pictures(draw, (2, 1, 4, 4))
    unknown = "average", "batchmean", ""
    scripts = [[(0, "make", (), {"reduction": word}), (1, "vjp", args, {}, None)] for word in unknown]
    for word, steps in zip(unknown, subject.scripts(scripts), strict=True):
        must_refuse(subject.name, f"reduction={word!r}", steps[-1], partial(slip, "dice-reduction-word"))


def as_function(subject: Subject, draw: Draw) -> None:
    """`dice_loss(logits, target)` is the default loss."""
    function = current.get().beside(subject, "dice_loss")
    if isinstance(function, Missing):
        raise Wrong(Finding("`dice_loss` is not defined beside `DiceLoss`."))
    function.name = "dice_loss"
    given = [pictures(draw, shape) for shape in SHAPES]
    judge("dice_loss", ask_all(function, [(Case(args), dice(*args), None) for args in given]), MISTAKES)


DICE = Exam(
    "DiceLoss",
    "DiceLoss and dice_loss",
    (
        Criterion("values", "the formula, for each image, from logits", 1.0, agrees(defaults)),
        Criterion("probabilities", "probabilities with with_logits=False", 0.5, agrees(probabilities)),
        Criterion("reduction", "mean, sum or none; other words are refused", 0.5, refuses),
        Criterion("eps", "ε in the denominator", 0.5, agrees(epsilons)),
        Criterion("extremes", "empty and full masks, very large logits", 0.5, agrees(extremes)),
        Criterion("gradients", "gradients to the prediction", 0.5, gradients),
        Criterion("function", "dice_loss is the default loss", 0.5, as_function),
    ),
)
