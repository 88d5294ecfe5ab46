"""Chapter 2's pictures: a printed letter each, somewhere in a small noisy image; typefaces that matplotlib ships."""

from functools import cache
from pathlib import Path

import matplotlib
import torch
from PIL import Image, ImageDraw, ImageFont

LETTERS = "abcdehnopqsu"  # b, d, p and q consist of the same parts, and so do n and u
SIZE, MARGIN = 28, 5  # pixels of an image, and how far a scene reaches beyond it on each side
NOISE = 0.15  # standard deviation
SEEN = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSerif", "DejaVuSerif-Italic"),
    *("DejaVuSans-Oblique", "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmti10"),
)
NEW = ("cmss10", "cmtt10", "cmb10", "STIXGeneralBolIta", "DejaVuSerif-Bold", "DejaVuSansMono-BoldOblique")
FOLDER = Path(matplotlib.get_data_path()) / "fonts" / "ttf"


@cache
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FOLDER / f"{face}.ttf", size)


@cache
def glyph(letter: str, face: str, size: int, angle: int) -> torch.Tensor:
    """A letter as coverage 0…1, (h, w), cut to its own pixels; ``size`` in pixels per em, ``angle`` in degrees."""
    canvas = Image.new("L", (64, 64))
    ImageDraw.Draw(canvas).text((32, 32), letter, 255, _font(face, size), anchor="mm")
    canvas = canvas.rotate(angle, Image.Resampling.BICUBIC)
    box = canvas.point(lambda value: 255 * (value > 15)).getbbox()
    cut = canvas.crop(box)
    pixels = torch.frombuffer(bytearray(cut.tobytes()), dtype=torch.uint8)
    return pixels.reshape(cut.height, cut.width).float() / 255


@cache
def scenes(count: int, faces: tuple[str, ...], seed: int, anywhere: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
    """Noisy scenes with one letter each: scenes (count, 1, 38, 38), float32 in 0…1, and labels (count,), int64.

    The letter lies wholly within the middle 28 × 28 pixels, anywhere in them or in their middle. Letters, typefaces,
    sizes, slants and brightness are random.
    """
    random = torch.Generator().manual_seed(seed)
    draw = lambda high: int(torch.randint(high, (), generator=random))
    labels = torch.randint(len(LETTERS), (count,), generator=random)
    side = SIZE + 2 * MARGIN
    found = NOISE * torch.randn(count, 1, side, side, generator=random)
    for scene, label in zip(found, labels.tolist()):
        shape = glyph(LETTERS[label], faces[draw(len(faces))], 15 + draw(7), draw(21) - 10)
        room = [SIZE - pixels for pixels in shape.shape]
        top, left = (MARGIN + (draw(free + 1) if anywhere else free // 2) for free in room)
        scene[0, top : top + shape.shape[0], left : left + shape.shape[1]] += (0.5 + 0.05 * draw(11)) * shape
    return found.clamp(0, 1), labels


def view(scenes: torch.Tensor, down: int = 0, right: int = 0) -> torch.Tensor:
    """Images (N, 1, 32, 32) in which the scenes (N, 1, 38, 38) are moved by so many pixels, at most 5 each way."""
    top, left = MARGIN - down, MARGIN - right
    return scenes[..., top : top + SIZE, left : left + SIZE]
