"""The solutions of the notebook.

names: shift, cutout, rotate, adjust_contrast, gaussian_blur, gaussian_noise, replace_background, Compose, RandomApply, SegmentationTransform, SegmentationDataset, cutmix, answer_1, answer_2, answer_3
"""

import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch.utils.data import Dataset


def shift(image, dx, dy):
    """The image (C, H, W) moved dx pixels to the right and dy pixels down. Zeros follow."""
    height, width = image.shape[-2:]
    moved = torch.zeros_like(image)
    if abs(dx) < width and abs(dy) < height:
        rows, columns = slice(max(0, dy), height + min(0, dy)), slice(max(0, dx), width + min(0, dx))
        from_rows, from_columns = slice(max(0, -dy), height - max(0, dy)), slice(max(0, -dx), width - max(0, dx))
        moved[..., rows, columns] = image[..., from_rows, from_columns]
    return moved


def cutout(image, top, left, height, width):
    """A copy of the image (C, H, W) which is 0 in a rectangle, as far as that lies on the image."""
    result = image.clone()
    result[..., max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)] = 0
    return result


def rotate(image, angle):
    """The image or mask (C, H, W) rotated counter-clockwise by `angle` degrees about its centre. Zeros outside."""
    height, width = image.shape[-2:]
    turn = math.radians(angle)
    below = torch.arange(height, dtype=torch.float64)[:, None] - (height - 1) / 2  # (H, 1)
    right = torch.arange(width, dtype=torch.float64) - (width - 1) / 2  # (W,)
    columns = (right * math.cos(turn) - below * math.sin(turn) + (width - 1) / 2).round().long()  # (H, W)
    rows = (right * math.sin(turn) + below * math.cos(turn) + (height - 1) / 2).round().long()
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    return image[..., rows.clamp(0, height - 1), columns.clamp(0, width - 1)].masked_fill(~inside, 0)


def adjust_contrast(image, factor):
    """The image (C, H, W) with every pixel `factor` times as far from the mean of the grey image, in 0…1."""
    grey = image if len(image) == 1 else 0.2989 * image[0] + 0.587 * image[1] + 0.114 * image[2]
    mean = grey.mean()
    return (mean + factor * (image - mean)).clamp(0, 1)


def gaussian_blur(image, kernel_size, sigma):
    """Each channel of the image (C, H, W) blurred by a Gaussian window. Reflected borders."""
    m = kernel_size // 2
    weights = torch.exp(-(torch.arange(-m, m + 1, dtype=torch.float64) ** 2) / (2 * sigma**2))
    weights = (weights / weights.sum()).to(image.dtype)
    planes = F.pad(image[:, None], (m, m, m, m), mode="reflect")  # (C, 1, H + 2m, W + 2m)
    planes = F.conv2d(planes, weights.reshape(1, 1, -1, 1))
    return F.conv2d(planes, weights.reshape(1, 1, 1, -1))[:, 0]


def gaussian_noise(image, sigma, generator):
    """The image (C, H, W) with normal noise of standard deviation `sigma` from the generator, in 0…1."""
    return (image + sigma * torch.randn(image.shape, generator=generator)).clamp(0, 1)


def replace_background(image, mask, background):
    """The image (C, H, W) where the mask (H, W) is 1, and the background (C, H, W) where it is 0."""
    return torch.where(mask == 1, image, background)


answer_1 = "C"


class Compose:
    """Callables on an image, called in order: Compose([f, g])(image) is g(f(image))."""

    def __init__(self, transforms):
        self.transforms = list(transforms)

    def __call__(self, image):
        for transform in self.transforms:
            image = transform(image)
        return image


class RandomApply:
    """A callable on an image which calls `transform` with probability p, decided anew at each call."""

    def __init__(self, transform, p):
        self.transform, self.p = transform, p

    def __call__(self, image):
        return self.transform(image) if torch.rand(()) < self.p else image


answer_2 = 3200 // 2**5


class SegmentationTransform:
    """A callable (image, mask) → (image, mask): geometric changes on both alike, photometric ones on the image."""

    def __init__(self, geometric, photometric):
        self.geometric, self.photometric = list(geometric), list(photometric)

    def __call__(self, image, mask):
        mask = mask[None]
        for transform in self.geometric:
            state = torch.get_rng_state()
            image = transform(image)
            torch.set_rng_state(state)
            mask = transform(mask)
        for transform in self.photometric:
            image = transform(image)
        return image, mask[0]


answer_3 = "B"


class SegmentationDataset(Dataset):
    """Pairs (image, mask) from two folders, sorted by stem, through transform(image, mask) if there is one."""

    def __init__(self, images_dir, masks_dir, transform=None):
        images, masks = ({path.stem: path for path in Path(folder).iterdir()} for folder in (images_dir, masks_dir))
        alone = sorted(images.keys() ^ masks.keys())
        if alone:
            raise ValueError(f"without an image or without a mask: {', '.join(alone)}")
        self.pairs = [(images[stem], masks[stem]) for stem in sorted(images)]
        self.transform = transform

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        image_path, mask_path = self.pairs[index]
        image = torch.from_numpy(np.array(Image.open(image_path).convert("RGB"))).permute(2, 0, 1).float() / 255
        mask = torch.from_numpy(np.array(Image.open(mask_path))).long()
        return (image, mask) if self.transform is None else self.transform(image, mask)


def cutmix(images, labels, order, top, left, height, width):
    """Images (N, C, H, W) with a rectangle from their partners, and labels (N, K) shared by area."""
    rows, columns = slice(max(0, top), max(0, top + height)), slice(max(0, left), max(0, left + width))
    mixed = images.clone()
    mixed[..., rows, columns] = images[order][..., rows, columns]
    theirs = mixed[0, 0, rows, columns].numel() / mixed[0, 0].numel()
    return mixed, (1 - theirs) * labels + theirs * labels[order]

