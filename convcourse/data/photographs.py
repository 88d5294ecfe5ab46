"""Photographs that come with scikit-image, so that no page has to download one."""

from functools import cache

import numpy as np
import torch
import torch.nn.functional as F

NAMES = ("astronaut", "camera", "cell", "chelsea", "coffee", "coins", "retina")
LUMA = (0.299, 0.587, 0.114)  # what red, green and blue add to brightness (ITU-R BT.601)


def photograph(name: str, size: int | None = None, grey: bool = False) -> torch.Tensor:
    """A photograph as a float32 tensor of shape (3, H, W) with values in 0…1; grey ones have three equal channels.

    Args:
        name: one of ``NAMES``: a cat (chelsea), a cup of coffee, an astronaut, a cameraman (camera), coins on a tray,
            the back of an eye (retina), a cell under a microscope.
        size: pixels of the shorter side, the other follows. Without it the photograph keeps its own size.
        grey: give one channel, (1, H, W).

    Raises:
        ValueError: no photograph of this name, or a size below 1.
    """
    if name not in NAMES:
        raise ValueError(f"There is no photograph {name!r}; there are {', '.join(NAMES)}.")
    if size is not None and size < 1:
        raise ValueError(f"A photograph of size {size} has no pixels; give at least 1.")
    pixels = torch.from_numpy(stored(name)).float() / 255
    image = pixels.expand(3, *pixels.shape) if pixels.ndim == 2 else pixels.permute(2, 0, 1)
    if grey:
        image = torch.einsum("c,chw->hw", torch.tensor(LUMA), image)[None]
    if size is not None:
        height, width = image.shape[1:]
        scale = size / min(height, width)
        shape = (max(1, round(height * scale)), max(1, round(width * scale)))
        image = F.interpolate(image[None], shape, mode="bilinear", align_corners=False, antialias=True)[0]
    return image.clamp(0, 1).contiguous()


@cache
def stored(name: str) -> np.ndarray:
    """A photograph's bytes, (H, W) or (H, W, 3), read once; not to be written into."""
    from skimage import data  # takes a second, and only photographs need it

    return getattr(data, name)()
