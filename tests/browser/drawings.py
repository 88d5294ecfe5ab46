"""What stands in the drawings of live figures: numbers, cells, pixels."""

import base64
import io

import numpy as np
import torch
from PIL import Image


def number(words: str) -> float:
    return float(words.replace("−", "-"))


def set_slider(figure, name: str, value: int) -> None:
    figure.get_by_label(name, exact=False).and_(figure.locator("input[type=range]")).first.fill(str(value))


def table(drawing) -> torch.Tensor:
    """The numbers of a drawn grid, as they stand."""
    cells = drawing.evaluate(
        """svg => [...svg.querySelectorAll('g')].map(g => {
            const {x, y} = g.querySelector('rect');
            return [y.baseVal.value, x.baseVal.value, g.textContent];
        })"""
    )
    rows: dict[float, list[float]] = {}
    for y, _, words in sorted(cells):
        rows.setdefault(y, []).append(number(words))
    return torch.tensor(list(rows.values()))


def marked(drawing, kind: str) -> list[tuple[float, float]]:
    """Row and column of each cell of this kind, in cells."""
    rectangles = drawing.evaluate(
        """(svg, kind) => [...svg.querySelectorAll(`rect.${kind}`)].map(rect =>
            ['y', 'x'].map(side => (rect[side].baseVal.value - 1) / rect.width.baseVal.value))""",
        kind,
    )
    return sorted(map(tuple, rectangles))


def cell_middle(drawing, row: int, column: int, size: int) -> tuple[float, float]:
    """Where the pointer must go on the screen."""
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    scale = box["width"] / float(drawing.get_attribute("width"))
    return box["x"] + (1 + (column + 0.5) * size) * scale, box["y"] + (1 + (row + 0.5) * size) * scale


def canvas_pixels(canvas) -> torch.Tensor:
    """Brightness of a canvas in 0…1."""
    address = canvas.evaluate("canvas => canvas.toDataURL()")
    return grey(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))))


def grey(picture: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.asarray(picture.convert("RGB"), np.float32).mean(2) / 255)
