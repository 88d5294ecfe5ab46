"""Visible check of `DiceLoss` and `dice_loss`."""

from __future__ import annotations

from typing import Any

import torch

from convcourse.checks.core import Check, numbers


def DiceLoss(made: Any, function: Any) -> None:
    """Check the class `DiceLoss` and `dice_loss`: prediction and target (N, …) → a loss."""
    check = Check("DiceLoss")
    mask = (numbers(10, 3, 1, 4, 5) > 0).float()
    share = numbers(11, 3, 1, 4, 5).sigmoid()
    sums = lambda x: x.sum((1, 2, 3))
    each = 1 - 2 * sums(share * mask) / sums(share + mask)
    with check("probabilities, one loss for each image"):
        loss = check.ask(made, reduction="none", with_logits=False)
        slips = [
            (lambda: 1 - each, "Yours is the Dice coefficient. The loss is 1 minus it."),
            (lambda: (1 + each) / 2, "Yours lacks the factor 2."),
            (lambda: 2 * each / (1 + each), "Yours divides by the union, as the IoU does."),
            (lambda: 1 - 2 * sums(share * mask) / sums(share**2 + mask**2), "Yours sums squares."),
        ]
        check.same(check.ask(loss, share, mask), each, "with with_logits=False and reduction='none'", slips)
    with check("logits, their mean and their sum"):
        logits = share.logit()
        check.same(
            check.ask(check.ask(made), logits, mask), each.mean(), "the default call gives the mean, from logits"
        )
        check.same(check.ask(check.ask(made, reduction="sum"), logits, mask), each.sum(), "with reduction='sum'")
    with check("maps without a channel axis"):
        check.same(check.ask(check.ask(made), logits[:, 0], mask[:, 0]), each.mean(), "with maps (N, H, W)")
        last = [maps[:, 0].mT.contiguous().mT for maps in (logits, mask)]
        rule = "with the same maps in another memory layout (`reshape` or `flatten` for `view`)"
        check.same(check.ask(check.ask(made), *last), each.mean(), rule)
    with check("two empty masks give 1"):
        loss, empty = check.ask(made, with_logits=False), torch.zeros(1, 1, 2, 2)
        slips = [(lambda: torch.tensor(0.0), "Yours has ε in the numerator too.")]
        check.same(check.ask(loss, empty, empty), torch.tensor(1.0), "the number ε is in the denominator only", slips)
    with check("eps counts"):
        loss = check.ask(made, eps=2.0, reduction="none", with_logits=False)
        check.same(check.ask(loss, share, mask), 1 - 2 * sums(share * mask) / (sums(share + mask) + 2), "with eps=2")
    with check("gradients arrive"):
        leaf = logits.clone().requires_grad_()
        got = check.ask(check.ask(made), leaf, mask)
        if not got.requires_grad:
            check.fail("The loss is cut off from autograd. Do not round the probabilities to 0 and 1.")
        if not check.ask(torch.autograd.grad, got, leaf)[0].any():
            check.fail("The gradient to the logits is 0. Do not round the probabilities to 0 and 1.")
    with check("float64 stays float64"):
        a, b = share.double(), mask.double()
        expected = (1 - 2 * sums(a * b) / sums(a + b)).mean()
        check.same(check.ask(check.ask(made), a.logit(), b), expected, "with a float64 input")
    with check("an unknown reduction is refused"):
        check.refuses(lambda: made(reduction="most")(logits, mask), why='the word reduction="most"')
    check = Check("dice_loss")
    with check("the default call"):
        check.same(check.ask(function, logits, mask), each.mean(), "with dice_loss(logits, target)")
