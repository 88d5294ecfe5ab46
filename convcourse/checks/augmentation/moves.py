"""Visible checks of `shift`, `cutout` and `rotate`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from convcourse.checks.augmentation.forbidden import ImageCheck, picture
from convcourse.checks.core import Slips

T = torch.Tensor


def shift(function: Any) -> None:
    """Check `shift(image, dx, dy)`: (C, H, W) → (C, H, W)."""
    check = ImageCheck("shift")
    image = picture(1, 3, 5, 7)
    with check("to the right and down"):
        slips: Slips = [
            (
                partial(_moved, image, 1, 2),
                "Yours exchanges dx and dy. The number dx moves to the right, and dy moves down.",
            ),
            (partial(_moved, image, -2, -1), "Yours moves to the left and up."),
            (
                partial(image.roll, (1, 2), (-2, -1)),
                "In yours the pixels come in again on the other side. Zeros follow.",
            ),
        ]
        check.same(check.ask(function, image, 2, 1), _moved(image, 2, 1), "with dx=2 and dy=1", slips)
    for dx, dy in ((-3, 0), (0, -2), (0, 0), (4, -1)):
        with check(f"dx={dx}, dy={dy}"):
            check.same(check.ask(function, image, dx, dy), _moved(image, dx, dy), f"with dx={dx} and dy={dy}")
    with check("further than the image is large"):
        for dx, dy in ((7, 0), (-8, 0), (0, 6), (0, -9)):
            rule = f"with dx={dx}, dy={dy} and an image of 5 × 7"
            check.same(check.ask(function, image, dx, dy), torch.zeros_like(image), rule)
    with check("a mask"):
        mask = (image[:1] * 4).long()
        check.same(check.ask(function, mask, 1, 1), _moved(mask, 1, 1), "with an int64 mask (1, H, W)")


def cutout(function: Any) -> None:
    """Check `cutout(image, top, left, height, width)`: (C, H, W) → (C, H, W)."""
    check = ImageCheck("cutout")
    image = picture(2, 3, 6, 8)

    def wanted(top: int, left: int, height: int, width: int) -> T:
        rows, columns = torch.arange(6)[:, None], torch.arange(8)
        inside = (rows >= top) & (rows < top + height) & (columns >= left) & (columns < left + width)
        return image.masked_fill(inside, 0)

    for title, box in (
        ("a rectangle on the image", (1, 2, 3, 4)),
        ("over the end", (4, 5, 9, 9)),
        ("from before the start", (-2, -3, 4, 5)),
        ("beside the image, above", (-5, 2, 3, 3)),
        ("beside the image, to the left", (1, -7, 3, 4)),
        ("of no rows", (2, 2, 0, 3)),
    ):
        with check(title):
            said = "with top={}, left={}, height={} and width={}".format(*box)
            top, left, height, width = box
            first = torch.cat([wanted(*box)[:1], image[1:]])
            slips: Slips = [
                (partial(wanted, left, top, width, height), "Yours exchanges rows and columns."),
                (first.clone, "Yours removes it from the first channel alone. Remove it from all."),
            ]
            if min(top, left) < 0:
                onto = partial(wanted, max(top, 0), max(left, 0), height, width)
                slips.append((onto, "Yours moves the rectangle onto the image. Clip its start, and keep its end."))
            check.same(check.ask(function, image, *box), wanted(*box), said, slips)
    with check("the result is a copy"):
        check.ask(function, image, 9, 9, 2, 2).fill_(7)
        if (image == 7).any():
            check.fail("Where nothing is removed, the result must be a copy, too. Who changes yours changes the image.")


def rotate(function: Any) -> None:
    """Check `rotate(image, angle)`: (C, H, W) → (C, H, W)."""
    check = ImageCheck("rotate")
    square, wide = picture(3, 3, 7, 7), picture(4, 1, 5, 8)
    with check("by 90°, counter-clockwise"):
        slips: Slips = [
            (partial(torch.rot90, square, -1, (1, 2)), "Yours rotates clockwise."),
            (square.clone, "Yours does not rotate."),
            (partial(_turned, square, 90.0), "Yours takes the angle for radians. It comes in degrees."),
            (square.mT.contiguous, "Yours exchanges rows and columns, which is a reflection."),
            *(
                (beside, "Yours rotates about a point beside the centre. It is ((H - 1) / 2, (W - 1) / 2).")
                for beside in (
                    lambda: F.pad(torch.rot90(square, 1, (1, 2)), (0, 1, 1, 0))[:, :7, 1:],
                    lambda: F.pad(torch.rot90(square, 1, (1, 2)), (0, 0, 1, 0))[:, :7],
                )
            ),
        ]
        check.same(check.ask(function, square, 90), torch.rot90(square, 1, (1, 2)), "with 90° on a square", slips)
    with check("by 0°, 180° and 360°"):
        for angle, expected in ((0, wide), (180, wide.flip(1, 2)), (-180, wide.flip(1, 2)), (360.0, wide)):
            check.same(check.ask(function, wide, angle), expected, f"with {angle}° the result is exact")
    for height, width in ((41, 41), (31, 45)):
        _by_30_degrees(check, function, height, width)
    with check("a mask keeps its labels"):
        mask = torch.zeros(1, 15, 15, dtype=torch.int64)
        mask[:, 4:11, 4:11] = 2
        got = check.ask(function, mask, 20)
        if not isinstance(got, T) or got.dtype != torch.int64:
            check.fail("An int64 mask must stay int64, and the mask that yours returns is not.")
        if set(got.unique().tolist()) != {0, 2}:
            found = got.unique().tolist()
            check.fail(
                f"A mask with the labels 0 and 2 must keep these labels, and yours has {found}. Take the nearest."
            )


def _by_30_degrees(check: ImageCheck, function: Any, height: int, width: int) -> None:
    """Check a smooth image of this size, away from its border."""
    said = "With 30°" if height == width else f"With 30° on an image of {height} × {width}"
    title = "no holes, zeros outside, the right way" if height == width else "on an image that is not square"
    with check(f"by 30°: {title}"):
        rows, columns = torch.arange(height) - height // 2, torch.arange(width) - width // 2
        down, right = torch.meshgrid(rows, columns, indexing="ij")
        smooth = (0.5 + 0.4 * torch.sin(right / 9) * torch.cos(down / 7 + 1))[None]
        turn = torch.tensor(torch.pi / 6)
        x, y = right * turn.cos() - down * turn.sin(), right * turn.sin() + down * turn.cos()
        inside = (x.abs() < width // 2 - 2) & (y.abs() < height // 2 - 2)
        outside = (x.abs() > width // 2 + 2) | (y.abs() > height // 2 + 2)
        got = check.ask(function, smooth, 30)
        if not isinstance(got, T) or got.shape != smooth.shape:
            check.fail(f"{said} the result must have the shape {tuple(smooth.shape)} of the image.")
        expected = (0.5 + 0.4 * torch.sin(x / 9) * torch.cos(y / 7 + 1))[None]
        if got[:, outside].abs().max() > 0:
            check.fail(f"{said}, pixels that show nothing of the image must be 0. Yours are not.")
        if (got[:, inside] == 0).any():
            check.fail(f"{said}, yours has holes. Ask for each pixel of the result which pixel of the image it shows.")
        if (got - expected)[:, inside].abs().max() > 0.1:
            back = (0.5 + 0.4 * torch.sin(y / 9) * torch.cos(x / 7 + 1))[None]
            way = " Is the angle in radians?" if (got - back)[:, inside].abs().max() > 0.1 else ""
            check.fail(f"{said}, the result is wrong away from the border.{way} Compare with the formula of the text.")


def _moved(image: T, dx: int, dy: int) -> T:
    """By looking up each pixel's source in the image with zeros around it."""
    height, width = image.shape[1:]
    rows, columns = torch.arange(height)[:, None] - dy, torch.arange(width) - dx
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    return image[:, rows.clamp(0, height - 1), columns.clamp(0, width - 1)].masked_fill(~inside, 0)


def _turned(image: T, angle: float) -> T:
    """Counter-clockwise by an angle in radians, by the nearest pixel."""
    height, width = image.shape[1:]
    y, x = torch.meshgrid(torch.arange(height) - (height - 1) / 2, torch.arange(width) - (width - 1) / 2, indexing="ij")
    turn = torch.tensor(angle, dtype=torch.float64)
    rows = (x * turn.sin() + y * turn.cos() + (height - 1) / 2).round().long()
    columns = (x * turn.cos() - y * turn.sin() + (width - 1) / 2).round().long()
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    return image[:, rows.clamp(0, height - 1), columns.clamp(0, width - 1)].masked_fill(~inside, 0)
