"""Chapter 6's scenes, placed by hand: the words of the live figure `draw` become a scene like those of `ShapeScenes`.

The same arithmetic is in ``book/_static/scenes.mjs``, and a test compares the two. A scene is a row of shapes, such as
``d20-30-8-0-1-37_w40-12-7-30-5-2``. Each is the first letter of the class, then the position (x, y) and the radius in
pixels, the angle in degrees, the hue (a class's number) and the number of the paint.
"""

import itertools
import math
from collections.abc import Iterator

import numpy as np
import torch

from convcourse.data import CLASSES
from convcourse.data import scenes as drawn

SIZE = 64
# The scene that the live figures begin with, on ground 0.
FIRST = "d18-18-11-0-1-12_s45-16-10-20-2-3_r44-44-12-0-4-7_w26-46-7.5-330-5-5"
MASK = 2**32 - 1


def uniforms(seed: int) -> Iterator[float]:
    """Numbers in 0…1, the same ones for the same seed as in the browser (mulberry32)."""
    while True:
        seed = (seed + 0x6D2B79F5) & MASK
        t = (seed ^ seed >> 15) * (seed | 1) & MASK
        t ^= (t + (t ^ t >> 7) * (t | 61)) & MASK
        yield (t ^ t >> 14) / 2**32


def normals(seed: int, count: int) -> np.ndarray:
    """Numbers from a normal distribution (count,), by Box and Muller's formula."""
    pairs = np.array(list(itertools.islice(uniforms(seed), 2 * count))).reshape(count, 2)
    return np.sqrt(-2 * np.log(1 - pairs[:, 0])) * np.cos(2 * np.pi * pairs[:, 1])


def scene(words: str, noise: float = drawn.NOISE, ground: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """The image (3, 64, 64) in 0…1 and the mask (64, 64) of these shapes on the ground of this number.

    Args:
        noise: standard deviation of the sensor's noise.
    """
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    random = uniforms(ground)
    grey = 0.2 + 0.2 * next(random)
    colour = np.array([grey - 0.1 + 0.2 * next(random) for _ in range(3)])
    image = _paint(colour, random)(x, y)
    way, slope = 2 * math.pi * next(random), 0.5 * next(random) / SIZE
    left, top, spot = SIZE * next(random), SIZE * next(random), 0.6 * next(random) - 0.3
    along = math.cos(way) * (x - SIZE / 2) + math.sin(way) * (y - SIZE / 2)
    image *= 1 + slope * along + spot * np.exp(((x - left) ** 2 + (y - top) ** 2) / (-0.1 * SIZE**2))
    sun = 2 * math.pi * next(random)
    mask = np.zeros((SIZE, SIZE), np.int64)
    for shape in filter(None, words.split("_")):
        kind = next(i for i, name in enumerate(CLASSES) if i and name.startswith(shape[0]))
        column, row, radius, angle, hue, number = map(float, shape[1:].split("-"))
        turn = math.radians(angle)
        placed = drawn._Placed(column, row, np.array([math.cos(turn), math.sin(turn)]), radius, CLASSES[kind])
        random = uniforms(int(number))
        value, saturation = 0.6 + 0.4 * next(random), 0.4 + 0.6 * next(random)
        tones = np.cos(2 * np.pi * (hue / (len(CLASSES) - 1) - np.arange(3) / 3))
        paint = _paint(value * (1 - saturation * (0.5 - 0.5 * tones)), random)
        height = 0.03 * SIZE * (0.5 + next(random))
        distance = placed.distance(x, y)
        image *= 1 - 0.5 * drawn._soft(placed.distance(x - height * math.cos(sun), y - height * math.sin(sun)), height)
        image += drawn._soft(distance, 1) * (paint(x, y) - image)
        mask[distance < 0] = kind
    image += noise * normals(ground, image.size).reshape(image.shape)
    return torch.from_numpy(image.clip(0, 1).astype(np.float32)), torch.from_numpy(mask)


def _paint(colour: np.ndarray, random: Iterator[float]) -> drawn._Paint:
    """This colour with stripes, whose direction, frequency and strength are the next three numbers."""
    way = math.pi * next(random)
    frequency = 0.4 + 2.1 * next(random)
    return drawn._Paint(colour, frequency * np.array([math.cos(way), math.sin(way)]), 0.25 * next(random))
