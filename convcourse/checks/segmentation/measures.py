"""Visible checks of `iou`, `DiceLoss`, `dice_loss` and `boundary_weights`."""

from __future__ import annotations

from typing import Any

import torch

from convcourse.checks.core import Check, numbers

NAN = float("nan")


def iou(function: Any) -> None:
    check = Check("iou")
    pred = torch.tensor([[[1, 1, 0, 0], [0, 2, 2, 0]]])
    target = torch.tensor([[[1, 0, 0, 0], [0, 2, 2, 0]]])
    with check("the example of the text"):
        slips = [
            (lambda: torch.tensor([8 / 9, 2 / 3, 1.0]), "Yours are Dice coefficients; divide by the union."),
            (lambda: torch.tensor([0.8, 1.0, 1.0]), "Yours divides by the target's pixels alone."),
            (lambda: torch.tensor([1.0, 0.5, 1.0]), "Yours divides by the predicted pixels alone."),
        ]
        got = check.ask(function, pred, target, 3)
        check.same(_float(got), torch.tensor([0.8, 0.5, 1.0]), "one IoU for each class", slips)
    with check("a class that neither has is NaN, one that only one of them has is 0"):
        got = _float(check.ask(function, pred, torch.where(target == 2, 0, target), 4))
        if not isinstance(got, torch.Tensor) or got.shape != (4,):
            check.fail("with four classes the result is a tensor of shape (4,).")
        if not torch.isnan(got[3]):
            check.fail(f"nobody speaks of class 3, so its IoU is 0/0, NaN; yours is {got[3].item():.4g}.")
        if got[2] != 0:
            check.fail(f"class 2 is only in the prediction, so its IoU is 0; yours is {got[2].item():.4g}.")
    with check("pixels whose target is 255 are left out"):
        unknown = target.clone()
        unknown[0, 0, 1] = 255
        got = check.ask(function, pred, unknown, 3)
        rule = "where the target is 255 nobody knows the class, and the prediction does not count either"
        check.same(_float(got), torch.tensor([1.0, 1.0, 1.0]), rule)
    with check("the batch is counted as one"):
        both, truth = torch.tensor([[[1, 1]], [[1, 0]]]), torch.tensor([[[1, 1]], [[0, 0]]])
        slips = [(lambda: torch.tensor([0.25, 0.5]), "Yours averages over the images.")]
        rule = "intersections and unions are added up over the batch, then divided"
        check.same(_float(check.ask(function, both, truth, 2)), torch.tensor([0.5, 2 / 3]), rule, slips)


def _float(got: Any) -> Any:
    """float64 will do as well."""
    return got.float() if isinstance(got, torch.Tensor) else got


def DiceLoss(made: Any, function: Any) -> None:
    check = Check("DiceLoss")
    mask = (numbers(10, 3, 1, 4, 5) > 0).float()
    share = numbers(11, 3, 1, 4, 5).sigmoid()
    sums = lambda x: x.sum((1, 2, 3))
    each = 1 - 2 * sums(share * mask) / sums(share + mask)
    with check("probabilities, one loss for each image"):
        loss = check.ask(made, reduction="none", with_logits=False)
        slips = [
            (lambda: 1 - each, "Yours is the Dice coefficient; the loss is 1 minus it."),
            (lambda: (1 + each) / 2, "Yours lacks the factor 2."),
            (lambda: 2 * each / (1 + each), "Yours divides by the union, as the IoU does."),
            (lambda: 1 - 2 * sums(share * mask) / sums(share**2 + mask**2), "Yours sums squares."),
        ]
        check.same(check.ask(loss, share, mask), each, "with_logits=False, reduction='none'", slips)
    with check("logits, their mean and their sum"):
        logits = share.logit()
        check.same(check.ask(check.ask(made), logits, mask), each.mean(), "the default call takes logits, and the mean")
        check.same(check.ask(check.ask(made, reduction="sum"), logits, mask), each.sum(), "reduction='sum'")
    with check("maps without a channel axis"):
        check.same(check.ask(check.ask(made), logits[:, 0], mask[:, 0]), each.mean(), "maps (N, H, W)")
    with check("empty against empty is 1"):
        loss, empty = check.ask(made, with_logits=False), torch.zeros(1, 1, 2, 2)
        slips = [(lambda: torch.tensor(0.0), "Yours has ε above the fraction bar too.")]
        check.same(check.ask(loss, empty, empty), torch.tensor(1.0), "ε stands below the fraction bar alone", slips)
    with check("eps counts"):
        loss = check.ask(made, eps=2.0, reduction="none", with_logits=False)
        check.same(check.ask(loss, share, mask), 1 - 2 * sums(share * mask) / (sums(share + mask) + 2), "eps=2")
    with check("gradients arrive"):
        leaf = logits.clone().requires_grad_()
        got = check.ask(check.ask(made), leaf, mask)
        if not got.requires_grad:
            check.fail("the loss is cut off from autograd; do not round the probabilities to 0 and 1.")
        if not check.ask(torch.autograd.grad, got, leaf)[0].any():
            check.fail("the gradient to the logits is 0; do not round the probabilities to 0 and 1.")
    with check("an unknown reduction is refused"):
        check.refuses(lambda: made(reduction="most")(logits, mask), why='reduction="most"')
    check = Check("dice_loss")
    with check("the default call"):
        check.same(check.ask(function, logits, mask), each.mean(), "dice_loss(logits, target)")


def boundary_weights(function: Any) -> None:
    check = Check("boundary_weights")
    mask = torch.zeros(1, 5, 7, dtype=torch.int64)
    mask[0, 2, 3] = 2
    for title, arguments, width, boost in (
        ("one pixel on even ground", {}, 1, 4.0),
        ("width=2, boost=0.5", {"width": 2, "boost": 0.5}, 2, 0.5),
    ):
        with check(title):
            near, cross, ring = torch.ones(3, 1, 5, 7).unbind()
            near[0, 2 - width : 3 + width, 3 - width : 4 + width] += boost
            cross[0, 2 - width : 3 + width, 3] += boost
            cross[0, 2, 3 - width : 3] += boost
            cross[0, 2, 4 : 4 + width] += boost
            ring.copy_(near)
            ring[0, 2, 3] = 1
            slips = [
                (cross.clone, "Yours leaves diagonal neighbours out."),
                (ring.clone, "In yours only one side of the boundary counts; the pixel itself is at a boundary too."),
            ]
            check.same(check.ask(function, mask, **arguments), near, f"near the pixel the weight is {1 + boost}", slips)
    with check("the frame is no boundary"):
        check.same(check.ask(function, torch.full((2, 3, 4), 3)), torch.ones(2, 3, 4), "a mask of one label")
