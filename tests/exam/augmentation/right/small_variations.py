"""Shifts by two crops, rotation by right angles and then by a small angle, a blur tap by tap, seeds per callable.

names: shift, cutout, rotate, gaussian_blur, adjust_contrast, gaussian_noise, RandomApply, SegmentationTransform, Compose
"""

import math

import torch


def shift(image, dx, dy):
    for axis, step in ((-1, dx), (-2, dy)):
        n = image.shape[axis]
        step = max(-n, min(n, step))
        gap = torch.zeros_like(image.narrow(axis, 0, abs(step)))
        kept = image.narrow(axis, max(0, -step), n - abs(step))
        image = torch.cat([gap, kept] if step > 0 else [kept, gap], axis)
    return image


def cutout(image, top, left, height, width):
    rows = torch.arange(image.shape[1]).reshape(-1, 1)
    columns = torch.arange(image.shape[2]).reshape(1, -1)
    gone = rows.ge(top) & rows.lt(top + height) & columns.ge(left) & columns.lt(left + width)
    return torch.where(gone, torch.zeros((), dtype=image.dtype), image)


def rotate(image, angle):
    angle = angle % 360
    height, width = image.shape[1:]
    if angle == 0:
        return image
    if angle == 180:
        return image.flip(1, 2)
    if height == width and angle % 90 == 0:
        return torch.rot90(image, int(angle // 90), (1, 2))
    a = math.radians(angle)
    centre = torch.tensor([(height - 1) / 2, (width - 1) / 2])
    places = torch.cartesian_prod(torch.arange(height), torch.arange(width)).float() - centre
    back = torch.tensor([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]])  # of (down, right)
    sources = (places @ back.T + centre).round().long()
    inside = ((sources >= 0) & (sources < torch.tensor([height, width]))).all(1)
    rows, columns = sources[inside].T
    flat = torch.zeros(image.shape[0], height * width, dtype=image.dtype)
    flat[:, inside] = image[:, rows, columns]
    return flat.reshape(image.shape)


def adjust_contrast(image, factor):
    if image.shape[0] == 3:
        red, green, blue = image
        centre = torch.mean(0.2989 * red + 0.5870 * green + 0.1140 * blue)
    else:
        centre = image.mean()
    return torch.clip(factor * image + (1.0 - factor) * centre, 0, 1)


def gaussian_blur(image, kernel_size, sigma):
    m = kernel_size // 2
    height, width = image.shape[1:]
    rows = torch.cat([torch.arange(m, 0, -1), torch.arange(height), torch.arange(height - 2, height - 2 - m, -1)])
    columns = torch.cat([torch.arange(m, 0, -1), torch.arange(width), torch.arange(width - 2, width - 2 - m, -1)])
    around = image[:, rows][:, :, columns]
    out, total = torch.zeros_like(image), 0.0
    for u in range(kernel_size):
        for v in range(kernel_size):
            weight = math.exp(-((u - m) ** 2 + (v - m) ** 2) / (2 * sigma * sigma))
            out += weight * around[:, u : u + height, v : v + width]
            total += weight
    return out / total


def gaussian_noise(image, sigma, generator):
    noise = torch.stack([sigma * torch.randn(image.shape[1:], generator=generator) for _ in image])
    return (image + noise).clamp_(0.0, 1.0)


class RandomApply:
    def __init__(self, transform, p):
        self.transform, self.p = transform, p

    def __call__(self, image):
        applies = torch.empty(1).uniform_(0, 1) > 1 - self.p if 0 < self.p < 1 else bool(self.p)
        return self.transform(image) if applies else image


class Compose(list):
    def __init__(self, transforms):
        super().__init__(transforms)

    def __call__(self, image):
        for change in self:
            image = change(image)
        return image


class SegmentationTransform:
    def __init__(self, geometric, photometric):
        self.geometric, self.photometric = geometric, photometric

    def __call__(self, image, mask):
        labels = mask.unsqueeze(0)
        for change in self.geometric:
            seed = torch.randint(2**40, ()).item()
            moved = []
            for one in (image, labels):
                with torch.random.fork_rng(devices=[]):
                    torch.manual_seed(seed)
                    moved.append(change(one))
            image, labels = moved
        for change in self.photometric:
            image = change(image)
        return [image, labels.squeeze(0)]
