"""Diagrams with photographs in them, of chapter 1 and the start page. Live figures read the photographs back from these
SVGs, in the order in which they are drawn."""

import io
import json
from collections.abc import Mapping, Sequence

import drawsvg
import numpy as np
import torch
import torch.nn.functional as F
from IPython.display import SVG
from PIL import Image

from _code import kernels
from _code.drawing import Sheet, number


def kernel_cards(image: torch.Tensor) -> SVG:
    """The nine kernels, each beside its output for a grey (H, W) photograph in 0…1; the photograph comes first."""
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
        output = kernels.to_show(kernels.respond(image, name), name)
        sheet.picture(output, left + 130, top + 30, width, height)
    return sheet.svg()


def gallery(photographs: Sequence[torch.Tensor], name: str) -> SVG:
    """Grey (H, W) photographs in 0…1 side by side, and the outputs of one kernel below them."""
    width, gap = 186, 6
    heights = [width * photo.shape[0] / photo.shape[1] for photo in photographs]
    sheet = Sheet(len(photographs) * (width + gap) - gap, 2 * max(heights) + gap)
    for p, (photo, height) in enumerate(zip(photographs, heights)):
        sheet.picture(photo, p * (width + gap), 0, width, height)
    for p, (photo, height) in enumerate(zip(photographs, heights)):
        output = kernels.to_show(kernels.respond(photo, name), name)
        sheet.picture(output, p * (width + gap), max(heights) + gap, width, height)
    return sheet.svg()


def equation(photographs: Sequence[torch.Tensor], name: str) -> SVG:
    """The first colour (3, H, W) photograph in 0…1, the kernel and their output, each channel on its own; below, the
    other photographs with their outputs, small."""
    width, small, side, between = 180, 70, 30, 146
    height = width * photographs[0].shape[1] / photographs[0].shape[2]
    sheet = Sheet(2 * width + between, height + small + 40)
    middle = 22 + height / 2
    table, divisor = kernels.entries(name)
    outputs = [kernels.to_show(torch.stack([kernels.respond(c, name) for c in photo]), name) for photo in photographs]
    widths = [small * photo.shape[2] / photo.shape[1] for photo in photographs[1:]]
    lefts = [sheet.drawing.width / 2 - sum(widths) - 9 + 2 * sum(widths[:i]) + 12 * i for i in range(len(widths))]

    _colour(sheet, photographs[0], 0, 22, width, height)
    for photo, left, wide in zip(photographs[1:], lefts, widths):
        _colour(sheet, photo, left, height + 40, wide, small)
    _colour(sheet, outputs[0], width + between, 22, width, height)
    for output, left, wide in zip(outputs[1:], lefts, widths):
        _colour(sheet, output, left + wide + 3, height + 40, wide, small)
    for words, x in (("photograph", width / 2), (name, width + between / 2), ("output", 1.5 * width + between)):
        sheet.text(words, x, 9, "soft", size=14)
    for sign, x in (("⋆", width + 14), ("=", width + between - 14)):
        sheet.text(sign, x, middle, size=22)
    cells = [[number(value) for value in line] for line in table]
    sheet.grid(3, 3, width + (between - 3 * side) / 2, middle - 1.5 * side, side, "a", cells)
    if divisor > 1:
        sheet.text(f"÷ {divisor}", width + between / 2, middle + 1.5 * side + 14, "soft")
    return sheet.svg()


def _colour(sheet: Sheet, image: torch.Tensor, x: float, y: float, width: float, height: float) -> None:
    """A colour (3, H, W) image in 0…1, as WebP: a sixth of the same as PNG."""
    data = io.BytesIO()
    pixels = (image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(np.ascontiguousarray(pixels)).save(data, "WEBP", quality=92, method=6)
    sheet.drawing.append(drawsvg.Image(x, y, width, height, data=data.getvalue(), mime_type="image/webp", embed=True))


def examples(photographs: Sequence[torch.Tensor], weights: torch.Tensor, name: str) -> SVG:
    """Grey (H, W) photographs in 0…1 in a row, below them their outputs for the (3, 3) weights and for the named
    kernel, which is the target. Beside these rows stand the two kernels. The metadata hold the weights, unrounded."""
    side, gap, left, cell = 92, 6, 84, 40
    wanted = kernels.kernel(name)
    right = left + 3 * (side + gap) + 18
    sheet = Sheet(right + 3 * cell + 2, 3 * (side + gap) - gap)
    sheet.drawing.append(drawsvg.Raw(f"<metadata>{json.dumps(weights.tolist())}</metadata>"))
    outputs = [F.conv2d(torch.stack([*photographs])[:, None], each[None, None])[:, 0] for each in (weights, wanted)]
    far = outputs[1].abs().quantile(0.995)
    rows = [torch.stack([*photographs]), *(0.5 + output / (2 * far) for output in outputs)]
    for row, (words, images) in enumerate(zip(("image", "output now", "target"), rows)):
        sheet.text(words, left - 8, row * (side + gap) + side / 2, size=14, anchor="end")
        for column, image in enumerate(images):
            sheet.picture(image, left + column * (side + gap), row * (side + gap), side, side)
    for top, words, table in ((0, "kernel now", weights), (148, "target", wanted)):
        sheet.text(words, right + 1.5 * cell, top + 9, "soft", size=14)
        sheet.grid(3, 3, right, top + 20, cell, "a")
        for tap, value in enumerate(table.flatten().tolist()):
            x, y = right + (tap % 3 + 0.5) * cell, top + 20 + (tap // 3 + 0.5) * cell
            sheet.text(number(round(value, 2) + 0.0), x, y, size=13.5)
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
