"""Bilinear rotation by `F.grid_sample`, padding for shifts, one kernel for the blur, `nn.Module` for the classes.

names: shift, cutout, rotate, adjust_contrast, gaussian_blur, gaussian_noise, replace_background, Compose, RandomApply, SegmentationTransform, SegmentationDataset, cutmix
"""

import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import Dataset
from torchvision.io import ImageReadMode, decode_image


def shift(image, dx, dy):
    return F.pad(image, (dx, -dx, dy, -dy)) if abs(dx) < image.shape[2] and abs(dy) < image.shape[1] else image * 0


def cutout(image, top, left, height, width):
    keep = torch.ones(image.shape[1:], dtype=torch.bool)
    keep[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)] = False
    return image * keep


def rotate(image, angle):
    height, width = image.shape[1:]
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    theta = torch.tensor([[cos, -sin * height / width, 0], [sin * width / height, cos, 0]], dtype=torch.float64)
    grid = F.affine_grid(theta[None], [1, 1, height, width], align_corners=False)
    mode = "bilinear" if image.is_floating_point() else "nearest"
    return F.grid_sample(image[None].double(), grid, mode=mode, align_corners=False)[0].to(image.dtype)


def adjust_contrast(image, factor):
    weights = torch.tensor([0.2989, 0.587, 0.114] if image.shape[0] == 3 else [1.0]).view(-1, 1, 1)
    mean = (weights * image).sum(dim=0).mean()
    return torch.lerp(mean.expand_as(image), image, float(factor)).clamp(0, 1)


def gaussian_blur(image, kernel_size, sigma):
    d = torch.linspace(-(kernel_size // 2), kernel_size // 2, kernel_size)
    kernel = torch.exp(-0.5 * (d[:, None] ** 2 + d[None] ** 2) / sigma**2)
    kernel = (kernel / kernel.sum()).expand(image.shape[0], 1, -1, -1)
    m = kernel_size // 2
    return F.conv2d(F.pad(image[None], [m] * 4, mode="reflect"), kernel, groups=image.shape[0])[0]


def gaussian_noise(image, sigma, generator):
    return torch.normal(image.contiguous(), float(sigma), generator=generator).clamp(0, 1)


def replace_background(image, mask, background):
    return image * mask + background * (1 - mask)


class Compose(nn.Sequential):
    def __init__(self, transforms):
        super().__init__()
        self.steps = transforms

    def forward(self, image):
        for step in self.steps:
            image = step(image)
        return image


class RandomApply(nn.Module):
    def __init__(self, transform, p):
        super().__init__()
        self.transform = transform
        self.register_buffer("p", torch.tensor(float(p)))

    def forward(self, image):
        return self.transform(image) if torch.bernoulli(self.p) == 1 else image


class SegmentationTransform(nn.Module):
    def __init__(self, geometric, photometric):
        super().__init__()
        self.geometric, self.photometric = tuple(geometric), tuple(photometric)

    def forward(self, image, mask):
        with torch.random.fork_rng():
            labels = mask[None]
            for change in self.geometric:
                labels = change(labels)
        for change in self.geometric:
            image = change(image)
        torch.rand(())  # where nothing is drawn for the image, the next call still starts elsewhere
        for change in self.photometric:
            image = change(image)
        return image, labels[0]


class SegmentationDataset(Dataset):
    def __init__(self, images_dir, masks_dir, transform=None):
        images = sorted(Path(images_dir).glob("*.*"), key=lambda path: path.stem)
        masks = sorted(Path(masks_dir).glob("*.*"), key=lambda path: path.stem)
        stems = [path.stem for path in images], [path.stem for path in masks]
        if stems[0] != stems[1]:
            raise ValueError(f"These have no partner: {sorted(set(stems[0]) ^ set(stems[1]))}.")
        self.files, self.transform = list(zip(images, masks)), transform

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        image_file, mask_file = self.files[index]
        image = decode_image(str(image_file), ImageReadMode.RGB) / 255
        mask = decode_image(str(mask_file), ImageReadMode.UNCHANGED)[0].long()
        return self.transform(image, mask) if self.transform else (image, mask)


def cutmix(images, labels, order, top, left, height, width):
    inside = torch.zeros(images.shape[2:])
    inside[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)] = 1
    lam = 1 - inside.mean()
    return images * (1 - inside) + images[order] * inside, lam * labels + (1 - lam) * labels[order]
