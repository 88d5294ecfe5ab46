"""Visible checks of `iou` and `boundary_weights`."""

from __future__ import annotations

from typing import Any

import torch

from convcourse.checks.core import Check

NAN = float("nan")


def iou(function: Any) -> None:
    """Check `iou(pred, target, num_classes, ignore_index)`: labels (N, H, W) → (num_classes,)."""
    check = Check("iou")
    pred = torch.tensor([[[1, 1, 0, 0], [0, 2, 2, 0]]])
    target = torch.tensor([[[1, 0, 0, 0], [0, 2, 2, 0]]])
    with check("the example of the text"):
        slips = [
            (lambda: torch.tensor([8 / 9, 2 / 3, 1.0]), "Yours are Dice coefficients. Divide by the union."),
            (lambda: torch.tensor([0.8, 1.0, 1.0]), "Yours divides by the target's pixels only."),
            (lambda: torch.tensor([1.0, 0.5, 1.0]), "Yours divides by the predicted pixels only."),
        ]
        got = check.ask(function, pred, target, 3)
        check.same(_float(got), torch.tensor([0.8, 0.5, 1.0]), "the result has one IoU for each class", slips)
    with check("a class that neither has is NaN, one that only one of them has is 0"):
        got = _float(check.ask(function, pred, torch.where(target == 2, 0, target), 4))
        if not isinstance(got, torch.Tensor) or got.shape != (4,):
            check.fail("With four classes the result is a tensor of shape (4,).")
        if not torch.isnan(got[3]):
            check.fail(f"Class 3 is in neither mask, so its IoU is 0/0, which is NaN. Yours is {got[3].item():.4g}.")
        if got[2] != 0:
            check.fail(f"Class 2 is only in the prediction, so its IoU is 0. Yours is {got[2].item():.4g}.")
    with check("pixels whose target is 255 are left out"):
        unknown = target.clone()
        unknown[0, 0, 1] = 255
        got = check.ask(function, pred, unknown, 3)
        rule = "pixels whose target is 255 do not count, and neither does the prediction there"
        check.same(_float(got), torch.tensor([1.0, 1.0, 1.0]), rule)
    with check("the batch is counted as one"):
        both, truth = torch.tensor([[[1, 1]], [[1, 0]]]), torch.tensor([[[1, 1]], [[0, 0]]])
        slips = [(lambda: torch.tensor([0.25, 0.5]), "Yours averages over the images.")]
        rule = "intersections and unions are added up over the batch, then divided"
        check.same(_float(check.ask(function, both, truth, 2)), torch.tensor([0.5, 2 / 3]), rule, slips)
    with check("labels in another memory layout"):
        both, truth = (labels.mT.contiguous().mT for labels in (torch.cat([pred, target]), torch.cat([target, target])))
        rule = "with the same labels in another memory layout (`reshape` for `view`)"
        check.same(_float(check.ask(function, both, truth, 3)), torch.tensor([0.9, 2 / 3, 1.0]), rule)


def _float(got: Any) -> Any:
    """float64 will do as well."""
    return got.float() if isinstance(got, torch.Tensor) else got


def boundary_weights(function: Any) -> None:
    """Check `boundary_weights(mask, width, boost)`: (N, H, W) → (N, H, W)."""
    check = Check("boundary_weights")
    mask = torch.zeros(1, 5, 7, dtype=torch.int64)
    mask[0, 2, 3] = 2
    for title, arguments, width, boost in (
        ("one pixel on a uniform mask", {}, 1, 4.0),
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
                (ring.clone, "In yours only one side of the boundary counts. The pixel itself is at a boundary too."),
            ]
            check.same(check.ask(function, mask, **arguments), near, f"near the pixel the weight is {1 + boost}", slips)
            last = check.ask(function, mask.mT.contiguous().mT, **arguments)
            check.same(last, near, "with the same mask in another memory layout")
    with check("the frame is no boundary"):
        check.same(check.ask(function, torch.full((2, 3, 4), 3)), torch.ones(2, 3, 4), "with a mask of one label")
