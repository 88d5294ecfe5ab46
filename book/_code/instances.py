"""Chapter 6: from a map of classes to single objects."""

import numpy as np
import torch
from scipy import ndimage
from skimage.filters import gaussian
from skimage.segmentation import watershed


def coin_map(photograph: torch.Tensor, spread: float = 30, above: float = 0.03) -> torch.Tensor:
    """Coin or table, for a grey (H, W) photograph in 0…1: brighter than its wide surroundings, holes filled."""
    grey = photograph.numpy()
    return torch.from_numpy(ndimage.binary_fill_holes(grey - gaussian(grey, spread) > above))


def components(mask: torch.Tensor, least: int = 1) -> torch.Tensor:
    """Numbers the connected parts of a boolean (H, W) mask, 1, 2, …; parts of fewer than ``least`` pixels become 0."""
    labels, count = ndimage.label(mask.numpy())
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    numbers = np.cumsum(sizes >= least) - 1  # the ground, 0, keeps its number
    numbers[sizes < least] = 0
    return torch.from_numpy(np.where(labels > 0, numbers[labels], 0))


def depth_in(mask: torch.Tensor) -> torch.Tensor:
    """Each pixel's distance to the nearest pixel outside of the mask."""
    return torch.from_numpy(ndimage.distance_transform_edt(mask.numpy()))


def split(mask: torch.Tensor, least: int = 1, smooth: float = 3.0, apart: int = 12) -> torch.Tensor:
    """Objects that touch, told apart: flood the mask from the peaks of its `depth_in`, at least ``apart`` pixels high
    and wide; basins of fewer than ``least`` pixels become 0."""
    depth = gaussian(depth_in(mask).numpy(), smooth)
    peaks = (depth == ndimage.maximum_filter(depth, 2 * apart + 1)) & (depth > apart / 2)
    markers, _ = ndimage.label(peaks)
    basins = watershed(-depth, markers, mask=mask.numpy())
    sizes = np.bincount(basins.ravel())
    numbers = np.cumsum(sizes >= least) - 1
    numbers[sizes < least] = 0
    return torch.from_numpy(np.where(basins > 0, numbers[basins], 0))


def grow(mask: torch.Tensor, pixels: int) -> torch.Tensor:
    """The mask as a less exact prediction would have it: wider by ``pixels`` on all sides, or narrower if negative."""
    if pixels == 0:
        return mask
    ball = np.hypot(*np.mgrid[-abs(pixels) : abs(pixels) + 1, -abs(pixels) : abs(pixels) + 1]) <= abs(pixels) + 0.5
    act = ndimage.binary_dilation if pixels > 0 else ndimage.binary_erosion
    return torch.from_numpy(act(mask.numpy(), ball))


def whole(mask: torch.Tensor, instances: torch.Tensor) -> tuple[int, int]:
    """Of a scene's instances, how many are exactly one connected part of their class's mask; and how many there are."""
    found = 0
    for number in range(1, int(instances.max()) + 1):
        own = instances == number
        parts = components(mask == mask[own][0])
        touched = parts[own].unique()
        found += len(touched) == 1 and torch.equal(parts == touched[0], own)
    return found, int(instances.max())


HUES = ((11, 98, 193), (240, 150, 90), (58, 125, 44), (198, 91, 160), (94, 176, 242), (232, 200, 60), (120, 90, 60))


def painted(labels: torch.Tensor) -> torch.Tensor:
    """Numbered objects (H, W) in a few colours, the ground dark: (3, H, W) in 0…1."""
    table = torch.tensor([HUES[i % len(HUES)] for i in range(int(labels.max()))] or [HUES[0]])
    table = torch.cat([torch.tensor([[38, 42, 48]]), table]) / 255
    return table[labels].permute(2, 0, 1)
