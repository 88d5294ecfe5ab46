"""Visible checks of `KERNELS` and `apply_kernel`."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from convcourse.checks.convolution.forbidden import CONVOLUTIONS
from convcourse.checks.core import Check, article, numbers, on_plain_torch

NAMES = (
    *("identity", "edge1", "edge2", "edge3", "sharpen"),
    *("box_blur", "gaussian_blur", "sobel_x", "sobel_y"),
)


def KERNELS(table: Any) -> None:
    """Check the dict of nine kernels, names to float32 tensors (3, 3)."""
    check = Check("KERNELS")
    if not isinstance(table, dict):
        check.fail(f"It must be a dict from names to tensors. Yours is {article(type(table).__name__)}.")
    with check("nine names, each a float32 tensor of 3×3"):
        if missing := [name for name in NAMES if name not in table]:
            check.fail(f"These names are missing: {', '.join(missing)}.")
        for name in NAMES:
            kernel = table[name]
            if not isinstance(kernel, torch.Tensor) or tuple(kernel.shape) != (3, 3):
                shape = tuple(kernel.shape) if isinstance(kernel, torch.Tensor) else type(kernel).__name__
                check.fail(f"`{name}` must be a tensor of shape (3, 3). Yours is {shape}.")
            if kernel.dtype != torch.float32:
                check.fail(f"`{name}` must be float32, and yours is {kernel.dtype}. Write 1.0, or dtype=torch.float32.")
    with check("on a uniform image the blurs give 1, the edge kernels 0"):
        for name in NAMES:
            total, wanted = table[name].sum().item(), float("edge" not in name and "sobel" not in name)
            if abs(total - wanted) > 1e-5:
                check.fail(f"The entries of `{name}` must sum to {wanted:g}, and yours sum to {total:g}.")
    with check("sobel_x responds to a vertical edge, sobel_y to a horizontal one"):
        ramp = torch.tensor([0.0, 0.0, 1.0]).expand(3, 3)
        for name, window, where in (("sobel_x", ramp, "on its right"), ("sobel_y", ramp.mT.flip(0), "at the top")):
            answer = (table[name] * window).sum().item()
            if answer <= 0:
                check.fail(f"`{name}` must be positive where the image is brighter {where}. Yours gives {answer:g}.")


@on_plain_torch
def apply_kernel(function: Any) -> None:
    """Check `apply_kernel(image, kernel)`: image (C, H, W) or (H, W), kernel (kH, kW) → the image's shape."""
    check = Check("apply_kernel", CONVOLUTIONS)
    image = numbers(20, 3, 6, 8).sigmoid()
    kernel = numbers(21, 3, 3)
    with check("the middle of an image, each channel by itself"):
        expected = F.conv2d(image[:, None], kernel[None, None], padding=1)[:, 0]
        got = check.ask(function, image, kernel)
        rule = "each channel is filtered by itself, with zeros around it"
        if isinstance(got, torch.Tensor) and got.shape == expected.shape:
            slips = [
                (lambda: _inside(expected.sum(0).expand(3, -1, -1)), "Yours adds the channels."),
                (lambda: _inside(expected.clamp(0, 1)), "Yours clamps the values to 0…1. Leave them as they are."),
                (lambda: _inside(_apply(image, kernel.flip(0, 1))), "Yours flips the kernel along both axes."),
            ]
            check.same(_inside(got), _inside(expected), rule, slips)
        check.same(got, expected, f"{rule} (the middle is right, the border is not)" if _is(got, expected) else rule)
    with check("an image whose channels are last in memory"):
        last = image.permute(1, 2, 0).contiguous().permute(2, 0, 1)
        check.same(
            check.ask(function, last, kernel), _apply(image, kernel), "with the same image, channels-last in memory"
        )
    with check("a grey image (H, W), and a kernel that is not square"):
        kernel = numbers(22, 1, 5)
        expected = _apply(image[:1], kernel)[0]
        check.same(check.ask(function, image[0], kernel), expected, "with an image (H, W) and a kernel of 1×5")
    with check("a float64 image"):
        given = image.double(), numbers(23, 3, 3)
        expected = _apply(given[0], given[1].double())
        check.same(check.ask(function, *given), expected, "with a float64 image and a float32 kernel")


def _inside(picture: torch.Tensor) -> torch.Tensor:
    return picture[..., 1:-1, 1:-1]


def _is(got: Any, expected: torch.Tensor) -> bool:
    return isinstance(got, torch.Tensor) and got.shape == expected.shape


def _apply(image: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """PyTorch's answer, for a picture (C, H, W)."""
    size = kernel.shape[0] // 2, kernel.shape[1] // 2
    return F.conv2d(image[:, None], kernel[None, None], padding=size)[:, 0]
