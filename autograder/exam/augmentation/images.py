"""Images and masks for the cases of assignment 04, and what its functions share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from autograder.exam.cases import Case, Cases
from autograder.exam.draw import Draw
from autograder.exam.mistakes import Function, Misconception, misconception, with_result

T = torch.Tensor
Shape = tuple[int, ...]  # (C, H, W)


def images(shapes: Sequence[Shape], *settings: dict[str, Any], about: str = "") -> Cases:
    """Images in 0…1 of these shapes, each with each of these arguments, by name."""
    return lambda draw: [
        Case((draw.uniform(*shape),), dict(given), about) for shape in shapes for given in settings or ({},)
    ]


def labels(draw: Draw, *shape: int) -> T:
    """A mask: int64 labels from 0 to 4."""
    return draw.integers(0, 5, *shape)


def places(shape: Shape) -> tuple[T, T]:
    """Of each pixel the row (H, 1) and the column (W,)."""
    return torch.arange(shape[-2])[:, None], torch.arange(shape[-1])


def looked_up(image: T, rows: T, columns: T) -> T:
    """The image at these rows and columns, which broadcast, and 0 outside."""
    height, width = image.shape[-2:]
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    return image[..., rows.clamp(0, height - 1), columns.clamp(0, width - 1)].masked_fill(~inside, 0)


def mask_mistake(reference: Function) -> Misconception:
    """An int64 mask comes back as floating-point numbers."""
    return misconception("mask-float", with_result(reference, lambda got: got.float()))
