"""Chapter 1's diagrams with photographs in them. Live figures read the photographs back from these SVGs."""

from collections.abc import Mapping, Sequence

import torch
from IPython.display import SVG

from _code import kernels
from _code.drawing import Sheet, number


def kernel_cards(image: torch.Tensor) -> SVG:
    """The nine kernels, each beside its answer to a grey (H, W) photograph in 0…1; the photograph comes first."""
    cards: list[str | None] = [None, *kernels.names()]
    height, width = 180 * image.shape[0] / image.shape[1], 180
    sheet = Sheet(640, 5 * (height + 40))
    for index, name in enumerate(cards):
        left, top = 325 * (index % 2), (height + 40) * (index // 2)
        if name is None:
            sheet.text("photograph", left + 60, top + 30 + height / 2, size=17)
            sheet.picture(image, left + 130, top + 30, width, height)
            continue
        table, divisor = kernels.entries(name)
        sheet.text(name, left + 60, top + 12 + height / 2 - 36, size=17)
        sheet.grid(3, 3, left + 9, top + 8 + height / 2 - 16, 34, "a", [[number(v) for v in line] for line in table])
        if divisor > 1:
            sheet.text(f"÷ {divisor}", left + 60, top + height / 2 + 108, "soft", size=17)
        answer = kernels.to_show(kernels.respond(image, name), name)
        sheet.picture(answer, left + 130, top + 30, width, height)
    return sheet.svg()


def gallery(photographs: Sequence[torch.Tensor], name: str) -> SVG:
    """Grey (H, W) photographs in 0…1 side by side, and the answers to one kernel below them."""
    width, gap = 186, 6
    heights = [width * photo.shape[0] / photo.shape[1] for photo in photographs]
    sheet = Sheet(len(photographs) * (width + gap) - gap, 2 * max(heights) + gap)
    for p, (photo, height) in enumerate(zip(photographs, heights)):
        sheet.picture(photo, p * (width + gap), 0, width, height)
    for p, (photo, height) in enumerate(zip(photographs, heights)):
        answer = kernels.to_show(kernels.respond(photo, name), name)
        sheet.picture(answer, p * (width + gap), max(heights) + gap, width, height)
    return sheet.svg()


def shift_maps(scene: torch.Tensor, view: int, errors: Mapping[str, torch.Tensor]) -> SVG:
    """The (H, W) scene with its two views of ``view`` pixels framed, and a map of the difference for each name."""
    sheet, scale = Sheet(570, 300), 1.85
    shift = len(scene) - view
    sheet.text("the scene, two views", len(scene) * scale / 2, 14)
    sheet.picture(scene, 2, 30, len(scene) * scale, len(scene) * scale)
    sheet.box(2, 30, view * scale, view * scale, "frame")
    sheet.box(2 + shift * scale, 30 + shift * scale, view * scale, view * scale, "frame2")
    for e, (name, error) in enumerate(errors.items()):
        left, top = 250 + 160 * (e % 2), 30 + 150 * (e // 2)
        sheet.text(name, left + 60, top - 15)
        sheet.picture(error.clamp(0, 1), left, top, 120, 120)
        sheet.box(left, top, 120, 120)
    return sheet.svg()
