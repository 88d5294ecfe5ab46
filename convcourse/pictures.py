"""Pictures of pooling and of a classifier's errors, drawn from what students' own functions return."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convcourse.plots import BLUE, GRID, INK, ORANGE, SOFT

BETWEEN = 0.35  # of a panel's height, between two panels


def arrows(panels: Sequence[torch.Tensor], links: Sequence[torch.Tensor], titles: Sequence[str]) -> Figure:
    """Draws planes side by side, and arrows that say where the values of pooled planes come from and go to.

    Args:
        panels: (H, W) each, all equally high on the page. An image, its pooled plane, and perhaps an unpooled one.
        links: one for each gap. int64 of the pooled plane's shape: for each of its pixels the row · width + column of
            the pixel in the other panel of the gap.
        titles: one a panel.

    Raises:
        ValueError: as many gaps as links are not there, or a link has not the shape of a panel beside it.
    """
    if len(links) != len(panels) - 1 or len(titles) != len(panels):
        raise ValueError(f"arrows got {len(panels)} panels, {len(links)} links and {len(titles)} titles.")
    figure, axes = plt.subplots(figsize=(3.0 * len(panels), 3.2))
    lefts, at = [], 0.0
    for panel, title in zip(panels, titles):
        height, width = panel.shape
        axes.imshow(panel.detach(), extent=(at, at + width / height, 1, 0), vmin=0, vmax=1)
        axes.add_patch(Rectangle((at, 0), width / height, 1, fill=False, edgecolor=GRID))
        axes.text(at + width / height / 2, -0.04, title, ha="center", va="bottom")
        lefts.append(at)
        at += width / height + BETWEEN

    def centre(number: int, place: int) -> tuple[float, float]:
        height, width = panels[number].shape
        row, column = divmod(place, width)
        return lefts[number] + (column + 0.5) / height, (row + 0.5) / height

    for gap, link in enumerate(links):
        pooled = gap + 1 if panels[gap + 1].shape == link.shape else gap
        if panels[pooled].shape != link.shape:
            raise ValueError(f"arrows got a link of shape {tuple(link.shape)} beside no panel of this shape.")
        for place, other in enumerate(link.flatten().tolist()):
            ends = centre(gap, other if pooled > gap else place), centre(gap + 1, place if pooled > gap else other)
            axes.annotate("", ends[1], ends[0], arrowprops={"arrowstyle": "->", "color": ORANGE, "lw": 0.9})
    axes.set(xlim=(-0.02, at - BETWEEN + 0.02), ylim=(1.02, -0.12), aspect="equal")
    axes.set_axis_off()
    return figure


def windows(n: int, kernel_size: int, stride: int, count: int, title: str) -> Figure:
    """Draws a row of n pixels and below it the first `count` windows; what hangs over the end is drawn hollow."""
    figure, axes = plt.subplots(figsize=(6.4, 0.45 + 0.2 * count))
    for pixel in range(n):
        axes.add_patch(Rectangle((pixel, 0), 1, 1, facecolor=GRID, edgecolor=SOFT))
        axes.text(pixel + 0.5, 0.52, str(pixel), ha="center", va="center", color=INK, fontsize=9)
    for window in range(count):
        start, end, low = window * stride, window * stride + kernel_size, -0.75 - 0.75 * window
        for first, last, colour in ((start, min(end, n), BLUE), (max(start, n), end, "none")):
            if first < last:
                bar = (first + 0.06, low - 0.2), last - first - 0.12, 0.4
                axes.add_patch(Rectangle(*bar, facecolor=colour, edgecolor=BLUE if colour == BLUE else ORANGE))
    last = max(n, (count - 1) * stride + kernel_size)
    axes.set(xlim=(-0.1, last + 0.1), ylim=(-0.75 * count - 0.4, 1.1), aspect="equal")
    axes.set_title(title, loc="left")
    axes.set_axis_off()
    return figure


def confusions(images: torch.Tensor, labels: torch.Tensor, guesses: torch.Tensor, examples: int = 8) -> Figure:
    """Draws how often a class was taken for another one, and the first images that were.

    Args:
        images: (N, 1, H, W) in 0…1.
        labels: (N,), int64: what they are.
        guesses: (N,), int64: what was read.
        examples: how many wrong images are drawn at most.
    """
    classes = int(torch.stack([labels.max(), guesses.max()]).max()) + 1
    table = torch.bincount(labels * classes + guesses, minlength=classes**2).reshape(classes, classes)
    wrong = (guesses != labels).nonzero().flatten()[:examples]
    figure, grid = plt.subplot_mosaic(
        [["table"] * examples, [f"{i}" for i in range(examples)]], figsize=(6.4, 5.2), height_ratios=[4, 1]
    )
    axes = grid["table"]
    errors = table - torch.diag(table.diag())
    axes.imshow(errors, cmap="Oranges", vmin=0, vmax=max(4, int(errors.max())))
    for row in range(classes):
        for column in range(classes):
            if table[row, column]:
                axes.text(column, row, str(int(table[row, column])), ha="center", va="center", fontsize=9, color=INK)
    axes.set(xticks=range(classes), yticks=range(classes), xlabel="read", ylabel="written")
    for place in range(examples):
        panel = grid[f"{place}"]
        panel.set_axis_off()
        if place < len(wrong):
            one = wrong[place]
            panel.imshow(images[one, 0], vmin=0, vmax=1)
            panel.set_title(f"{int(labels[one])} → {int(guesses[one])}", fontsize=10)
    return figure
