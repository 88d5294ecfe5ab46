"""Real pictures: scikit-learn's digits, which are always there, and torchvision's data sets for those with a network.

The latter look into ``root`` for what was fetched before; ``download=True`` fetches what is missing.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import Dataset

UNKNOWN = 255  # the label of pixels that nobody could name: `ignore_index`
TRIMAP = torch.tensor([UNKNOWN, 1, 0, UNKNOWN])  # Oxford's 1 pet, 2 background, 3 not classified → ours


def digits() -> tuple[torch.Tensor, torch.Tensor]:
    """1,797 handwritten digits: images (1797, 1, 8, 8), float32 in 0…1, and labels (1797,), int64."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return torch.from_numpy(found.images).float()[:, None] / 16, torch.from_numpy(found.target).long()


def mnist(root: str | Path, train: bool = True, download: bool = False) -> Dataset:
    """70,000 handwritten digits (LeCun and others, 1998): pairs of an image (1, 28, 28) in 0…1 and a label."""
    from torchvision.datasets import MNIST

    return MNIST(str(root), train, transform=_to_tensor, download=download)


def cifar10(root: str | Path, train: bool = True, download: bool = False) -> Dataset:
    """60,000 small photographs in ten classes (Krizhevsky, 2009): pairs of an image (3, 32, 32) in 0…1 and a label."""
    from torchvision.datasets import CIFAR10

    return CIFAR10(str(root), train, transform=_to_tensor, download=download)


def oxford_pets(root: str | Path, split: str = "trainval", size: int = 128, download: bool = False) -> Dataset:
    """Photographs of cats and dogs with masks (Parkhi and others, 2012): pairs (3, size, size), (size, size).

    A mask is 1 on the pet, 0 on the background and 255 on the border between them, which nobody has assigned. Pictures
    are scaled until their shorter side has ``size`` pixels, and cut to the square in the middle. ``split`` is
    "trainval" or "test". The photographs lie in ``root/oxford-iiit-pet``, as torchvision puts them there.
    """
    from torchvision.datasets import OxfordIIITPet

    transforms = _square_pair(size)
    return OxfordIIITPet(root, split, target_types="segmentation", transforms=transforms, download=download)


def _to_tensor(picture: Any) -> torch.Tensor:
    """A PIL picture as (C, H, W), float32 in 0…1."""
    pixels = torch.from_numpy(np.array(picture)).float() / 255
    return pixels[None] if pixels.ndim == 2 else pixels.permute(2, 0, 1)


def _square_pair(size: int) -> Callable[[Any, Any], tuple[torch.Tensor, torch.Tensor]]:
    def both(picture: Any, trimap: Any) -> tuple[torch.Tensor, torch.Tensor]:
        mask = TRIMAP[torch.from_numpy(np.array(trimap)).long()]
        image = _square(_to_tensor(picture), size, mode="bilinear", antialias=True)
        return image, _square(mask[None].float(), size, mode="nearest")[0].long()

    return both


def _square(image: torch.Tensor, size: int, **how: Any) -> torch.Tensor:
    """(C, H, W), scaled to a shorter side of ``size``, and its middle (C, size, size)."""
    scale = size / min(image.shape[1:])
    height, width = (round(side * scale) for side in image.shape[1:])
    image = F.interpolate(image[None], (height, width), **how)[0]
    top, left = (height - size) // 2, (width - size) // 2
    return image[:, top : top + size, left : left + size]
