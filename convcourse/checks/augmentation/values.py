"""Visible checks of `adjust_contrast`, `gaussian_blur`, `gaussian_noise` and `replace_background`."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from convcourse.checks.augmentation.forbidden import ImageCheck, picture
from convcourse.checks.core import Slips

T = torch.Tensor
LUMA = (0.2989, 0.587, 0.114)


def adjust_contrast(function: Any) -> None:
    """Check `adjust_contrast(image, factor)`: (C, H, W) → (C, H, W)."""
    check = ImageCheck("adjust_contrast")
    image = picture(1, 3, 6, 5) * torch.tensor([0.9, 0.5, 0.2])[:, None, None]

    def around(mean: T, factor: float, image: T = image) -> T:
        return (mean + factor * (image - mean)).clamp(0, 1)

    mean = sum(share * plane.mean() for share, plane in zip(LUMA, image))
    swapped = sum(share * plane.mean() for share, plane in zip(LUMA[::-1], image))
    own = sum(share * plane for share, plane in zip(LUMA, image))
    assert isinstance(mean, T) and isinstance(swapped, T) and isinstance(own, T)
    for factor in (0.5, 0, 1, 3.0):
        with check(f"factor {factor}"):
            slips: Slips = [
                (partial(around, image.mean(), factor), "Yours takes the mean of all numbers. Take the grey image's."),
                (partial(around, image.mean((1, 2), keepdim=True), factor), "Yours has a mean for each channel."),
                ((mean + factor * (image - mean)).clone, "Yours is not clamped to 0…1."),
                (
                    partial((mean + factor * (image - mean)).clamp, max=1),
                    "Yours is clamped at 1 only. Clamp at 0, too.",
                ),
                (
                    partial((mean + factor * (image - mean)).clamp, min=0),
                    "Yours is clamped at 0 only. Clamp at 1, too.",
                ),
                (partial(around, own, factor), "Yours moves each pixel towards its own grey value. Take one mean."),
                (partial(around, swapped, factor), "Yours exchanges the weights of red and blue."),
                (partial(around, torch.tensor(0.0), factor), "Yours changes the brightness. Keep the mean."),
                (partial(around, torch.tensor(0.5), factor), "Yours moves pixels towards 0.5. Take the grey mean."),
            ]
            got = check.ask(function, image, factor)
            expected = around(mean, factor)
            if isinstance(got, T) and got.shape == expected.shape and (got - expected).abs().max() < 1e-3:
                continue
            check.same(got, expected, f"with the factor {factor}", slips)
    with check("an image of one channel"):
        grey = picture(2, 1, 4, 4)
        got = check.ask(function, grey, 0.5)
        check.same(got, around(grey.mean(), 0.5, grey), "with one channel, which is the grey image itself")


def gaussian_blur(function: Any) -> None:
    """Check `gaussian_blur(image, kernel_size, sigma)`: (C, H, W) → (C, H, W)."""
    check = ImageCheck("gaussian_blur")

    def blurred(image: T, kernel_size: int, sigma: float, mode: str = "reflect", scale: float = 1.0) -> T:
        m = kernel_size // 2
        weights = torch.exp(-(torch.arange(-m, m + 1.0) ** 2) / (2 * sigma**2) * scale)
        weights /= weights.sum()
        planes = F.pad(image[:, None], (m, m, m, m), mode=mode)
        return F.conv2d(F.conv2d(planes, weights[None, None, None]), weights[None, None, :, None])[:, 0]

    image = picture(3, 3, 9, 8)
    with check("the middle of the image"):
        point = torch.zeros(1, 11, 11)
        point[:, 5, 5] = 1
        slips: Slips = [
            (partial(blurred, point, 5, 1.2, scale=2.0), "In yours the 2 of 2σ² is missing."),
            (partial(blurred, point, 5, 1.2**0.5), "In yours σ is not squared."),
            (lambda: blurred(point, 5, 1.2) * 2, "The weights of the window must have the sum 1."),
            *(
                (partial(blurred, point, other, 1.2), "Your window has another size than kernel_size.")
                for other in (3, 7, 9, 11)
            ),
        ]
        got = check.ask(function, point, 5, 1.2)
        if isinstance(got, T) and got.shape == point.shape and abs(float(got.sum()) - 1) > 1e-4:
            check.fail(f"The weights of the window must have the sum 1, and yours have {got.sum():.4g}.")
        check.same(got, blurred(point, 5, 1.2), "with one bright pixel, kernel_size=5 and sigma=1.2", slips)
    for kernel_size, sigma in ((3, 0.8), (7, 2), (1, 1.0)):
        with check(f"kernel_size={kernel_size}, sigma={sigma}, with borders"):
            more: Slips = [
                (partial(blurred, image, kernel_size, sigma, "constant"), "Outside of yours is 0. Reflect the image."),
                (
                    partial(blurred, image, kernel_size, sigma, "replicate"),
                    "Yours repeats the edge. Reflect the image.",
                ),
                (partial(blurred, image, kernel_size, sigma, "circular"), "Yours goes on at the other side. Reflect."),
            ]
            said = f"with kernel_size={kernel_size} and sigma={sigma}"
            check.same(check.ask(function, image, kernel_size, sigma), blurred(image, kernel_size, sigma), said, more)
    with check("a tensor that is not contiguous"):
        across = image.mT.contiguous().mT
        check.same(
            check.ask(function, across, 3, 1.0), blurred(image, 3, 1.0), "with the same numbers, transposed in memory"
        )


def gaussian_noise(function: Any) -> None:
    """Check `gaussian_noise(image, sigma, generator)`: (C, H, W) → (C, H, W)."""
    check = ImageCheck("gaussian_noise")
    grey, sigma = torch.full((3, 40, 50), 0.5), 0.1
    with check("normal noise of the right strength"):
        got = check.ask(function, grey, sigma, torch.Generator().manual_seed(0))
        if not isinstance(got, T) or got.shape != grey.shape or got.dtype != torch.float32:
            check.fail("The result must be a float32 tensor of the image's shape.")
        noise = got - grey
        if abs(noise.std().item() - sigma**2) < sigma / 30:
            check.fail("The standard deviation of your noise is sigma². It must be sigma.")
        if abs(noise.mean()) > 0.01 or abs(noise.std() - sigma) > 0.01:
            told = f"the mean {noise.mean():.3f} and the standard deviation {noise.std():.3f}"
            check.fail(f"With sigma=0.1 the noise must have mean 0 and standard deviation 0.1. Yours has {told}.")
        if noise.abs().max() < 2.2 * sigma:
            check.fail("The noise is never larger than 2.2 sigma, so it is not normal. Use `torch.randn`.")
    with check("new for each pixel and channel"):
        if torch.equal(noise[0], noise[1]):
            check.fail("All channels have the same noise. Draw numbers of the image's whole shape.")
    with check("from the generator alone"):
        state = torch.get_rng_state()
        generator = torch.Generator().manual_seed(1)
        first, second = (check.ask(function, grey, sigma, generator) for _ in range(2))
        again = check.ask(function, grey, sigma, torch.Generator().manual_seed(1))
        if not torch.equal(torch.get_rng_state(), state):
            check.fail("Yours draws from the global generator. Give `generator=generator` to the function that draws.")
        if not torch.equal(first, again):
            check.fail("Two generators with one seed give different noise. Draw from `generator` alone.")
        if torch.equal(first, second):
            check.fail("A second call with the same generator repeats the noise. Do not seed it anew.")
    with check("clamped to 0…1, and nothing with sigma=0"):
        image = picture(4, 1, 20, 20)
        got = check.ask(function, image, 2.0, torch.Generator().manual_seed(2))
        if got.min() < 0 or got.max() > 1:
            check.fail(f"The result must be clamped to 0…1. Yours goes from {got.min():.2g} to {got.max():.2g}.")
        check.same(check.ask(function, image, 0, torch.Generator()), image, "with sigma=0")


def replace_background(function: Any) -> None:
    """Check `replace_background(image, mask, background)`: (C, H, W) → (C, H, W)."""
    check = ImageCheck("replace_background")
    for channels in (3, 1):
        with check(f"{channels} {'channels' if channels > 1 else 'channel'}"):
            image, background = picture(5, channels, 4, 6), picture(6, channels, 4, 6)
            mask = (picture(7, 4, 6) > 0.5).long()
            expected = mask * image + (1 - mask) * background
            slips: Slips = [
                (lambda: (1 - mask) * image + mask * background, "Yours keeps the image where the mask is 0."),  # noqa: B023
                (lambda: mask * image, "Yours leaves out the background."),  # noqa: B023
                (lambda: mask * image + background, "Yours adds the background to the object as well."),  # noqa: B023
            ]
            check.same(
                check.ask(function, image, mask, background), expected, "where the mask is 1 the image is kept", slips
            )
