"""Dataclasses with type hints, coordinates that broadcast, a helper for each idea, protocols for what is called.

names: shift, cutout, rotate, adjust_contrast, gaussian_blur, gaussian_noise, replace_background, Compose, RandomApply, SegmentationTransform, SegmentationDataset, cutmix, answer_1, answer_2, answer_3
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.utils.data import Dataset

Transform: TypeAlias = Callable[[Tensor], Tensor]


class Answer(StrEnum):
    A, B, C, D = "A", "B", "C", "D"


class Size(NamedTuple):
    height: int
    width: int

    @classmethod
    def of(cls, image: Tensor) -> Size:
        *_, height, width = image.size()
        return cls(height, width)

    @property
    def centre(self) -> tuple[float, float]:
        return (self.height - 1) / 2, (self.width - 1) / 2

    def grid(self) -> tuple[Tensor, Tensor]:
        """Rows and columns of all pixels, each (H, W)."""
        rows, columns = torch.meshgrid(torch.arange(self.height), torch.arange(self.width), indexing="ij")
        return rows, columns

    def contains(self, rows: Tensor, columns: Tensor) -> Tensor:
        return (0 <= rows) & (rows < self.height) & (0 <= columns) & (columns < self.width)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on an image, clipped."""

    top: int
    left: int
    height: int
    width: int

    def slices(self) -> tuple[slice, slice]:
        first_row, first_column = max(self.top, 0), max(self.left, 0)
        last_row, last_column = self.top + self.height, self.left + self.width
        return slice(first_row, max(last_row, first_row)), slice(first_column, max(last_column, first_column))


def sample(image: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """The pixels at these positions, 0 where there is none."""
    size = Size.of(image)
    there = size.contains(rows, columns)
    picked = image[:, torch.where(there, rows, 0), torch.where(there, columns, 0)]
    return torch.where(there, picked, torch.zeros_like(picked))


def shift(image: Tensor, dx: int, dy: int) -> Tensor:
    rows, columns = Size.of(image).grid()
    return sample(image, rows - dy, columns - dx)


def cutout(image: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    result = image.detach().clone(memory_format=torch.contiguous_format)
    result[(slice(None), *Box(top, left, height, width).slices())] = 0
    return result


def rotate(image: Tensor, angle: float) -> Tensor:
    size = Size.of(image)
    (y0, x0), (rows, columns) = size.centre, size.grid()
    turn = torch.deg2rad(torch.tensor(float(angle), dtype=torch.float64))
    down, right = rows - y0, columns - x0
    x = right * turn.cos() - down * turn.sin() + x0
    y = right * turn.sin() + down * turn.cos() + y0
    return sample(image, torch.round(y, decimals=6).add(0.5).floor().long(), torch.round(x, decimals=6).add(0.5).floor().long())


def grey(image: Tensor) -> Tensor:
    match image.shape[0]:
        case 1:
            return image[0]
        case 3:
            return torch.einsum("c,chw->hw", torch.tensor([0.2989, 0.587, 0.114]), image)
        case channels:
            raise ValueError(f"{channels} channels, but images have one or three")


def adjust_contrast(image: Tensor, factor: float) -> Tensor:
    mean = grey(image).mean(dtype=torch.float64)
    return image.double().sub(mean).mul(factor).add(mean).clip(min=0, max=1).to(image.dtype)


def window(size: int, sigma: float) -> Tensor:
    """Weights (size,) which sum to 1."""
    distance = torch.arange(size) - size // 2
    return torch.softmax(-(distance**2) / (2 * sigma**2), 0)


def blurred_rows(planes: Tensor, weights: Tensor) -> Tensor:
    """(C, H, W) with each row blurred."""
    m = len(weights) // 2
    padded = torch.nn.functional.pad(planes, (m, m), mode="reflect")
    return padded.unfold(-1, len(weights), 1) @ weights


def gaussian_blur(image: Tensor, kernel_size: int, sigma: float) -> Tensor:
    weights = window(kernel_size, sigma)
    return blurred_rows(blurred_rows(image, weights).mT, weights).mT


def gaussian_noise(image: Tensor, sigma: float, generator: torch.Generator) -> Tensor:
    noise = torch.empty_like(image, memory_format=torch.contiguous_format).normal_(generator=generator)
    return torch.addcmul(image, noise, torch.tensor(float(sigma))).clamp(0.0, 1.0)


def replace_background(image: Tensor, mask: Tensor, background: Tensor) -> Tensor:
    result = background.clone()
    return result.masked_scatter_(mask.bool(), image[:, mask.bool()])


answer_1 = Answer.C


@dataclass
class Compose:
    transforms: Sequence[Transform]

    def __call__(self, image: Tensor) -> Tensor:
        result = image
        for transform in self.transforms:
            result = transform(result)
        return result


@dataclass
class RandomApply:
    transform: Transform
    p: float = 0.5

    def __call__(self, image: Tensor) -> Tensor:
        applied = torch.bernoulli(torch.tensor(float(self.p)))
        return self.transform(image) if applied else image


answer_2 = round(3200 * 0.5**5)


class Pair(NamedTuple):
    image: Tensor
    mask: Tensor


@dataclass(eq=False, repr=False)
class SegmentationTransform:
    geometric: list[Transform]
    photometric: list[Transform]

    def __post_init__(self) -> None:
        self._moved, self._changed = Compose(self.geometric), Compose(self.photometric)

    def __call__(self, image: Tensor, mask: Tensor) -> Pair:
        with torch.random.fork_rng(devices=[]):
            moved_mask = self._moved(mask.unsqueeze(0)).squeeze(0)
        return Pair(self._changed(self._moved(image)), moved_mask)


answer_3 = Answer.B


@dataclass
class SegmentationDataset(Dataset):
    images_dir: str | os.PathLike
    masks_dir: str | os.PathLike
    transform: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None = None
    _: KW_ONLY
    pairs: list[tuple[Path, Path]] = field(init=False)

    def __post_init__(self) -> None:
        images, masks = self.files(self.images_dir), self.files(self.masks_dir)
        if alone := {*images}.symmetric_difference(masks):
            raise ValueError(f"{len(alone)} files have no partner: {sorted(alone)}")
        self.pairs = [(images[stem], masks[stem]) for stem in sorted(images)]

    @staticmethod
    def files(folder: str | os.PathLike) -> dict[str, Path]:
        return {path.stem: path for path in Path(folder).glob("*.*")}

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Pair:
        image_path, mask_path = self.pairs[index]
        with Image.open(image_path) as picture, Image.open(mask_path) as labels:
            pixels = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"), dtype=np.float32) / 255
            pair = Pair(torch.tensor(pixels).permute(2, 0, 1), torch.tensor(np.asarray(labels), dtype=torch.int64))
        return pair if self.transform is None else self.transform(*pair)


def cutmix(
    images: Tensor, labels: Tensor, order: Tensor, top: int, left: int, height: int, width: int
) -> tuple[Tensor, Tensor]:
    inside = torch.zeros(images.shape[-2:], dtype=torch.bool)
    inside[Box(top, left, height, width).slices()] = True
    own = 1 - inside.float().mean()
    return torch.where(inside, images[order], images), torch.lerp(labels[order], labels, own)
