"""Loops over pixels, lists, and no trick.

names: shift, cutout, rotate, adjust_contrast, gaussian_blur, gaussian_noise, replace_background, Compose, RandomApply, SegmentationTransform, SegmentationDataset, cutmix, answer_1, answer_2, answer_3
"""

import math
import os

import numpy as np
import torch
from PIL import Image


def shift(image, dx, dy):
    out = torch.zeros(image.shape, dtype=image.dtype)
    channels, height, width = image.shape
    for r in range(height):
        for s in range(width):
            if 0 <= r - dy < height and 0 <= s - dx < width:
                out[:, r, s] = image[:, r - dy, s - dx]
    return out


def cutout(image, top, left, height, width):
    out = image.clone()
    for r in range(image.shape[1]):
        for s in range(image.shape[2]):
            if top <= r < top + height and left <= s < left + width:
                out[:, r, s] = 0
    return out


def rotate(image, angle):
    channels, height, width = image.shape
    out = torch.zeros_like(image)
    cos, sin = math.cos(angle * math.pi / 180), math.sin(angle * math.pi / 180)
    for r in range(height):
        for s in range(width):
            y, x = r - (height - 1) / 2, s - (width - 1) / 2
            column = math.floor(x * cos - y * sin + (width - 1) / 2 + 0.5)
            row = math.floor(x * sin + y * cos + (height - 1) / 2 + 0.5)
            if 0 <= row < height and 0 <= column < width:
                out[:, r, s] = image[:, row, column]
    return out


def adjust_contrast(image, factor):
    total = 0.0
    weights = [0.299, 0.587, 0.114] if image.shape[0] == 3 else [1.0]
    for weight, plane in zip(weights, image):
        total += weight * plane.sum().item()
    mean = total / (image.shape[1] * image.shape[2])
    return torch.clamp(image * factor + (1 - factor) * mean, min=0.0, max=1.0)


def gaussian_blur(image, kernel_size, sigma):
    m = kernel_size // 2
    weights = [math.exp(-(d**2) / (2 * sigma**2)) for d in range(-m, m + 1)]
    total = sum(weights)
    weights = [w / total for w in weights]

    def mirrored(i, n):
        if i < 0:
            return -i
        return 2 * (n - 1) - i if i >= n else i

    channels, height, width = image.shape
    across = torch.zeros_like(image)
    for s in range(width):
        for d, w in zip(range(-m, m + 1), weights):
            across[:, :, s] += w * image[:, :, mirrored(s + d, width)]
    out = torch.zeros_like(image)
    for r in range(height):
        for d, w in zip(range(-m, m + 1), weights):
            out[:, r] += w * across[:, mirrored(r + d, height)]
    return out


def gaussian_noise(image, sigma, generator):
    noise = torch.empty(image.shape)
    noise.normal_(0, 1, generator=generator)
    return torch.clamp(image + noise * sigma, 0.0, 1.0)


def replace_background(image, mask, background):
    out = background.clone()
    for c in range(image.shape[0]):
        out[c][mask == 1] = image[c][mask == 1]
    return out


class Compose:
    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, image):
        result = image
        for i in range(len(self.transforms)):
            result = self.transforms[i](result)
        return result


class RandomApply:
    def __init__(self, transform, p):
        self.transform = transform
        self.p = p

    def __call__(self, image):
        number = torch.rand(1).item()
        if number >= self.p:
            return image
        return self.transform(image)


class SegmentationTransform:
    def __init__(self, geometric, photometric):
        self.geometric = geometric
        self.photometric = photometric

    def __call__(self, image, mask):
        seed = int(torch.randint(0, 2**31, (1,)))
        torch.manual_seed(seed)
        for t in self.geometric:
            image = t(image)
        torch.manual_seed(seed)
        mask = mask.unsqueeze(0)
        for t in self.geometric:
            mask = t(mask)
        for t in self.photometric:
            image = t(image)
        return image, mask.squeeze(0)


class SegmentationDataset(torch.utils.data.Dataset):
    def __init__(self, images_dir, masks_dir, transform=None):
        self.images, self.masks = {}, {}
        for name in os.listdir(images_dir):
            self.images[os.path.splitext(name)[0]] = os.path.join(images_dir, name)
        for name in os.listdir(masks_dir):
            self.masks[os.path.splitext(name)[0]] = os.path.join(masks_dir, name)
        missing = []
        for stem in self.images:
            if stem not in self.masks:
                missing.append(stem)
        for stem in self.masks:
            if stem not in self.images:
                missing.append(stem)
        if missing:
            raise ValueError("no partner for " + ", ".join(missing))
        self.stems = sorted(self.images)
        self.transform = transform

    def __len__(self):
        return len(self.stems)

    def __getitem__(self, i):
        stem = self.stems[i]
        with Image.open(self.images[stem]) as opened:
            pixels = np.asarray(opened.convert("RGB"), dtype=np.float32) / 255.0
        image = torch.tensor(pixels).permute(2, 0, 1)
        with Image.open(self.masks[stem]) as opened:
            mask = torch.tensor(np.asarray(opened).astype(np.int64))
        if self.transform is not None:
            image, mask = self.transform(image, mask)
        return image, mask


def cutmix(images, labels, order, top, left, height, width):
    out = images.clone()
    own = 0
    rows, columns = images.shape[2:]
    for r in range(rows):
        for s in range(columns):
            if top <= r < top + height and left <= s < left + width:
                out[:, :, r, s] = images[order, :, r, s]
            else:
                own += 1
    share = own / (rows * columns)
    return out, share * labels + (1 - share) * labels[order]


answer_1, answer_2, answer_3 = "c", 100.0, " b) "
