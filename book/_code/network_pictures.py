"""Chapter 2's pictures of networks: drawn from the module itself, its maps for one image, and what four networks
read while a letter drifts."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import drawsvg
import torch
from IPython.display import SVG
from torch import nn

from _code import letter_network, letters
from _code.drawing import Sheet, number
from convcourse import plots

# Of each way the line in pictures, as the page's plots draw it: a colour of the sheet, and dashes.
LINES = {"max": ("a", ""), "stride": ("b", "7.4 3.2"), "average": ("d", "12.8 3.2 2 3.2"), "blur": ("ink", "2 3.3")}
LIGHT, DARK = (f":root {{ --d: {colour} }}" for colour in (plots.PLUM, plots.DARK[plots.PLUM]))
PLUM = f"{LIGHT} @media (prefers-color-scheme: dark) {{ {DARK} }}"  # which a sheet does not have


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


def first_of_each(scenes: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The first scene of each letter (12, 1, 38, 38), in the 256 shades of a picture."""
    chosen = torch.stack([scenes[labels == letter][0] for letter in range(len(letters.LETTERS))])
    return (255 * chosen).round() / 255


def _scenes(sheet: Sheet, scenes: torch.Tensor, chosen: int) -> None:
    """The scenes (12, 1, 38, 38) in a row at the top, the chosen one in a frame. Live figures take them from there."""
    step, size = sheet.drawing.width / len(scenes), 42
    for at, scene in enumerate(scenes[:, 0]):
        x = step * (at + 0.5) - size / 2
        sheet.picture(scene, x, 3, size, size)
        sheet.box(x, 3, size, size, "frame" if at == chosen else "cell")


def strip(net: nn.Sequential, scenes: torch.Tensor, letter: str) -> SVG:
    """From left to right the image of a letter and all maps after each pooling, below them the probabilities of the
    classes, above them the scenes (12, 1, 38, 38) of all letters."""
    chosen = letters.LETTERS.index(letter)
    seen = {step.name: step.output for step in steps(net, letters.view(scenes[chosen]))}
    sheet, top, gap = Sheet(570, 378), 90, 3
    _scenes(sheet, scenes, chosen)
    sheet.text("image", 66, top - 16)
    sheet.picture(letters.view(scenes[chosen])[0], 4, top, 124, 124)
    x = 146.0
    for name, columns, cell in (("pool1", 2, 36), ("pool2", 4, 36), ("pool3", 6, 23)):
        maps, wide = seen[name], columns * (cell + gap) - gap
        sheet.text(f"{len(maps)} × {maps.shape[1]}²", x + wide / 2, top - 16)
        for at, each in enumerate(maps / maps.max()):
            left, high = x + at % columns * (cell + gap), top + at // columns * (cell + gap)
            sheet.picture(each, left, high, cell, cell)
        x += wide + 18
    likely = seen["classify"].softmax(0).tolist()
    sheet.text("probability", 4, top + 194, anchor="start")
    for at, (name, value) in enumerate(zip(letters.LETTERS, likely)):
        x, y = 98 + at * 40, top + 262
        sheet.box(x, y - 76 * value, 26, 76 * value, "c" if value == max(likely) else "a")
        sheet.text(name, x + 13, y + 13)
        if value > 0.01:
            sheet.text(number(round(value, 2)), x + 13, y - 76 * value - 10, "soft")
    return sheet.svg()


def drift(nets: Mapping[str, nn.Module], scenes: torch.Tensor, letter: str) -> SVG:
    """One letter, and for each network the probability of this letter against the shift to the right. Below each curve
    stands what the network reads, grey where it is wrong, with a line where the answer flips. Above are the scenes
    (12, 1, 38, 38) of all letters."""
    chosen = letters.LETTERS.index(letter)
    sheet, left, top, block = Sheet(570, 486), 236, 60, 100
    sheet.drawing.append_css(PLUM)
    _scenes(sheet, scenes, chosen)
    sheet.picture(letters.view(scenes[chosen])[0], 4, top, 190, 190)
    sheet.text("not moved", 99, top + 206, "soft")
    shifts = range(-letters.MARGIN, letters.MARGIN + 1)
    cell = (566 - left) / len(shifts)
    for at, (way, net) in enumerate(nets.items()):
        (seen,) = letter_network.drift(net, scenes[chosen][None]).unbind(1)
        read = [letters.LETTERS[i] for i in seen.argmax(1)]
        _trace(sheet, left, top + block * at, cell, way, read, seen[:, chosen].tolist(), letter)
    for step, shift in enumerate(shifts):
        sheet.text(number(shift), left + (step + 0.5) * cell, top + block * len(nets) + 4, "soft")
    return sheet.svg()


def _trace(
    sheet: Sheet, left: float, top: float, cell: float, way: str, read: list[str], sure: list[float], letter: str
) -> None:
    """One network's curve of `drift`, with ``cell`` pixels from one shift to the next."""
    colour, dashes = LINES[way]
    style = f"fill: none; stroke: var(--{colour}); stroke-width: 2; stroke-dasharray: {dashes or 'none'}"
    x = lambda step: left + (step + 0.5) * cell
    y = lambda value: top + 66 - 46 * value
    middle = len(read) // 2
    sheet.drawing.append(drawsvg.Line(left, top + 8, left + 30, top + 8, style=style))
    sheet.text(way, left + 36, top + 8, anchor="start")
    sheet.text(f"reads “{read[middle]}”, {sure[middle]:.2f} for “{letter}”", 566, top + 8, anchor="end")
    for end in (0, 1):
        sheet.line(left, y(end), 566, y(end))
        sheet.text(end, left - 6, y(end), "soft", anchor="end")
    points = [along for step, value in enumerate(sure) for along in (x(step), y(value))]
    sheet.drawing.append(drawsvg.Lines(*points, style=style))
    for step, value in enumerate(sure):
        dot = drawsvg.Circle(x(step), y(value), 5 if step == middle else 2, style=f"fill: var(--{colour})")
        sheet.drawing.append(dot)
    flips = [step for step, (before, after) in enumerate(pairwise(read), 1) if before != after]
    for first, end in pairwise([0, *flips, len(read)]):
        kind = "cell" if read[first] == letter else "plane"
        sheet.box(x(first - 0.5) + 2, top + 72, (end - first) * cell - 4, 20, kind, round=4)
        for step in range(first, end):
            sheet.text(read[step], x(step), top + 82)
    for step in flips:
        sheet.line(x(step - 0.5), y(1), x(step - 0.5), top + 92, "edge")
