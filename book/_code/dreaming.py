"""Chapter 5's feature visualisation: an image that makes a number of a network large, by gradient ascent."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

from _code import records
from convcourse.pretrained import EfficientNetLite0

Goal = Callable[[torch.Tensor], torch.Tensor]
CHANNELS = {"stage 2": (2, 12), "stage 3": (3, 20), "stage 4": (4, 60)}  # after how many stages, which channel


def frequencies(side: int) -> torch.Tensor:
    """The frequency of each entry of `torch.fft.rfft2`, in cycles per pixel, at least one cycle per image."""
    along, across = torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)[None]
    return (along.square() + across.square()).sqrt().clamp(min=1 / side)


class Pixels(nn.Module):
    """An image that is learned pixel by pixel, grey at first with a little noise."""

    def __init__(self, side: int):
        super().__init__()
        self.numbers = nn.Parameter(0.05 * torch.randn(1, 3, side, side))

    def forward(self) -> torch.Tensor:
        """The image (1, 3, side, side) in 0…1."""
        return self.numbers.sigmoid()


class Waves(nn.Module):
    """An image that is learned as a sum of waves. Steps along low frequencies are as much larger as these are lower,
    as in photographs (Olah and others, 2017)."""

    def __init__(self, side: int):
        super().__init__()
        self.side, self.scale = side, 1 / frequencies(side)
        self.numbers = nn.Parameter(0.05 * torch.randn(1, 3, *self.scale.shape, 2))

    def forward(self) -> torch.Tensor:
        """The image (1, 3, side, side) in 0…1."""
        waves = torch.view_as_complex(self.numbers) * self.scale
        return (torch.fft.irfft2(waves, s=(self.side, self.side), norm="ortho") / 4).sigmoid()


def moved(image: torch.Tensor, by: int = 8) -> torch.Tensor:
    """The image shifted by up to `by` pixels and scaled by up to a tenth, at random."""
    side = image.shape[-1]
    down, right = torch.randint(-by, by + 1, (2,)).tolist()
    scale = 0.9 + 0.2 * torch.rand(()).item()
    grown = F.interpolate(image, scale_factor=scale, mode="bilinear", align_corners=False)
    return torch.roll(grown, (down, right), (2, 3))[..., :side, :side]


def roughness(image: torch.Tensor) -> torch.Tensor:
    """Total variation: the mean absolute difference of neighbours."""
    return (image.diff(dim=2).abs().mean() + image.diff(dim=3).abs().mean()) / 2


def ascend(
    goal: Goal, image: nn.Module, steps: int, rate: float, seed: int = 0, move: bool = False, smooth: float = 0.0
) -> torch.Tensor:
    """The image (3, side, side) after so many steps of Adam that make ``goal(image) - smooth · roughness`` larger."""
    torch.manual_seed(seed)
    optimiser = torch.optim.Adam(image.parameters(), rate)
    for _ in range(steps):
        now = image()
        gain = goal(moved(now) if move else now) - smooth * roughness(now)
        optimiser.zero_grad()
        (-gain).backward()
        optimiser.step()
    return image()[0].detach()


# Of each way: how the image is written, and how it is searched.
WAYS: dict[str, tuple[type[nn.Module], dict[str, Any]]] = {
    "pixels": (Pixels, dict(rate=0.1)),
    "smooth": (Pixels, dict(rate=0.1, smooth=200.0)),
    "smooth, moved": (Pixels, dict(rate=0.1, smooth=100.0, move=True)),
    "waves, moved": (Waves, dict(rate=0.05, move=True)),
}


def found(goal: Goal, way: str, side: int, steps: int, start: int) -> torch.Tensor:
    """The image (3, side, side) that one of the WAYS finds. `start` draws the first image and the movements."""
    kind, options = WAYS[way]
    torch.manual_seed(start)
    return ascend(goal, kind(side), steps, seed=start, **options)


def mean_of(net: EfficientNetLite0, stages: int, channel: int) -> Goal:
    """The mean of a channel after so many stages."""
    part = nn.Sequential(net.stem, *net.stages[:stages])
    return lambda x: part((255 * x - 127) / 128)[0, channel].mean()


def file(seed: int) -> Path:
    """Where the experiment `ascents` keeps the pictures of a seed's first start."""
    return records.FOLDER / f"ascents-{seed}.webp"


def keep(images: torch.Tensor, seed: int) -> None:
    """Writes images (N, 3, side, side) beside each other."""
    row = torch.cat(list(images), 2).permute(1, 2, 0)
    Image.fromarray((255 * row).round().byte().numpy()).save(file(seed), "WEBP", quality=80, method=6)


def kept(seed: int) -> torch.Tensor:
    """The images (N, 3, side, side) that `keep` has written: of espresso, and of the CHANNELS in their order."""
    with Image.open(file(seed)) as sheet:
        row = torch.from_numpy(np.array(sheet.convert("RGB"))).permute(2, 0, 1) / 255
    return torch.stack(row.split(row.shape[1], 2))
