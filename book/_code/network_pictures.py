"""Chapter 2's pictures of a network: drawn from the module itself, its maps for one image, and what it confuses."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from IPython.display import SVG
from torch import nn

from _code import letters
from _code.drawing import Sheet, number


@dataclass(frozen=True)
class Step:
    """A layer of a network, what comes out of it for one image, and how many parameters it has."""

    name: str
    layer: nn.Module
    output: torch.Tensor
    parameters: int


@torch.inference_mode()
def steps(net: nn.Sequential, image: torch.Tensor) -> list[Step]:
    """What each layer makes of an image (1, H, W), in order; the outputs are without the batch's axis."""
    net.eval()
    found, x = [], image[None]
    for name, layer in net.named_children():
        x = layer(x)
        found.append(Step(name, layer, x[0], sum(p.numel() for p in layer.parameters())))
    return found


def drawing(net: nn.Sequential, size: int = letters.SIZE) -> SVG:
    """The network from left to right. Boxes are maps (wider: more channels, higher: more pixels), arrows are layers."""
    kinds = {"conv": "a", "pool": "b", "mean": "b", "classify": "c"}
    seen = [step for step in steps(net, torch.zeros(1, size, size)) if step.name.rstrip("123") in kinds]
    sheet, middle, gap = Sheet(570, 214), 104, 562 / (len(seen) + 1)
    shapes = [(1, size, size), *(tuple(step.output.shape) for step in seen)]
    ends: list[tuple[float, float]] = []
    for at, shape in enumerate(shapes):
        channels, side = shape[0], shape[1] if len(shape) == 3 else 1
        wide, tall, x = 5 + 1.6 * channels**0.6, 12 + 100 * side / size, 4 + gap * (at + 0.5)
        kind = "plane" if at == 0 else kinds[seen[at - 1].name.rstrip("123")]
        sheet.box(x - wide / 2, middle - tall / 2, wide, tall, kind)
        sheet.text(channels, x, middle - tall / 2 - 11, size=15)
        sheet.text(f"{side}²", x, middle + tall / 2 + 12, "soft", size=15)
        ends.append((x - wide / 2, x + wide / 2))
    for at, ((_, start), (end, _)) in enumerate(pairwise(ends)):
        sheet.arrow(start + 3, middle, end - 3, middle)
        name = seen[at].name.rstrip("123")
        sheet.text(name, (start + end) / 2 + 8, 200 if at % 2 else 184, f"t{kinds[name]}", size=15)
    return sheet.svg()


def strip(net: nn.Sequential, image: torch.Tensor, count: int = 8) -> SVG:
    """The image (1, H, W), the ``count`` maps with the strongest responses after each pooling, and probabilities."""
    seen = {step.name: step.output for step in steps(net, image)}
    rows = ["relu1", *(name for name in seen if name.startswith("pool"))]
    cell, left, top = 54, 92, 124
    sheet = Sheet(570, top + (cell + 10) * len(rows) + 128)
    sheet.picture(image[0], left, 4, 108, 108)
    sheet.text("image", left - 8, 58, size=15, anchor="end")
    for at, name in enumerate(rows):
        maps, y = seen[name], top + (cell + 10) * at
        chosen = maps.amax((1, 2)).topk(min(count, len(maps))).indices.sort().values
        sheet.text(name, left - 8, y + cell / 2 - 9, size=15, anchor="end")
        sheet.text(f"{len(maps)} × {maps.shape[1]}²", left - 8, y + cell / 2 + 9, "soft", size=15, anchor="end")
        for place, channel in enumerate(chosen.tolist()):
            x = left + place * (cell + 5)
            sheet.picture(maps[channel] / maps.max().clamp(min=1e-6), x, y, cell, cell)
            sheet.box(x, y, cell, cell)
    likely = seen["classify"].softmax(0).tolist()
    y, step = top + (cell + 10) * len(rows) + 88, 39
    sheet.text("probability", left - 8, y - 34, size=15, anchor="end")
    for place, (letter, value) in enumerate(zip(letters.LETTERS, likely)):
        x = left + place * step
        sheet.box(x, y - 76 * value, 26, 76 * value, "c" if value == max(likely) else "a")
        sheet.text(letter, x + 13, y + 14)
        if value > 0.01:
            sheet.text(number(round(value, 2)), x + 13, y - 76 * value - 10, "soft", size=15)
    return sheet.svg()


def confusions(table: Sequence[Sequence[float]]) -> SVG:
    """How often each letter (row) was read as each (column). Frequent errors are darker, right answers are plain."""
    cell, left, top = 38, 70, 56
    most = max(value for i, row in enumerate(table) for j, value in enumerate(row) if i != j) or 1
    depth = lambda i, j: 0 if i == j else -(-4 * table[i][j] // most)
    sheet = Sheet(570, top + cell * len(table) + 6)
    kind = lambda i, j: "+".join(["cell", *["b"] * int(depth(i, j))])
    shown = [[number(value) if value else "" for value in row] for row in table]
    sheet.grid(len(table), len(table), left, top, cell, kind, shown)
    for at, letter in enumerate(letters.LETTERS):
        sheet.text(letter, left + (at + 0.5) * cell, top - 14, size=17)
        sheet.text(letter, left - 16, top + (at + 0.5) * cell, size=17)
    sheet.text("read", left + len(table) * cell / 2, 14, "soft")
    sheet.text("printed", 4, top - 14, "soft", anchor="start")
    return sheet.svg()
