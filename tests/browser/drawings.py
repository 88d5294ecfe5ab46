"""What stands in the drawings of live figures: numbers, cells, pixels."""

import base64
import io

import numpy as np
import torch
from PIL import Image


def number(words: str) -> float:
    return float(words.replace("−", "-"))


def set_slider(figure, name: str, value: float) -> None:
    """One that stands right already may be closed, because there is no other value."""
    slider = figure.get_by_role("slider", name=name, exact=True)
    if float(slider.input_value()) != value:
        slider.fill(str(value))


def set_sliders(figure, values: dict[str, float]) -> None:
    for name, value in values.items():
        set_slider(figure, name, value)


def table(drawing) -> torch.Tensor:
    """The numbers of a drawn grid, as they stand; an empty cell is 0. A group of class ``over`` lies over the cells."""
    cells = drawing.evaluate(
        """svg => [...svg.querySelectorAll('g:not(.over):has(> rect)')].map(g => {
            const {x, y} = g.querySelector('rect');
            return [y.baseVal.value, x.baseVal.value, g.textContent];
        })"""
    )
    rows: dict[float, list[float]] = {}
    for y, _, words in sorted(cells):
        rows.setdefault(y, []).append(number(words or "0"))
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
