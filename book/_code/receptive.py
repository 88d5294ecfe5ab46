"""How far the units of a stack of layers see: asked of PyTorch's gradient, and drawn on a photograph."""

from collections.abc import Sequence
from typing import NamedTuple

import drawsvg
import torch
import torch.nn.functional as F
from IPython.display import SVG

from _code.drawing import Sheet


class Window(NamedTuple):
    """A convolution or a pooling along one axis. It keeps the size where its kernel is odd and its stride is 1."""

    kernel: int
    stride: int = 1
    dilation: int = 1

    @property
    def padding(self) -> int:
        """Zeros before the row, and as many after it."""
        return self.dilation * (self.kernel - 1) // 2


FIVE = (Window(3), Window(3), Window(2, 2), Window(3), Window(3))


def units(layers: Sequence[Window], row: torch.Tensor) -> torch.Tensor:
    """What comes out of layers of ones for a row (n,), as a row."""
    x = row[None, None]
    for layer in layers:
        ones = torch.ones(1, 1, layer.kernel, dtype=x.dtype)
        x = F.conv1d(x, ones, None, layer.stride, layer.padding, layer.dilation)
    return x[0, 0]


def reached(layers: Sequence[Window], unit: int, pixels: int) -> tuple[int, int]:
    """The first and the last pixel of a row that a unit depends on, by the unit's gradient."""
    row = torch.zeros(pixels, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(units(layers, row)[unit], row)
    found = gradient.nonzero().flatten()
    return int(found[0]), int(found[-1])


def picture(photo: torch.Tensor, layers: Sequence[Window] = FIVE) -> SVG:
    """A square photograph (3, n, n) with what one unit of the last layer sees, and beside it the size of this field and
    the jump from unit to unit, after each layer."""
    pixels = photo.shape[-1]
    sheet, side, left = Sheet(570, 290), 270, 300
    scale, middle = side / pixels, len(units(layers, torch.zeros(pixels))) // 2
    sheet.picture(photo, 2, 10, side, side)
    first, last = reached(layers, middle, pixels)
    corner, size = first * scale, (last + 1 - first) * scale
    for colour, wide in (("#10151b", 4), ("#f0965a", 2.5)):  # on a photograph, so in both themes
        style = f"fill: none; stroke: {colour}; stroke-width: {wide}"
        sheet.drawing.append(drawsvg.Rectangle(2 + corner, 10 + corner, size, size, style=style))
    sizes, jumps = [], []
    for count in range(1, len(layers) + 1):
        middle = len(units(layers[:count], torch.zeros(pixels))) // 2
        (first, last), (after, _) = (reached(layers[:count], unit, pixels) for unit in (middle, middle + 1))
        sizes.append(last - first + 1)
        jumps.append(after - first)
    column = (566 - left) / len(layers)
    for top, title, values in [(10, "size of the field", sizes), (160, "jump", jumps)]:
        sheet.text(f"{title}, in pixels", left, top + 8, anchor="start")
        for at, (value, layer) in enumerate(zip(values, layers)):
            x, tall = left + (at + 0.5) * column, 70 * value / max(values)
            sheet.box(x - 0.35 * column, top + 104 - tall, 0.7 * column, tall, "a" if layer.stride == 1 else "c")
            sheet.text(value, x, top + 94 - tall)
            stride = f" / {layer.stride}" if layer.stride > 1 else ""
            sheet.text(f"{layer.kernel}{stride}", x, top + 116, "soft")
    return sheet.svg()
