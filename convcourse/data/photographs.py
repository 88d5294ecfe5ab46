"""Photographs that come with scikit-image, so that no page has to download one, and masks of four of them."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

NAMES = ("astronaut", "camera", "cell", "chelsea", "coffee", "coins", "retina")
LUMA = (0.299, 0.587, 0.114)  # what red, green and blue add to brightness (ITU-R BT.601)
# What a mask's 1 means. Clothes and hair belong to a person, and what stands or lies in front of the person does not.
MASKED = {
    "astronaut": "person, without the helmet in front of her",
    "camera": "person, without the camera and its tripod",
    "chelsea": "cat, without its whiskers",
    "coffee": "cup, with its handle",
}
OUTLINES = Path(__file__).with_name("outlines.json")


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
    pixels = torch.from_numpy(stored(name)).float() / 255
    image = pixels.expand(3, *pixels.shape) if pixels.ndim == 2 else pixels.permute(2, 0, 1)
    shape = _resized(image.shape[1], image.shape[2], size)
    if grey:
        image = torch.einsum("c,chw->hw", torch.tensor(LUMA), image)[None]
    if size is not None:
        image = F.interpolate(image[None], shape, mode="bilinear", align_corners=False, antialias=True)[0]
    return image.clamp(0, 1).contiguous()


def photograph_mask(name: str, size: int | None = None) -> torch.Tensor:
    """What `photograph` shows at each pixel: an int64 tensor (H, W), as large as the photograph, of 0 and 1.

    1 is the object that ``MASKED`` names, 0 is everything else. The outlines were drawn by hand for this course, as
    polygons on the photographs in their own size, and lie within about two pixels of the borders that one can see.
    Where a border is blurred (hair, fur) it is a matter of opinion. At another size the same polygons are filled anew:
    a pixel is in the object if its centre is.

    Args:
        name: one of ``MASKED``.
        size: pixels of the shorter side, as for `photograph`.

    Raises:
        ValueError: no mask of this name, or a size below 1.
    """
    if name not in MASKED:
        raise ValueError(f"There is no mask of {name!r}; there are masks of {', '.join(MASKED)}.")
    from skimage.draw import polygon2mask

    height, width = stored(name).shape[:2]
    shape = _resized(height, width, size)
    scale = np.array(shape) / (height, width)
    inside = np.zeros(shape, bool)
    for outline in json.loads(OUTLINES.read_text(encoding="utf-8"))[name]:  # one inside another is a hole
        corners = np.array(outline, float)[:, ::-1]  # stored as (x, y)
        inside ^= polygon2mask(shape, (corners + 0.5) * scale - 0.5)
    return torch.from_numpy(inside).long()


def _resized(height: int, width: int, size: int | None) -> tuple[int, int]:
    """Height and width when the shorter side has this many pixels."""
    if size is None:
        return height, width
    if size < 1:
        raise ValueError(f"A photograph of size {size} has no pixels; give at least 1.")
    scale = size / min(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


@cache
def stored(name: str) -> np.ndarray:
    """A photograph's bytes, (H, W) or (H, W, 3), read once; not to be written into."""
    from skimage import data  # takes a second, and only photographs need it

    return getattr(data, name)()
