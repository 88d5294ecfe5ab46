"""Chapter 4's two networks: how far may a photograph be changed before its object is not recognised?

Both tell four objects of four photographs (and pictures with none of them), each before many backgrounds. One sees the
photographs as they are, the other one sees them changed, anew in each batch. They are small, and they know these four
photographs only. The changes are computed in ``book/_static/changes.mjs``, too, and a test compares the two.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.transforms.v2 import functional as change

from _code import placing
from convcourse import data

SIZE = 96
OBJECTS = {"chelsea": "cat", "coffee": "cup", "astronaut": "astronaut", "camera": "photographer"}
LEFT = {"chelsea": 48, "coffee": 21, "astronaut": 0, "camera": 0}  # first column of the square at this size
TILES = 3
CLASSES = (*OBJECTS.values(), "none of them")
NAMES = ("plain", "augmented")  # without and with augmentation
# Pictures of scikit-image for backgrounds; before the last ones no object stands in the training.
GROUNDS = ("brick", "grass", "gravel", "cell", "retina", "immunohistochemistry", "hubble_deep_field", "rocket", "page")
NEW_GROUNDS = ("coins", "moon", "text")
BATCH, STEPS = 32, 400

# A change's setting that leaves the picture as it is, the lowest and highest of the live figure, and its step there.
RANGES = {
    "angle": (0, -180, 180, 2.5),  # degrees, counter-clockwise
    "right": (0, -48, 48, 1),  # pixels
    "cutout": (0, 0, 96, 2),  # side of a black square in the middle, in pixels
    "brightness": (1.0, 0.1, 2.5, 0.05),  # factor
    "contrast": (1.0, 0.0, 2.4, 0.05),  # factor
    "blur": (0.0, 0.0, 4.8, 0.1),  # standard deviation, in pixels
    "noise": (0.0, 0.0, 0.48, 0.01),  # standard deviation
}
NEUTRAL = {"down": 0, "mirrored": False, **{name: bounds[0] for name, bounds in RANGES.items()}}
MOVES = ("angle", "right", "down", "mirrored")
NOISE = 4  # the seed of the live figure's noise
# Between which settings the network with augmentation sees pictures; "down" as "right", and half of them mirrored.
SEEN = {
    "angle": (-45, 45),
    "right": (-16, 16),
    "cutout": (0, 40),
    "brightness": (0.5, 1.5),
    "contrast": (0.5, 1.5),
    "noise": (0.0, 0.15),
}
WIDTHS = (12, 24, 48, 96)  # channels
POINTS = 49  # of a curve


@cache
def views() -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Of each photograph a square (3, SIZE, SIZE) in 0…1 with the object, and its mask (SIZE, SIZE) of 0 and 1."""
    found = {}
    for name, left in LEFT.items():
        image, mask = data.photograph(name, SIZE), data.photograph_mask(name, SIZE)
        found[name] = image[..., left : left + SIZE].contiguous(), mask[:, left : left + SIZE].contiguous()
    return found


def shuffled(images: torch.Tensor) -> torch.Tensor:
    """Pictures (N, 3, SIZE, SIZE) whose `TILES` × `TILES` tiles are in another order, drawn for each picture."""
    count, side = len(images), SIZE // TILES
    tiles = images.reshape(count, 3, TILES, side, TILES, side).permute(0, 2, 4, 1, 3, 5).flatten(1, 2)
    order = torch.rand(count, TILES**2).argsort(1)
    tiles = tiles[torch.arange(count)[:, None], order].reshape(count, TILES, TILES, 3, side, side)
    return tiles.permute(0, 3, 1, 4, 2, 5).reshape(images.shape)


def pieces(names: Sequence[str], count: int) -> torch.Tensor:
    """Squares (count, 3, SIZE, SIZE) cut out of pictures at places and sizes from torch's global generator."""
    from skimage import data as pictures  # takes a second

    cut = []
    for n in range(count):
        pixels = np.atleast_3d(getattr(pictures, names[n % len(names)])())
        height, width = pixels.shape[:2]
        side = int(min(height, width) * (0.3 + 0.7 * torch.rand(())))
        top, left = (int(torch.randint(full - side + 1, ())) for full in (height, width))
        part = torch.from_numpy(pixels[top : top + side, left : left + side]).movedim(2, 0).expand(3, -1, -1)
        cut.append(F.interpolate(part[None] / 255, (SIZE, SIZE), mode="bilinear", align_corners=False, antialias=True))
    return torch.cat(cut)


def scenes(grounds: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures (count, 3, SIZE, SIZE) and their classes (count,), drawn from torch's global generator, each class as
    often as any other.

    An object stands before one of these grounds, or, in every fourth picture, before its own. Half of the pictures with
    none of them show a ground, or a photograph whose object is covered by one. The other half show the tiles of an
    object in another order, since otherwise a patch of fur would be enough to find the cat.
    """
    images, masks = (torch.stack(each) for each in zip(*views().values()))
    labels = torch.randint(len(CLASSES), (count,))
    chosen = torch.where(labels < len(OBJECTS), labels, torch.randint(len(OBJECTS), (count,)))
    image, mask = images[chosen], masks[chosen][:, None].float()
    ground = grounds[torch.randint(len(grounds), (count,))]
    often = lambda share: torch.rand(count, 1, 1, 1) < share
    shown = mask * image + (1 - mask) * torch.where(often(1 / 4), image, ground)
    covered = mask * ground + (1 - mask) * torch.where(often(1 / 2), image, ground)
    none = torch.where(often(1 / 2), covered, shuffled(shown))
    return torch.where((labels < len(OBJECTS))[:, None, None, None], shown, none), labels


def unchanged(images: torch.Tensor) -> torch.Tensor:
    """The pictures themselves."""
    return images


def moved(
    images: torch.Tensor,
    angle: torch.Tensor,
    right: torch.Tensor,
    down: torch.Tensor,
    mirrored: torch.Tensor,
    outside: str = "zeros",
) -> torch.Tensor:
    """Each picture (N, C, SIZE, SIZE) mirrored or not, then rotated counter-clockwise by its angle in degrees, then
    shifted by its pixels, all (N,). What lies outside is 0, or with ``"reflection"`` the picture reflected."""
    turn, flip = torch.deg2rad(angle), 1 - 2 * mirrored.float()
    cos, sin = turn.cos(), turn.sin()
    # The position that each position shows, by the page's formula, after the shift is taken back.
    rows = [[flip * cos, -flip * sin, flip * (sin * down - cos * right)], [sin, cos, -sin * right - cos * down]]
    matrix = torch.stack([torch.stack(row, 1) for row in rows], 1) * torch.tensor([1, 1, 2 / SIZE])
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode=outside, align_corners=False)


def augmented(images: torch.Tensor) -> torch.Tensor:
    """Each picture (N, 3, SIZE, SIZE) moved, every second one mirrored, covered by a square at a random place, with
    another brightness and contrast, and with noise: settings drawn evenly from `SEEN` by torch's global generator."""
    count = len(images)
    draw = lambda name: SEEN[name][0] + (SEEN[name][1] - SEEN[name][0]) * torch.rand(count)
    images = moved(images, draw("angle"), draw("right").round(), draw("right").round(), torch.rand(count) < 0.5)
    half, middle = draw("cutout") / 2, SIZE * torch.rand(2, count)
    rows, columns = ((torch.arange(SIZE) + 0.5 - at[:, None]).abs() < half[:, None] for at in middle)
    images = images * ~(rows[:, None, :, None] & columns[:, None, None, :])
    images = (images * draw("brightness")[:, None, None, None]).clamp(0, 1)
    grey = change.rgb_to_grayscale(images).mean((1, 2, 3), keepdim=True)
    images = (grey + draw("contrast")[:, None, None, None] * (images - grey)).clamp(0, 1)
    return (images + draw("noise")[:, None, None, None] * torch.randn(images.shape)).clamp(0, 1)


WAYS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {"plain": unchanged, "augmented": augmented}


def changed(image: torch.Tensor, outside: str = "zeros", **settings: float) -> torch.Tensor:
    """A photograph (3, SIZE, SIZE) with these settings of the live figure, and all others as in `NEUTRAL`. The noise is
    always the same one, times its standard deviation."""
    at = {**NEUTRAL, **settings}
    image = moved(image[None], *(torch.tensor([at[name]]) for name in MOVES), outside=outside)[0]
    start, side = (SIZE - int(at["cutout"])) // 2, int(at["cutout"])
    image = change.erase(image, start, start, side, side, torch.zeros(1))
    image = change.adjust_contrast(change.adjust_brightness(image, at["brightness"]), at["contrast"])
    if at["blur"] > 0:
        window = 2 * math.ceil(3 * at["blur"]) + 1
        image = change.gaussian_blur(image, [window, window], [at["blur"], at["blur"]])
    return (image + at["noise"] * grain()).clamp(0, 1)


@cache
def grain() -> torch.Tensor:
    """Standard normal numbers (3, SIZE, SIZE), the same ones as in the browser."""
    return torch.from_numpy(placing.normals(NOISE, 3 * SIZE**2)).float().reshape(3, SIZE, SIZE)


def network() -> nn.Sequential:
    """Pictures (N, 3, SIZE, SIZE) → logits (N, classes)."""
    layers: list[nn.Module] = [nn.Conv2d(3, WIDTHS[0], 5, stride=2, padding=2, bias=False)]
    for before, after in pairwise(WIDTHS):
        layers += [nn.BatchNorm2d(before), nn.ReLU(), nn.MaxPool2d(2)]
        layers += [nn.Conv2d(before, after, 3, padding=1, bias=False)]
    last = WIDTHS[-1]
    return nn.Sequential(
        *layers, nn.BatchNorm2d(last), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(last, len(CLASSES))
    )


def train(way: str, seed: int) -> tuple[nn.Sequential, list[float]]:
    """The network in eval mode, and the mean loss of ten parts of its training. The seed decides the pieces of
    background, the first weights, the pictures and their changes; the first weights are the same for both ways."""
    torch.manual_seed(seed)
    net, grounds = network(), pieces(GROUNDS, 450)
    optimiser = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, total_steps=STEPS)
    losses = []
    for _ in range(STEPS):
        images, labels = scenes(grounds, BATCH)
        loss = F.cross_entropy(net(WAYS[way](images)), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return net.eval(), [round(value, 4) for value in torch.tensor(losses).reshape(10, -1).mean(1).tolist()]


@torch.inference_mode()
def probabilities(net: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Pictures (N, 3, SIZE, SIZE) → a share for each class (N, classes)."""
    return net(images).softmax(1)


def settings(name: str) -> list[float]:
    """The settings of a change at which a curve is computed, from the lowest to the highest."""
    _, low, high, _ = RANGES[name]
    return [round(low + (high - low) * at / (POINTS - 1), 6) for at in range(POINTS)]


def curve(net: nn.Module, name: str, outside: str = "zeros") -> list[float]:
    """The probability of "cat" at each of these settings, for the cat's photograph."""
    image, _ = views()["chelsea"]
    images = torch.stack([changed(image, outside, **{name: at}) for at in settings(name)])
    return [round(value, 4) for value in probabilities(net, images)[:, 0].tolist()]


def until(name: str, values: Sequence[float]) -> tuple[float, float]:
    """From where, below and above the setting that leaves the picture as it is, a curve's probability is below 1/2:
    read off between two points. Where it never is, the lowest or highest setting."""
    at, start = settings(name), settings(name).index(RANGES[name][0])
    ends = []
    for way in (-1, 1):
        place = start
        while 0 <= place + way < POINTS and values[place + way] >= 0.5:
            place += way
        if not 0 <= place + way < POINTS:
            ends.append(at[place])
            continue
        share = (values[place] - 0.5) / (values[place] - values[place + way])
        ends.append(at[place] + share * (at[place + way] - at[place]))
    return ends[0], ends[1]
