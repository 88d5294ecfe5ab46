"""A sheet to draw on: grids of cells, arrows, labels, small photographs, in one palette for light and dark."""

import io
from collections.abc import Callable, Sequence

import drawsvg
import numpy as np
import torch
from IPython.display import SVG
from PIL import Image

STYLE = """
:root { --ink: #1f2328; --soft: #59636e; --line: #b6bec8; --pad: #eceff3;
  --a: #0b62c1; --b: #c4501b; --c: #3a7d2c; --on: #ffffff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --soft: #a9b4c0; --line: #5a6a80; --pad: #2a3340;
    --a: #5eb0f2; --b: #f0965a; --c: #7fc96d; --on: #10151b } }
text { fill: var(--ink); font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif }
.soft { fill: var(--soft) } .ta { fill: var(--a) } .tb { fill: var(--b) } .tc { fill: var(--c) }
.cell { fill: none; stroke: var(--line) }
.pad { fill: var(--pad); stroke: var(--line); stroke-dasharray: 2 2 }
.a { fill: var(--a); fill-opacity: .26; stroke: var(--a) }
.b { fill: var(--b); fill-opacity: .26; stroke: var(--b) }
.c { fill: var(--c); fill-opacity: .26; stroke: var(--c) }
.frame { fill: none; stroke: var(--a); stroke-width: 2.5 }
.frame2 { fill: none; stroke: var(--b); stroke-width: 2.5; stroke-dasharray: 6 4 }
.edge { fill: none; stroke: var(--soft) } .hollow { fill: none; stroke: var(--b); stroke-width: 1.5 }
.beyond { fill: none; stroke: var(--line); stroke-dasharray: 1 4 } .bar { stroke-width: 6 }
.plane { fill: var(--pad); stroke: var(--ink) }
.wire { fill: none; stroke: var(--line) } .wa { stroke: var(--a) } .wb { stroke: var(--b) } .wc { stroke: var(--c) }
.heavy { stroke-width: 2 }
.arrow { fill: none; stroke: var(--ink); stroke-width: 1.5 } .head { fill: var(--ink) } .faint { opacity: .5 }
.lost { stroke: var(--b); stroke-width: 1.5 }
image { image-rendering: pixelated }
"""

Kind = str | Callable[[int, int], str]


class Sheet:
    """A drawing of ``width`` × ``height`` pixels, origin at the top left; every method draws and returns nothing."""

    def __init__(self, width: float, height: float):
        self.drawing = drawsvg.Drawing(width, height)
        self.drawing.append_css(STYLE)

    def svg(self) -> SVG:
        """The picture as a notebook's output."""
        return SVG(self.drawing.as_svg())

    def text(self, words: object, x: float, y: float, kind: str = "", size: float = 15, anchor: str = "middle") -> None:
        """Words whose vertical middle lies at ``y``."""
        self.drawing.append(
            drawsvg.Text(str(words), size, x, y, text_anchor=anchor, dominant_baseline="central", class_=kind)
        )

    def box(self, x: float, y: float, width: float, height: float, kind: str = "cell", round: float = 0) -> None:
        """A rectangle."""
        self.drawing.append(drawsvg.Rectangle(x, y, width, height, class_=kind, rx=round))

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str = "wire") -> None:
        """A straight line."""
        self.drawing.append(drawsvg.Line(x1, y1, x2, y2, class_=kind))

    def dot(self, x: float, y: float, radius: float = 7, kind: str = "plane") -> None:
        """A circle."""
        self.drawing.append(drawsvg.Circle(x, y, radius, class_=kind))

    def arrow(self, x1: float, y1: float, x2: float, y2: float, kind: str = "arrow") -> None:
        """An arrow from the first point to the second."""
        dx, dy = x2 - x1, y2 - y1
        length = (dx * dx + dy * dy) ** 0.5
        dx, dy = 7 * dx / length, 7 * dy / length
        self.line(x1, y1, x2 - dx, y2 - dy, kind)
        self.drawing.append(
            drawsvg.Lines(x2, y2, x2 - dx - dy / 2, y2 - dy + dx / 2, x2 - dx + dy / 2, y2 - dy - dx / 2, class_="head")
        )

    def grid(
        self, rows: int, cols: int, x: float, y: float, size: float, kind: Kind = "cell", words: Sequence | None = None
    ) -> None:
        """``rows`` × ``cols`` square cells; ``kind`` is a class or a function (row, col) → class; ``words[row][col]``
        is written into the cells, as large as its letters allow. Cells of kind "cell" are drawn first, so that coloured
        borders lie on top."""
        cells = [(i, j, kind if isinstance(kind, str) else kind(i, j)) for i in range(rows) for j in range(cols)]
        for i, j, each in sorted(cells, key=lambda item: item[2] not in ("cell", "pad")):
            for part in each.split("+"):
                self.box(x + j * size, y + i * size, size, size, part)
            if words is not None:
                letter = max(size / 2, min(0.68 * size, 20) if len(str(words[i][j])) <= 2 else 0)
                self.text(words[i][j], x + (j + 0.5) * size, y + (i + 0.5) * size, size=letter)

    def cross(self, x: float, y: float, size: float) -> None:
        """A small cross in a cell: this pixel is lost."""
        low, high = 0.3 * size, 0.7 * size
        self.line(x + low, y + low, x + high, y + high, "lost")
        self.line(x + low, y + high, x + high, y + low, "lost")

    def picture(self, image: torch.Tensor, x: float, y: float, width: float, height: float) -> None:
        """A grey (H, W) or coloured (3, H, W) image with values in 0…1, stretched to the given place."""
        data = io.BytesIO()
        pixels = (image.detach().clamp(0, 1) * 255).round().byte().numpy()
        Image.fromarray(np.moveaxis(pixels, 0, -1) if pixels.ndim == 3 else pixels).save(data, "PNG", optimize=True)
        self.drawing.append(drawsvg.Image(x, y, width, height, data=data.getvalue(), mime_type="image/png", embed=True))


def number(value: float) -> str:
    """A number as people write it: no trailing zeros, a true minus sign."""
    return f"{value:g}".replace("-", "−")
