"""Visible checks of `cutmix`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from convcourse.checks.augmentation.forbidden import picture
from convcourse.checks.core import Check, Slips

T = torch.Tensor


def cutmix(function: Any) -> None:
    """Check `cutmix(images, labels, order, top, left, height, width)`: (N, C, H, W) and (N, K), twice."""
    check = Check("cutmix")
    images, labels, order = picture(1, 3, 2, 6, 8), torch.eye(3), torch.tensor([2, 0, 1])
    rows, columns = torch.arange(6)[:, None], torch.arange(8)

    def shared(theirs: float | T) -> T:
        return (1 - theirs) * labels + theirs * labels[order]

    for title, (top, left, height, width) in (
        ("a rectangle on the image", (1, 2, 3, 4)),
        ("over the end, clipped", (4, 5, 9, 9)),
        ("from before the start", (-2, -3, 4, 5)),
        ("beside the image", (9, 0, 2, 2)),
    ):
        with check(title):
            inside = (rows >= top) & (rows < top + height) & (columns >= left) & (columns < left + width)
            share = inside.float().mean()
            got = check.ask(function, images, labels, order, top, left, height, width)
            if not isinstance(got, tuple | list) or len(got) != 2:
                check.fail("It must return (images, labels).")
            said = f"with top={top}, left={left}, height={height} and width={width}"
            theirs = torch.where(inside, images[order], images)
            kept = torch.where(inside, images, images[order])
            back = torch.where(inside, images[order.argsort()], images)
            slips: Slips = [
                (kept.clone, "Yours keeps the rectangle."),
                (back.clone, "Yours goes the wrong way. The partner of image i is image order[i]."),
                (images.clone, "Yours does not mix the images."),
            ]
            check.same(got[0], theirs, said, slips)
            whole = height * width / 48
            slips = [
                (partial(shared, 1 - share), "Yours exchanges the two shares."),
                (partial(shared, whole), "Share by the area after clipping."),
            ]
            check.same(got[1], shared(share), f"{said}, labels are shared by area", slips)
