"""The mistakes people make in a U-Net, by the answers to uniform parameters: one piece of the network exchanged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from autograder.exam.networks import close
from autograder.exam.segmentation.closed_form import Levels, UniformUNet

T = torch.Tensor
Kind = type[UniformUNet]
SMOOTHLY = {"mode": "bilinear"}
CORNERS = {"mode": "bilinear", "align_corners": True}


def exchanged(kind: Kind = UniformUNet, **pieces: Any) -> Kind:
    """The network with other pieces, methods by the names of `UniformUNet`'s."""
    return type("Exchanged", (kind,), pieces)


def doubled(x: T) -> T:
    """Every pixel as a block of four."""
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def doubled_smoothly(x: T) -> T:
    """The same size, interpolated."""
    return F.interpolate(x, scale_factor=2, mode="bilinear")


def pooled(back: Callable[[T], T], **more: Any) -> Kind:
    """Skips from after pooling, brought back to their size; the deepest level has no pooling."""

    def skip(self, level: int, levels: list[Levels]) -> T:
        return levels[level].second if level == self.depth else back(self.pool(levels[level].second))

    return exchanged(skip=skip, **more)


def resized(**how: Any) -> Callable[..., T]:
    """In place of the crop: resized to the decoder's size."""
    return lambda self, x, height, width: F.interpolate(x, (height, width), **how)


def from_above(self, level: int, levels: list[Levels]) -> T:
    """Each skip from one level up, made small by pooling, with its channels repeated or projected to the same sum."""
    return self.pool(levels[max(level - 1, 0)].second) if level else levels[0].second


def off_centre(by: int) -> Callable[..., T]:
    """A crop so many pixels too far down and right, where there is room."""

    def crop(self, x: T, height: int, width: int) -> T:
        top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
        top, left = max(0, top + by * (top > 0)), max(0, left + by * (left > 0))
        return x[..., top : top + height, left : left + width]

    return crop


def wide_convolution(enlarge: Callable[[T], T]) -> Callable[..., T]:
    """A 2×2 convolution over an enlarged map: as many parameters as the transposed one."""

    def upconv(self, x: T, width: int) -> T:
        box = F.conv2d(F.pad(enlarge(x), (0, 1, 0, 1)), torch.ones(1, 1, 2, 2))
        return 2 * width * self.constant(8 * width * width) * box + self.constant(width)

    return upconv


def bordered(mode: str) -> Callable[..., T]:
    """A convolution with another border than zeros."""

    def convolution(self, total: T, inputs: int, outputs: int) -> T:
        if self.padding != "same":
            return UniformUNet.convolution(self, total, inputs, outputs)
        box = F.conv2d(F.pad(total, (1, 1, 1, 1), mode=mode), torch.ones(1, 1, 3, 3))
        return torch.relu(self.constant(9 * inputs * outputs) * box + self.constant(outputs))

    return convolution


class PaddedFirst(UniformUNet):
    """ "same" as "valid" on a picture that was made larger once, at the start."""

    def __call__(self, x: T) -> T:
        if self.padding != "same":
            return super().__call__(x)
        valid = UniformUNet(self.in_channels, self.classes, self.base, self.depth, "valid", self.constant)
        lost = 4
        for _ in range(self.depth):
            lost = 2 * lost + 8
        return valid(F.pad(x, (lost // 2,) * 4))


MUTANTS: tuple[tuple[str, Kind], ...] = (
    ("unet-skip-pooled", pooled(doubled)),
    ("unet-skip-pooled", pooled(doubled_smoothly)),
    ("unet-skip-pooled", pooled(lambda x: x, crop=resized())),
    ("unet-skip-pooled", pooled(lambda x: x, crop=resized(**SMOOTHLY))),
    ("unet-skip-pooled", pooled(lambda x: x, crop=resized(**CORNERS))),
    ("unet-skip-first-convolution", exchanged(skip=lambda self, level, levels: levels[level].first)),
    ("unet-crop", exchanged(crop=lambda self, x, height, width: x[..., :height, :width])),
    ("unet-crop", exchanged(crop=lambda self, x, height, width: x[..., -height:, -width:])),
    ("unet-crop", exchanged(crop=off_centre(-1))),
    ("unet-crop", exchanged(crop=off_centre(1))),
    ("unet-skip-resized", exchanged(crop=resized())),
    ("unet-skip-resized", exchanged(crop=resized(**SMOOTHLY))),
    ("unet-skip-resized", exchanged(crop=resized(**CORNERS))),
    ("unet-skip-resized", exchanged(crop=lambda self, x, h, w: F.adaptive_avg_pool2d(x, (h, w)))),
    # The decoder's map twice, or zeros, in place of the skip; the skip in place of the decoder's map.
    ("unet-skip-missing", exchanged(concatenate=lambda self, skip, x, width: 2 * width * x)),
    ("unet-skip-missing", exchanged(concatenate=lambda self, skip, x, width: width * x)),
    (
        "unet-skip-missing",
        exchanged(concatenate=lambda self, skip, x, width: 2 * width * self.crop(skip, *x.shape[2:])),
    ),
    ("unet-skip-level", exchanged(skip=from_above)),
    ("unet-skip-level", exchanged(skip=lambda self, level, levels: doubled(levels[level + 1].second))),
    ("unet-mean-pooling", exchanged(pool=lambda self, x: F.avg_pool2d(x, 2))),
    ("unet-mean-pooling", exchanged(pool=lambda self, x: x[..., ::2, ::2])),
    ("unet-upsampled", exchanged(upconv=wide_convolution(doubled))),
    ("unet-upsampled", exchanged(upconv=wide_convolution(doubled_smoothly))),
    *(("unet-same-border", exchanged(convolution=bordered(mode))) for mode in ("replicate", "reflect", "circular")),
    ("unet-same-border", PaddedFirst),
)


def at_level(kind: Kind, only: int) -> Kind:
    """The mistake in one level's skip alone."""

    class Once(kind):  # type: ignore[misc, valid-type]
        def skip(self, level: int, levels: list[Levels]) -> T:
            self.piece = kind if level == only else UniformUNet
            return self.piece.skip(self, level, levels)

        def concatenate(self, skip: T, x: T, width: int) -> T:
            return self.piece.concatenate(self, skip, x, width)

        def crop(self, x: T, height: int, width: int) -> T:
            return self.piece.crop(self, x, height, width)

    return Once


def explained(got: T, right: UniformUNet, x: T, mutants: tuple[tuple[str, Kind], ...] = MUTANTS) -> str | None:
    """The first mistake whose network, made like `right`, gives this answer; at all levels, then at one level alone."""
    alone = [(id, kind) for id, kind in mutants if "skip" in id or "crop" in id]
    tried = [*mutants, *((id, at_level(kind, level)) for id, kind in alone for level in range(right.depth))]
    for id, kind in tried:
        try:
            answer = kind(**vars(right))(x)
        except RuntimeError:  # a mistake that cannot be made with these sizes
            continue
        if close(got, answer):
            return id
    return None
