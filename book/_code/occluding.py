"""Parts of a photograph painted over, as in chapter 5's live figure (``book/_static/covering.mjs``); its picture."""

from collections.abc import Callable

import torch
from IPython.display import SVG
from torch import nn

from _code import explaining
from _code.drawing import Sheet
from convcourse import pretrained

SIDE, CELL = 224, 8  # pixels
GRID = SIDE // CELL
FILLS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {  # for images (3, H, W): what is painted in each channel
    "grey": lambda image: torch.full((3,), 0.5),
    "black": lambda image: torch.zeros(3),
    "white": lambda image: torch.ones(3),
    "mean colour": lambda image: image.mean((1, 2)),
}


def cells(words: str) -> torch.Tensor:
    """Which cells are covered, (28, 28) of 0 and 1, by the words that stand in the figure's address: how many are
    free, how many then covered, then free again, row by row, in base 36 between dots."""
    runs = [torch.full((int(run, 36),), n % 2) for n, run in enumerate(words.split("."))] if words else []
    found = torch.cat([*runs, torch.zeros(GRID**2, dtype=torch.long)])
    return found[: GRID**2].reshape(GRID, GRID)


def square(top: int, left: int, side: int) -> torch.Tensor:
    """The cells of one square: (28, 28)."""
    found = torch.zeros(GRID, GRID, dtype=torch.long)
    found[top : top + side, left : left + side] = 1
    return found


def covered(image: torch.Tensor, mask: torch.Tensor, fill: str = "grey") -> torch.Tensor:
    """An image (3, 224, 224) with the cells of a mask (28, 28) painted over."""
    painted = mask.repeat_interleave(CELL, 0).repeat_interleave(CELL, 1).bool()
    return torch.where(painted, FILLS[fill](image)[:, None, None], image)


def percent(share: float) -> str:
    """A probability in percent, in the live figure's words: below 10 % with one decimal."""
    return f"{100 * share:.{1 if share < 0.0995 else 0}f} %"


@torch.no_grad()
def picture(net: nn.Module, mask: torch.Tensor) -> SVG:
    """The cat with these cells covered, beside the five most probable classes now and before; below, small, the other
    photographs. The live figure reads the photographs back in the order in which they are drawn."""
    sheet, images = Sheet(640, 372), explaining.squares()
    size = 280
    sheet.text("the cat, a part of it covered", size / 2 + 2, 12, size=17)
    sheet.picture(images[0], 2, 26, size, size)
    sheet.box(2, 26, size, size, "edge")
    sheet.drawing.append_css(".over { fill: #808080; stroke: #808080 }")
    cell = size / GRID
    for row, column in mask.nonzero().tolist():
        sheet.box(2 + column * cell, 26 + row * cell, cell, cell, "over")
    for at, image in enumerate(images[1:]):
        sheet.picture(image, 2 + 64 * at, 312, 56, 56)
    sheet.text("more to paint on", 138, 340, "soft", size=17, anchor="start")
    before, now = net(torch.stack([images[0], covered(images[0], mask)])).softmax(1)
    shares, numbers = now.topk(5)
    left, long, first = 320, 220, int(before.argmax())
    sheet.text("the five most probable classes", left + long / 2, 12, size=17)
    for at, (share, number) in enumerate(zip(shares.tolist(), numbers.tolist())):
        top, was = 34 + 44 * at, left + before[number].item() * long
        sheet.text(pretrained.class_names()[number], left, top, size=17, anchor="start")
        sheet.box(left, top + 12, long, 15)
        sheet.box(left, top + 12, share * long, 15, "a" if number == first else "b")
        sheet.line(was, top + 9, was, top + 30, "arrow")
        sheet.text(percent(share), left + long + 10, top + 20, size=17, anchor="start")
    sheet.line(left + 2, 258, left + 2, 278, "arrow")
    sheet.text("without any cover", left + 12, 268, "soft", size=17, anchor="start")
    return sheet.svg()
