"""What PyTorch has already: roll, affine_grid, conv2d, a base class of its own, helpers behind underscores, torchvision for files.

names: shift, cutout, rotate, adjust_contrast, gaussian_blur, gaussian_noise, replace_background, Compose, RandomApply, SegmentationTransform, SegmentationDataset, cutmix, answer_1, answer_2, answer_3
"""

import abc
import os
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision.io as io

ANSWERS = dict(first="C", second=100.0, third="B")
answer_1, answer_2, answer_3 = ANSWERS.values()


def shift(image, dx, dy):
    """Roll, and clear what came in on the other side."""
    c, h, w = image.size()
    if abs(dx) >= w or abs(dy) >= h:
        return torch.zeros_like(image)
    moved = torch.roll(image, shifts=(dy, dx), dims=(1, 2)).clone()
    if dy > 0:
        moved[:, :dy, :] = 0
    elif dy < 0:
        moved[:, dy:, :] = 0
    if dx > 0:
        moved[:, :, :dx] = 0
    elif dx < 0:
        moved[:, :, dx:] = 0
    return moved


def _inside(n, start, length):
    i = torch.arange(n)
    return torch.logical_and(torch.ge(i, start), torch.lt(i, start + length))


def cutout(image, top, left, height, width):
    c, h, w = image.size()
    gone = torch.outer(_inside(h, top, height).float(), _inside(w, left, width).float())
    return torch.masked_fill(image, gone.bool(), 0.0)


def rotate(image, angle):
    """A grid of pixel positions, corners aligned, for `F.grid_sample`."""
    c, h, w = image.shape
    a = torch.tensor(angle * torch.pi / 180, dtype=torch.double)
    R = torch.stack([torch.stack([a.cos(), -a.sin()]), torch.stack([a.sin(), a.cos()])])
    ys, xs = torch.meshgrid(
        torch.linspace(-(h - 1) / 2, (h - 1) / 2, h, dtype=torch.double),
        torch.linspace(-(w - 1) / 2, (w - 1) / 2, w, dtype=torch.double),
        indexing="ij",
    )
    there = torch.stack([xs, ys], dim=-1) @ R.t()
    scale = torch.tensor([max(w - 1, 1) / 2, max(h - 1, 1) / 2], dtype=torch.double)
    how = "nearest" if image.dtype == torch.int64 else "bilinear"
    out = F.grid_sample(
        image.unsqueeze(0).to(torch.double), (there / scale).unsqueeze(0), mode=how, padding_mode="zeros",
        align_corners=True,
    )  # fmt: skip
    return out.squeeze(0).type_as(image)


def adjust_contrast(image, factor):
    if image.size(0) == 3:
        r, g, b = image.unbind(0)
        mean = (0.2989 * r + 0.587 * g + 0.114 * b).mean()
    else:
        mean = torch.mean(image)
    return torch.clamp(torch.full_like(image, mean.item()) * (1 - factor) + image * factor, 0, 1)


class _Blur(nn.Module):
    """A depthwise convolution whose kernel is fixed."""

    def __init__(self, channels, size, sigma):
        super().__init__()
        self.pad = nn.ReflectionPad2d(size // 2)
        self.conv = nn.Conv2d(channels, channels, size, groups=channels, bias=False)
        grid = torch.arange(size).float() - (size - 1) / 2
        squares = grid.square().unsqueeze(0) + grid.square().unsqueeze(1)
        kernel = squares.div(-2 * sigma**2).exp()
        self.conv.weight.data = kernel.div(kernel.sum()).repeat(channels, 1, 1, 1)

    @torch.no_grad()
    def forward(self, x):
        return self.conv(self.pad(x))


def gaussian_blur(image, kernel_size, sigma):
    return _Blur(len(image), kernel_size, sigma)(image[None]).squeeze(0)


def gaussian_noise(image, sigma, generator):
    noise = torch.normal(0.0, 1.0, tuple(image.shape), generator=generator)
    noisy = image + noise * sigma
    noisy[noisy > 1] = 1
    noisy[noisy < 0] = 0
    return noisy


def replace_background(image, mask, background):
    here = mask[None].expand_as(image) > 0
    out = background.clone()
    out[here] = image[here]
    return out


class _Change(abc.ABC):
    @abc.abstractmethod
    def change(self, *args): ...

    def __call__(self, *args):
        return self.change(*args)


class Compose(_Change):
    def __init__(self, transforms):
        self.transforms = transforms

    def change(self, image):
        i = 0
        while i < len(self.transforms):
            image = self.transforms[i](image)
            i += 1
        return image


class RandomApply(_Change):
    def __init__(self, transform, p):
        self.transform = transform
        self.chance = torch.distributions.Bernoulli(probs=float(p))

    def change(self, image):
        if self.chance.sample().item() == 1:
            image = self.transform(image)
        return image


class SegmentationTransform(_Change):
    def __init__(self, geometric, photometric):
        self.geometric = Compose(geometric)
        self.photometric = Compose(photometric)

    def change(self, image, mask):
        state = torch.get_rng_state()
        image = self.geometric(image)
        after = torch.get_rng_state()
        torch.set_rng_state(state)
        mask = self.geometric(torch.unsqueeze(mask, dim=0))
        torch.set_rng_state(after)
        return self.photometric(image), torch.squeeze(mask, dim=0)


class SegmentationDataset(torch.utils.data.Dataset):
    def __init__(self, images_dir, masks_dir, transform=None):
        super().__init__()
        self.images_dir, self.masks_dir, self.transform = str(images_dir), str(masks_dir), transform
        names = os.listdir(images_dir) + os.listdir(masks_dir)
        stems = [pathlib.PurePath(name).stem for name in names]
        odd = sorted({stem for stem in stems if stems.count(stem) == 1})
        if len(odd) > 0:
            raise ValueError("These have no partner: %s" % ", ".join(odd))
        self.stems = sorted(set(stems))

    def __len__(self):
        return len(self.stems)

    def _path(self, folder, stem):
        for name in os.listdir(folder):
            if pathlib.Path(name).stem == stem:
                return os.path.join(folder, name)
        raise FileNotFoundError(stem)

    def __getitem__(self, index):
        stem = self.stems[index]
        image = io.read_image(self._path(self.images_dir, stem), mode=io.ImageReadMode.RGB)
        mask = io.read_image(self._path(self.masks_dir, stem), mode=io.ImageReadMode.UNCHANGED)
        pair = image.float().div(255), mask[0].long()
        if self.transform:
            pair = self.transform(*pair)
        return pair


def cutmix(images, labels, order, top, left, height, width):
    n, c, h, w = images.size()
    theirs = torch.outer(_inside(h, top, height).float(), _inside(w, left, width).float())
    lam = 1 - theirs.sum() / (h * w)
    new = images * (1 - theirs) + images.index_select(0, order) * theirs
    return new, lam * labels + (1 - lam) * labels.index_select(0, order)
