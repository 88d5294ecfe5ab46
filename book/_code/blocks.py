"""Chapter 3's drawings of blocks: Inception's branches, and residual blocks read off torchvision's modules."""

from collections.abc import Mapping, Sequence

import drawsvg
from IPython.display import SVG
from torch import nn

from _code.drawing import Sheet

STEP, TALL = 62, 34  # from one box to the next, and the height of a box


def _tower(sheet: Sheet, x: float, bottom: float, boxes: Sequence[tuple[str, str]], wide: float) -> float:
    """Boxes (words, kind) above one another with arrows between them, the first one lowest; the top of the last."""
    y = bottom
    for words, kind in boxes:
        sheet.arrow(x, y, x, y - STEP + TALL)
        y -= STEP
        sheet.box(x - wide / 2, y, wide, TALL, kind, round=4)
        sheet.text(words, x, y + TALL / 2, size=15)
    return y


def branches(c_in: int, towers: Sequence[Sequence[tuple[str, int | None]]]) -> SVG:
    """Branches of layers (name, output channels, or None for a pooling) on one input, concatenated at the top."""
    most, width = max(map(len, towers)), 570
    sheet = Sheet(width, 112 + most * STEP + 40)
    bottom, top, column = 74 + most * STEP + 24, 46, width / len(towers)
    sheet.box(20, bottom, width - 40, TALL, "plane", round=4)
    sheet.text(f"input, {c_in} channels", width / 2, bottom + TALL / 2, size=16)
    total = 0
    for at, tower in enumerate(towers):
        x = column * (at + 0.5)
        kinds = [(name if c is None else f"{name} → {c}", "b" if c is None else "a") for name, c in tower]
        end = _tower(sheet, x, bottom, kinds, column - 18)
        sheet.arrow(x, end, x, top + TALL)
        total += next(c for _, c in reversed(tower) if c is not None)
    sheet.box(20, top, width - 40, TALL, "c", round=4)
    sheet.text(f"concatenated, {total} channels", width / 2, top + TALL / 2, size=16)
    sheet.arrow(width / 2, top, width / 2, 12)
    return sheet.svg()


def residual(blocks: Mapping[str, nn.Module]) -> SVG:
    """Residual blocks side by side, their convolutions and batch norms in the order in which the module holds them."""
    bodies = {title: _layers(block) for title, block in blocks.items()}
    most = max(map(len, bodies.values()))
    column, step, tall = 570 / len(blocks), 40, 28
    sheet = Sheet(570, most * step + 176)
    for at, (title, body) in enumerate(bodies.items()):
        x, bottom = column * (at + 0.5) + 20, most * step + 140
        sheet.text(title, x, most * step + 164, size=16)
        sheet.line(x, bottom + 6, x, bottom - 14, "arrow")
        y = bottom - 14
        for words, kind in body:
            sheet.arrow(x, y, x, y - step + tall)
            y -= step
            sheet.box(x - 82, y, 164, tall, kind, round=4)
            sheet.text(words, x, y + tall / 2, size=15)
        centre = 84
        sheet.arrow(x, y, x, centre + 13)
        sheet.dot(x, centre, 12, "plane")
        sheet.text("+", x, centre, size=19)
        side = x - 112
        path = drawsvg.Path(class_="wire wb heavy")
        path.M(x, bottom - 7).L(side + 12, bottom - 7).Q(side, bottom - 7, side, bottom - 19)
        path.L(side, centre + 12).Q(side, centre, side + 12, centre).L(x - 20, centre)
        sheet.drawing.append(path)
        sheet.arrow(x - 24, centre, x - 13, centre)
        sheet.text("x", side - 12, (bottom + centre) / 2, "tb", size=17)
        sheet.arrow(x, centre - 12, x, 58)
        sheet.box(x - 34, 30, 68, 28, "c", round=4)
        sheet.text("ReLU", x, 44, size=15)
        sheet.arrow(x, 30, x, 6)
    return sheet.svg()


def _layers(block: nn.Module) -> list[tuple[str, str]]:
    """Words and kinds of a residual block's layers; a ReLU follows each batch norm but the last."""
    found: list[tuple[str, str]] = []
    for layer in block.children():
        if isinstance(layer, nn.Conv2d):
            side = layer.kernel_size[0]
            found.append((f"{side} × {side}, {layer.in_channels} → {layer.out_channels}", "a"))
        elif isinstance(layer, nn.BatchNorm2d):
            found += [("batch norm", "b"), ("ReLU", "c")]
    return found[:-1]
