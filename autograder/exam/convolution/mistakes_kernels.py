"""The mistakes people make when they apply a kernel to a picture; mutants have the signature of `apply_kernel`."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from autograder.exam.convolution.mistakes import IN_PLACE, misconception

Pads = tuple[int, int, int, int]


def correlate(planes: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """(C, H, W) with each channel alone, without padding."""
    return F.conv2d(planes[:, None], kernel.to(planes.dtype)[None, None])[:, 0]


def padded(pads: Callable[[int, int], Pads], mode: str = "constant") -> Callable[..., torch.Tensor]:
    """Padding by `pads(kh, kw)` = (left, right, top, bottom)."""

    def mutant(image, kernel):
        planes = image if image.dim() == 3 else image[None]
        out = correlate(F.pad(planes, pads(*kernel.shape), mode), kernel)
        return out if image.dim() == 3 else out[0]

    return mutant


def halves(kh: int, kw: int) -> Pads:
    return kw // 2, kw // 2, kh // 2, kh // 2


right = padded(halves)


def rolled(image, kernel):
    """Circular, however far the kernel reaches."""
    kh, kw = kernel.shape
    taps = [
        kernel.to(image.dtype)[u, v] * torch.roll(image, (kh // 2 - u, kw // 2 - v), (-2, -1))
        for u in range(kh)
        for v in range(kw)
    ]
    return torch.stack(taps).sum(0)


def mixed(image, kernel):
    return right(image, kernel).sum(0).expand(image.shape) if image.dim() == 3 else right(image, kernel)


def three_axes_only(image, kernel):
    if image.dim() == 2:
        raise IndexError("three axes are needed")
    return right(image, kernel)


def same_dtype_only(image, kernel):
    if image.dtype != kernel.dtype:
        raise RuntimeError("dtypes differ")
    return right(image, kernel)


def normalised(image, kernel):
    return right(image, kernel / kernel.sum())


APPLY = (
    IN_PLACE,
    misconception("flipped-kernel", lambda image, kernel: right(image, kernel.flip(0, 1))),
    misconception("transposed-kernel", lambda image, kernel: right(image, kernel.T)),
    misconception(
        "clamped",
        lambda image, kernel: right(image, kernel).clamp(0, 1),
        lambda image, kernel: right(image, kernel).clamp(min=0),
        lambda image, kernel: right(image, kernel).abs(),
    ),
    misconception("valid-size", padded(lambda kh, kw: (0, 0, 0, 0))),
    misconception("channels-mixed", mixed, lambda image, kernel: right(image, kernel).sum(-3)),
    misconception("kernel-normalised", normalised, lambda image, kernel: right(image, kernel / kernel.abs().sum())),
    misconception("wrap-around", rolled),
    misconception("padding-reflect", padded(halves, "reflect"), padded(halves, "replicate")),
    misconception("padding-ones", lambda image, kernel: right(image - 1, kernel) + kernel.to(image.dtype).sum()),
    misconception(
        "padding-one-side",
        padded(lambda kh, kw: (kw - 1, 0, kh - 1, 0)),
        padded(lambda kh, kw: (0, kw - 1, 0, kh - 1)),
    ),
    misconception("padding-swapped", padded(lambda kh, kw: (kh // 2, kh // 2, kw // 2, kw // 2))),
    misconception("square-kernel", padded(lambda kh, kw: (kh // 2,) * 4), padded(lambda kh, kw: (kw // 2,) * 4)),
    misconception(
        "plane-refused",
        three_axes_only,
        lambda image, kernel: right(image, kernel).reshape(-1, *image.shape[-2:]),
        raises=True,
    ),
    misconception("kernel-dtype", same_dtype_only, raises=True),
    misconception("float32-result", lambda image, kernel: right(image.float(), kernel)),
    misconception("precision-lost", rough=True),
)
