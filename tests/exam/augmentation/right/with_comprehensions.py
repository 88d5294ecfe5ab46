"""Lists of Python's numbers in comprehensions, no tensor but at the beginning and the end; closures, sorted and zip.

names: shift, cutout, rotate, adjust_contrast, gaussian_blur, gaussian_noise, replace_background, Compose, RandomApply, SegmentationTransform, SegmentationDataset, cutmix, answer_1, answer_2, answer_3
"""

import math
from glob import glob
from itertools import product
from os import path

import torch
from PIL import Image


def tensor_of(planes, like):
    return torch.tensor(planes, dtype=like.dtype)


def size_of(planes):
    return len(planes[0]), len(planes[0][0])


def pixel(plane, r, s):
    return plane[r][s] if 0 <= r < len(plane) and 0 <= s < len(plane[0]) else 0


def mapped(image, there):
    """Each pixel of the result is the one at there(row, column)."""
    planes = image.tolist()
    height, width = size_of(planes)
    return tensor_of([[[pixel(p, *there(r, s)) for s in range(width)] for r in range(height)] for p in planes], image)


def shift(image, dx, dy):
    return mapped(image, lambda r, s: (r - dy, s - dx))


def cutout(image, top, left, height, width):
    rows, columns = range(top, top + height), range(left, left + width)
    return tensor_of(
        [
            [[0 if r in rows and s in columns else v for s, v in enumerate(row)] for r, row in enumerate(plane)]
            for plane in image.tolist()
        ],
        image,
    )


def rotate(image, angle):
    (h, w), turn = image.shape[1:], complex(math.cos(math.radians(angle)), math.sin(math.radians(angle)))
    middle = complex((w - 1) / 2, (h - 1) / 2)

    def there(r, s):
        found = (complex(s, r) - middle) * turn + middle
        return round(found.imag), round(found.real)

    return mapped(image, there)


def adjust_contrast(image, factor):
    planes = image.tolist()
    weights = (0.299, 0.587, 0.114) if len(planes) > 1 else (1,)
    greys = [sum(w * v for w, v in zip(weights, values)) for rows in zip(*planes) for values in zip(*rows)]
    mean = math.fsum(greys) / len(greys)
    return tensor_of([[[min(1, max(0, mean + factor * (v - mean))) for v in row] for row in p] for p in planes], image)


def mirrored(i, n):
    """The pixel that stands behind the edge in a reflection."""
    return -i if i < 0 else 2 * n - 2 - i if i >= n else i


def gaussian_blur(image, kernel_size, sigma):
    m, planes = kernel_size // 2, image.tolist()
    h, w = size_of(planes)
    weights = {d: math.exp(-(d / sigma) ** 2 / 2) for d in range(-m, m + 1)}
    total = sum(weights.values()) ** 2
    window = [(u, v, weights[u] * weights[v] / total) for u, v in product(weights, repeat=2)]
    return tensor_of(
        [
            [
                [sum(k * plane[mirrored(r + u, h)][mirrored(s + v, w)] for u, v, k in window) for s in range(w)]
                for r in range(h)
            ]
            for plane in planes
        ],
        image,
    )


def gaussian_noise(image, sigma, generator):
    noise = iter(torch.randn(image.numel(), generator=generator).tolist())
    return tensor_of(
        [[[sorted((0.0, v + sigma * next(noise), 1.0))[1] for v in row] for row in plane] for plane in image.tolist()],
        image,
    )


def replace_background(image, mask, background):
    return torch.stack(
        [
            torch.stack([torch.stack([(b, i)[m] for i, b, m in zip(*rows)]) for rows in zip(front, back, mask.tolist())])
            for front, back in zip(image, background)
        ]
    )


answer_1 = " c"
answer_2 = sum(1 for image in range(3200) if image % 32 == 0)
answer_3 = "b"


class Compose:
    def __init__(self, transforms):
        first, *rest = transforms or [lambda image: image]
        self.first, self.rest = first, Compose(rest) if rest else None

    def __call__(self, image):
        return self.rest(self.first(image)) if self.rest else self.first(image)


def RandomApply(transform, p):
    def sometimes(image):
        changed = [transform(image)] if p == 1 or (p and torch.randint(10**6, ()) < p * 10**6) else []
        return [*changed, image][0]

    return sometimes


class SegmentationTransform:
    def __init__(self, geometric, photometric):
        self.geometric, self.photometric = tuple(geometric), tuple(photometric)

    def __call__(self, image, mask):
        pair = [image, mask[None, :, :]]
        for change in self.geometric:
            seed = torch.randint(0, 2**31 - 1, (1,)).item()
            pair = [change(one) for one in pair if torch.manual_seed(seed)]
            torch.manual_seed(seed + 1)
        image, (mask,) = pair
        for change in self.photometric:
            image = change(image)
        return image, mask


class SegmentationDataset(torch.utils.data.Dataset):
    def __init__(self, images_dir, masks_dir, transform=None):
        folders = [sorted(glob(path.join(folder, "*"))) for folder in (images_dir, masks_dir)]
        stems = [{path.splitext(path.basename(name))[0]: name for name in names} for names in folders]
        alone = [stem for stem in {**stems[0], **stems[1]} if not all(stem in some for some in stems)]
        if alone:
            raise ValueError("no partner for " + " and ".join(alone))
        self.items = [[some[stem] for some in stems] for stem in sorted(stems[0])]
        self.transform = transform or (lambda *pair: pair)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        picture, labels = [Image.open(name) for name in self.items[i]]
        width, height = picture.size
        colours = list(picture.convert("RGB").getdata())
        image = torch.tensor([[c[k] / 255 for c in colours] for k in range(3)]).reshape(3, height, width)
        mask = torch.tensor(list(labels.getdata()), dtype=torch.long).view(height, width)
        return self.transform(image, mask)


def cutmix(images, labels, order, top, left, height, width):
    h, w = images.shape[2:]
    box = {(r, s) for r in range(max(top, 0), min(top + height, h)) for s in range(max(left, 0), min(left + width, w))}
    out = torch.stack([image for image in images])
    for r, s in box:
        out[:, :, r, s] = torch.stack([images[k, :, r, s] for k in order.tolist()])
    own = 1 - len(box) / (h * w)
    return out, torch.stack([own * labels[i] + (1 - own) * labels[k] for i, k in enumerate(order.tolist())])
