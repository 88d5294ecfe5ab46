"""Scenes drawn by us, so that every pixel's class is known exactly: overlapping shapes on uneven ground in bad light.

Colours only hint at the class, texture and light say nothing about it, the shape tells; so a network has to look far.
Wires are one or two pixels thin and some shapes are small; so it has to look closely, too.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch.utils.data import Dataset

CLASSES = ("background", "disc", "square", "triangle", "ring", "wire")
OBJECTS = (5, 11)  # how many shapes a scene gets: from, up to but not including
RADIUS = (0.08, 0.25)  # of a shape, as a part of the picture's side
HUE = 0.3  # standard deviation of a shape's hue; the classes' hues are 1 apart
NOISE = 0.05  # standard deviation of the sensor's noise


class Scene(NamedTuple):
    """One scene of side S."""

    image: torch.Tensor  # (3, S, S) float32 in 0…1
    mask: torch.Tensor  # (S, S) int64: the class of each pixel, an index into CLASSES
    instances: torch.Tensor  # (S, S) int64: 0 background, then 1, 2, … one number for each shape that is in sight


class ShapeScenes(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Scenes with exact masks. Item `i` is ``(image, mask)``, always the same for the same seed and size.

    Scenes of another seed are other scenes: train on one seed, measure on another.

    Args:
        length: how many scenes the data set has.
        size: side of the pictures in pixels, at least 16.
        seed: which of the endlessly many sets of scenes.
    """

    def __init__(self, length: int = 1000, size: int = 64, seed: int = 0):
        if size < 16:
            raise ValueError(f"Scenes of side {size} are too small to tell shapes apart; give a size of at least 16.")
        self.length, self.size, self.seed = length, size, seed

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        if not 0 <= index < self.length:
            raise IndexError(f"There is no scene {index}; there are {self.length}, counted from 0.")
        scene = self.scene(index)
        return scene.image, scene.mask

    def scene(self, index: int) -> Scene:
        """Scene `index` with its instances; any index from 0 on, for there is no end of them."""
        return draw(np.random.default_rng((self.seed, index)), self.size)


def draw(rng: np.random.Generator, size: int) -> Scene:
    """One scene: ground, then shape upon shape, each with its shadow, then the sensor's noise."""
    y, x = np.mgrid[:size, :size].astype(np.float32) + np.float32(0.5)
    image = _ground(rng, x, y)
    mask, instances = np.zeros((size, size), np.int64), np.zeros((size, size), np.int64)
    light = _unit(rng.uniform(0, 2 * np.pi))
    for number in range(1, 1 + int(rng.integers(*OBJECTS))):
        kind = int(rng.integers(1, len(CLASSES)))
        shape = _Placed.at_random(rng, size, CLASSES[kind])
        height = float(0.03 * size * rng.uniform(0.5, 1.5))  # above the ground: how far its shadow falls
        paint = _Paint.at_random(rng, _colour(rng, kind))
        window = shape.window(margin=2 * height)
        here_x, here_y, here = x[window], y[window], image[:, *window]
        shade = _soft(shape.distance(here_x - height * light[0], here_y - height * light[1]), width=height)
        here -= 0.5 * shade * here
        distance = shape.distance(here_x, here_y)
        here += _soft(distance, width=1) * (paint(here_x, here_y) - here)
        inside = distance < 0
        mask[window][inside], instances[window][inside] = kind, number
    image += NOISE * rng.standard_normal(image.shape, np.float32)
    in_sight = np.bincount(instances.ravel()) > 0
    in_sight[0] = False  # the ground is no shape
    numbers = np.cumsum(in_sight)  # without gaps
    return Scene(torch.from_numpy(image.clip(0, 1)), torch.from_numpy(mask), torch.from_numpy(numbers[instances]))


class _Placed(NamedTuple):
    """A shape at its place. All lengths are in pixels, the angle as (cosine, sine)."""

    x: float
    y: float
    angle: np.ndarray
    radius: float
    name: str

    @classmethod
    def at_random(cls, rng: np.random.Generator, size: int, name: str) -> "_Placed":
        """A shape of this name somewhere in a picture of `size` × `size` pixels."""
        x, y = (rng.uniform(0.08, 0.92, 2) * size).tolist()
        return cls(x, y, _unit(rng.uniform(0, 2 * np.pi)), float(rng.uniform(*RADIUS) * size), name)

    def distance(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """How far each point lies outside the shape; inside it is negative."""
        x, y, (cos, sin) = x - self.x, y - self.y, self.angle
        return _DISTANCE[self.name](cos * x + sin * y, cos * y - sin * x, self.radius)

    def window(self, margin: float) -> tuple[slice, slice]:
        """The part of the picture that the shape and a margin about it reach."""
        reach = _REACH[self.name] * self.radius + margin + 1
        top, left = (max(int(centre - reach), 0) for centre in (self.y, self.x))
        bottom, right = (int(centre + reach) + 1 for centre in (self.y, self.x))
        return slice(top, bottom), slice(left, right)


def _disc(x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    return np.hypot(x, y) - 0.9 * radius


def _square(x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    return np.maximum(np.abs(x), np.abs(y)) - 0.8 * radius


def _triangle(x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    slanted = 0.5 * y + np.sqrt(0.75) * np.abs(x)
    return np.maximum(slanted, -y) - 0.65 * radius


def _ring(x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    return np.abs(np.hypot(x, y) - radius) - 0.25 * radius


def _wire(x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    """A wave three times as long as other shapes, and hardly more than a pixel thin."""
    wave = radius * 0.4 * np.sin(3 * x / radius)
    slope = 1.2 * np.cos(3 * x / radius)
    return np.maximum(np.abs(y - wave) / np.sqrt(1 + slope**2) - 0.8, np.abs(x) - 3 * radius)


_DISTANCE = {"disc": _disc, "square": _square, "triangle": _triangle, "ring": _ring, "wire": _wire}
_REACH = {"disc": 0.9, "square": 1.2, "triangle": 1.3, "ring": 1.25, "wire": 3.1}  # in radii, from the centre


def _unit(angle: float) -> np.ndarray:
    """Cosine and sine: the direction of an angle."""
    return np.array([np.cos(angle), np.sin(angle)], np.float32)


def _soft(distance: np.ndarray, width: float) -> np.ndarray:
    """1 inside, 0 outside, and a ramp of the given width about the edge."""
    return (0.5 - distance / width).clip(0, 1)


class _Paint(NamedTuple):
    """A colour with stripes across a direction, from hardly seen to strong."""

    colour: np.ndarray  # red, green, blue
    direction: np.ndarray  # its length is the stripes' frequency
    strength: float

    @classmethod
    def at_random(cls, rng: np.random.Generator, colour: np.ndarray) -> "_Paint":
        """This colour (3,), with stripes of a random direction and strength."""
        direction = _unit(rng.uniform(0, np.pi)) * np.float32(rng.uniform(0.4, 2.5))
        return cls(colour.astype(np.float32), direction, float(rng.uniform(0, 0.25)))

    def __call__(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The paint at these points, (3, H, W)."""
        stripes = np.sin(self.direction[0] * x + self.direction[1] * y)
        return self.colour[:, None, None] * (1 + self.strength * stripes)


def _colour(rng: np.random.Generator, kind: int) -> np.ndarray:
    """Red, green and blue of a hue that hints at the class; neighbouring classes' hues overlap."""
    hue = (kind + rng.normal(0, HUE)) / (len(CLASSES) - 1)
    value, saturation = rng.uniform(0.6, 1), rng.uniform(0.4, 1)
    return value * (1 - saturation * (0.5 - 0.5 * np.cos(2 * np.pi * (hue - np.arange(3) / 3))))


def _ground(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Dull striped paint under uneven light: a slope of brightness and a soft spot."""
    size = len(x)
    paint = _Paint.at_random(rng, rng.uniform(0.2, 0.4) + rng.uniform(-0.1, 0.1, 3))
    slope = _unit(rng.uniform(0, 2 * np.pi)) * np.float32(rng.uniform(0, 0.5) / size)
    left, top = (rng.uniform(0, size, 2)).tolist()
    spot = float(rng.uniform(-0.3, 0.3)) * np.exp(((x - left) ** 2 + (y - top) ** 2) / (-0.1 * size**2))
    return paint(x, y) * (1 + slope[0] * (x - size / 2) + slope[1] * (y - size / 2) + spot)
