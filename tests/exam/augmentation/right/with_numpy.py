"""NumPy for the images, a matrix for the blur, functions that return functions in the place of some classes.

names: shift, cutout, rotate, adjust_contrast, gaussian_blur, gaussian_noise, replace_background, Compose, RandomApply, SegmentationTransform, SegmentationDataset, cutmix, answer_2
"""

import functools

import numpy as np
import torch
from PIL import Image

answer_2 = np.int64(100)


def shift(image, dx, dy):
    pixels = image.numpy()
    out = np.zeros(pixels.shape, pixels.dtype)
    height, width = pixels.shape[1:]
    rows = np.arange(height) - dy
    columns = np.arange(width) - dx
    r, c = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
    out[:, np.flatnonzero(r)[:, None], np.flatnonzero(c)] = pixels[:, rows[r][:, None], columns[c]]
    return torch.from_numpy(out)


def cutout(image, top, left, height, width):
    out = np.array(image)
    out[:, np.clip(top, 0, None) : np.clip(top + height, 0, None), np.clip(left, 0, None) : np.clip(left + width, 0, None)] = 0
    return torch.from_numpy(out)


def rotate(image, angle):
    pixels = image.numpy()
    height, width = pixels.shape[1:]
    turn = np.exp(-1j * np.deg2rad(angle))  # right is the real axis, up the imaginary one
    rows, columns = np.mgrid[:height, :width]
    there = ((columns - (width - 1) / 2) - 1j * (rows - (height - 1) / 2)) * turn
    x, y = np.rint(there.real + (width - 1) / 2).astype(int), np.rint(-there.imag + (height - 1) / 2).astype(int)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    out = np.zeros_like(pixels)
    out[:, inside] = pixels[:, y[inside], x[inside]]
    return torch.from_numpy(out)


def adjust_contrast(image, factor):
    pixels = image.numpy().astype(np.float64)
    grey = pixels[0] if len(pixels) == 1 else np.tensordot([0.299, 0.587, 0.114], pixels, 1)
    return torch.from_numpy(np.clip(grey.mean() + factor * (pixels - grey.mean()), 0, 1).astype(np.float32))


def gaussian_blur(image, kernel_size, sigma):
    m = kernel_size // 2
    weights = np.exp(-np.arange(-m, m + 1) ** 2 / (2.0 * sigma**2))
    weights /= weights.sum()

    def matrix(n):
        made = np.zeros((n, n))
        for i in range(n):
            places = np.pad(np.arange(n), m, mode="reflect")[i : i + kernel_size]
            np.add.at(made[i], places, weights)
        return torch.from_numpy(made).float()

    return matrix(image.shape[1]) @ image @ matrix(image.shape[2]).T


def gaussian_noise(image, sigma, generator):
    numbers = torch.randn(image.numel(), dtype=torch.float64, generator=generator).reshape(image.shape)
    noisy = image.double() + sigma * numbers
    return torch.minimum(torch.maximum(noisy, torch.zeros(())), torch.ones(())).float()


def replace_background(image, mask, background):
    return torch.from_numpy(np.where(mask.numpy().astype(bool), image.numpy(), background.numpy()))


def Compose(transforms):
    return lambda image: functools.reduce(lambda result, transform: transform(result), transforms, image)


def RandomApply(transform, p):
    return lambda image: (transform if torch.rand(()).item() < p else (lambda x: x))(image)


class SegmentationTransform:
    def __init__(self, geometric, photometric):
        self.both, self.photometric = Compose(geometric), Compose(photometric)

    def __call__(self, image, mask):
        before = torch.default_generator.get_state()
        labels = self.both(mask.reshape(1, *mask.shape))
        torch.default_generator.set_state(before)
        moved = self.both(image)
        return self.photometric(moved), labels.reshape(labels.shape[1:])


class SegmentationDataset:
    def __init__(self, images_dir, masks_dir, transform=None):
        from pathlib import Path

        self.images = {p.stem: p for p in Path(images_dir).iterdir() if p.suffix.lower() in (".png", ".jpg", ".jpeg")}
        self.masks = {p.stem: p for p in Path(masks_dir).iterdir() if p.suffix.lower() == ".png"}
        lonely = set(self.images) ^ set(self.masks)
        if lonely:
            raise ValueError("\n".join(f"{stem}: no partner" for stem in lonely))
        self.names, self.transform = sorted(self.masks), transform

    def __len__(self):
        return len(self.names)

    def __getitem__(self, index):
        name = self.names[index]
        picture = np.array(Image.open(self.images[name]))
        if picture.ndim == 2:
            picture = np.stack([picture] * 3, -1)
        image = torch.from_numpy(picture[..., :3].transpose(2, 0, 1).astype(np.float32) / np.float32(255))
        mask = torch.from_numpy(np.array(Image.open(self.masks[name]), dtype=np.int64))
        return tuple(self.transform(image, mask)) if self.transform is not None else (image, mask)


def cutmix(images, labels, order, top, left, height, width):
    out = images.numpy().copy()
    bottom, end = max(top + height, 0), max(left + width, 0)
    top, left = max(top, 0), max(left, 0)
    out[:, :, top:bottom, left:end] = images.numpy()[order.numpy()][:, :, top:bottom, left:end]
    share = out[0, 0, top:bottom, left:end].size / out[0, 0].size
    return torch.from_numpy(out), labels * (1 - share) + labels[order] * share
