"""The mistakes people make in a U-Net, by the answers to uniform parameters: one piece of the network exchanged."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from autograder.exam.segmentation.networks import Levels, UNet


class SkipPooled(UNet):
    def skip(self, level: int, levels: list[Levels]) -> torch.Tensor:
        return levels[level].second if level == self.depth else self.back(self.pool(levels[level].second))

    def back(self, x: torch.Tensor) -> torch.Tensor:
        return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


class SkipPooledSmoothly(SkipPooled):
    def back(self, x: torch.Tensor) -> torch.Tensor:
        return F.interpolate(x, scale_factor=2, mode="bilinear")


class SkipPooledResized(SkipPooled):
    """The pooled skip, resized to what the decoder has."""

    def back(self, x: torch.Tensor) -> torch.Tensor:
        return x

    def crop(self, x: torch.Tensor, height: int, width: int) -> torch.Tensor:
        return F.interpolate(x, (height, width))


class SkipPooledResizedSmoothly(SkipPooledResized):
    def crop(self, x: torch.Tensor, height: int, width: int) -> torch.Tensor:
        return F.interpolate(x, (height, width), mode="bilinear")


class SkipPooledResizedCorners(SkipPooledResized):
    def crop(self, x: torch.Tensor, height: int, width: int) -> torch.Tensor:
        return F.interpolate(x, (height, width), mode="bilinear", align_corners=True)


class SkipFirst(UNet):
    def skip(self, level: int, levels: list[Levels]) -> torch.Tensor:
        return levels[level].first


class SkipFromAbove(UNet):
    """Each skip from one level up, made small by pooling, with its channels repeated or projected to the same sum."""

    def skip(self, level: int, levels: list[Levels]) -> torch.Tensor:
        return self.pool(levels[max(level - 1, 0)].second) if level else levels[0].second


class SkipFromBelow(UNet):
    def skip(self, level: int, levels: list[Levels]) -> torch.Tensor:
        return levels[level + 1].second.repeat_interleave(2, 2).repeat_interleave(2, 3)


class SkipOnlyItself(UNet):
    """The decoder's map twice, in place of the skip."""

    def join(self, skip: torch.Tensor, x: torch.Tensor, width: int) -> torch.Tensor:
        return 2 * width * x


class SkipOnlyZeros(UNet):
    def join(self, skip: torch.Tensor, x: torch.Tensor, width: int) -> torch.Tensor:
        return width * x


class SkipAlone(UNet):
    def join(self, skip: torch.Tensor, x: torch.Tensor, width: int) -> torch.Tensor:
        return 2 * width * self.crop(skip, *x.shape[2:])


class CropCorner(UNet):
    def crop(self, x: torch.Tensor, height: int, width: int) -> torch.Tensor:
        return x[..., :height, :width]


class CropFarCorner(UNet):
    def crop(self, x: torch.Tensor, height: int, width: int) -> torch.Tensor:
        return x[..., -height:, -width:]


class CropBefore(UNet):
    """One pixel too far up and left."""

    by = -1

    def crop(self, x: torch.Tensor, height: int, width: int) -> torch.Tensor:
        top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
        top, left = max(0, top + self.by * (top > 0)), max(0, left + self.by * (left > 0))
        return x[..., top : top + height, left : left + width]


class CropBehind(CropBefore):
    by = 1


class SkipResized(UNet):
    def crop(self, x: torch.Tensor, height: int, width: int) -> torch.Tensor:
        return F.interpolate(x, (height, width))


class SkipResizedSmoothly(UNet):
    def crop(self, x: torch.Tensor, height: int, width: int) -> torch.Tensor:
        return F.interpolate(x, (height, width), mode="bilinear")


class SkipResizedCorners(UNet):
    def crop(self, x: torch.Tensor, height: int, width: int) -> torch.Tensor:
        return F.interpolate(x, (height, width), mode="bilinear", align_corners=True)


class SkipAveraged(UNet):
    def crop(self, x: torch.Tensor, height: int, width: int) -> torch.Tensor:
        return F.adaptive_avg_pool2d(x, (height, width))


class MeanPooling(UNet):
    def pool(self, x: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(x, 2)


class NoPooling(UNet):
    """One pixel of each cell."""

    def pool(self, x: torch.Tensor) -> torch.Tensor:
        return x[..., ::2, ::2]


class WideConvolution(UNet):
    """A 2×2 convolution over a map made large by repetition: as many parameters as the transposed one."""

    def enlarge(self, x: torch.Tensor, width: int) -> torch.Tensor:
        doubled = F.pad(self.doubled(x), (0, 1, 0, 1))
        box = F.conv2d(doubled, torch.ones(1, 1, 2, 2))
        return 2 * width * self.constant(8 * width * width) * box + self.constant(width)

    def doubled(self, x: torch.Tensor) -> torch.Tensor:
        return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


class WideConvolutionSmoothly(WideConvolution):
    def doubled(self, x: torch.Tensor) -> torch.Tensor:
        return F.interpolate(x, scale_factor=2, mode="bilinear")


class Bordered(UNet):
    """Another border than zeros."""

    mode = "replicate"

    def convolve(self, total: torch.Tensor, inputs: int, outputs: int) -> torch.Tensor:
        if self.padding != "same":
            return super().convolve(total, inputs, outputs)
        box = F.conv2d(F.pad(total, (1, 1, 1, 1), mode=self.mode), torch.ones(1, 1, 3, 3))
        return torch.relu(self.constant(9 * inputs * outputs) * box + self.constant(outputs))


class BorderedReflected(Bordered):
    mode = "reflect"


class BorderedCircular(Bordered):
    mode = "circular"


class PaddedFirst(UNet):
    """ "same" as "valid" on a picture that was made larger once, at the start."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if self.padding != "same":
            return super().__call__(x)
        valid = UNet(self.in_channels, self.classes, self.base, self.depth, "valid", self.constant)
        margin = self.margin()
        return valid(F.pad(x, (margin,) * 4))

    def margin(self) -> int:
        lost = 4
        for _ in range(self.depth):
            lost = 2 * lost + 8
        return lost // 2


MUTANTS: tuple[tuple[str, type[UNet]], ...] = (
    ("unet-skip-pooled", SkipPooled),
    ("unet-skip-pooled", SkipPooledSmoothly),
    ("unet-skip-pooled", SkipPooledResized),
    ("unet-skip-pooled", SkipPooledResizedSmoothly),
    ("unet-skip-pooled", SkipPooledResizedCorners),
    ("unet-skip-first-convolution", SkipFirst),
    ("unet-crop", CropCorner),
    ("unet-crop", CropFarCorner),
    ("unet-crop", CropBefore),
    ("unet-crop", CropBehind),
    ("unet-skip-resized", SkipResized),
    ("unet-skip-resized", SkipResizedSmoothly),
    ("unet-skip-resized", SkipResizedCorners),
    ("unet-skip-resized", SkipAveraged),
    ("unet-skip-missing", SkipOnlyItself),
    ("unet-skip-missing", SkipOnlyZeros),
    ("unet-skip-missing", SkipAlone),
    ("unet-skip-level", SkipFromAbove),
    ("unet-skip-level", SkipFromBelow),
    ("unet-mean-pooling", MeanPooling),
    ("unet-mean-pooling", NoPooling),
    ("unet-upsampled", WideConvolution),
    ("unet-upsampled", WideConvolutionSmoothly),
    ("unet-same-border", Bordered),
    ("unet-same-border", BorderedReflected),
    ("unet-same-border", BorderedCircular),
    ("unet-same-border", PaddedFirst),
)


def at_level(kind: type[UNet], only: int) -> type[UNet]:
    """The mistake in one level's skip alone."""

    class Once(kind):  # type: ignore[misc, valid-type]
        def skip(self, level: int, levels: list[Levels]) -> torch.Tensor:
            self.piece = kind if level == only else UNet
            return self.piece.skip(self, level, levels)

        def join(self, skip: torch.Tensor, x: torch.Tensor, width: int) -> torch.Tensor:
            return self.piece.join(self, skip, x, width)

        def crop(self, x: torch.Tensor, height: int, width: int) -> torch.Tensor:
            return self.piece.crop(self, x, height, width)

    return Once


def explained(
    got: torch.Tensor,
    right: UNet,
    x: torch.Tensor,
    same: Callable[..., bool],
    mutants: tuple[tuple[str, type[UNet]], ...] = MUTANTS,
) -> str | None:
    """The first mistake whose network, made like `right`, gives this answer; at all levels, then at one level alone."""
    alone = [(id, kind) for id, kind in mutants if "skip" in id or "crop" in id]
    tried = [*mutants, *((id, at_level(kind, level)) for id, kind in alone for level in range(right.depth))]
    for id, kind in tried:
        try:
            answer = kind(**vars(right))(x)
        except RuntimeError:  # a mistake that cannot be made with these sizes
            continue
        if same(got, answer):
            return id
    return None
