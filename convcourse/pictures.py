"""Pictures of pooling, of networks and of what they look at, drawn from what students' own code returns."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import nn

from convcourse.plots import BLUE, GRID, INK, ORANGE, PLUM, SOFT, on_page

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
        axes.add_patch(Rectangle((at, 0), width / height, 1, fill=False, edgecolor=on_page(SOFT)))
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
    most = max(4, int(errors.max()))
    axes.imshow(errors, cmap="Oranges", vmin=0, vmax=most)
    for row in range(classes):
        for column in range(classes):
            if table[row, column]:
                ink = "white" if errors[row, column] > 0.6 * most else INK
                axes.text(column, row, str(int(table[row, column])), ha="center", va="center", fontsize=9, color=ink)
    axes.set(xticks=range(classes), yticks=range(classes), xlabel="read", ylabel="written")
    for place in range(examples):
        panel = grid[f"{place}"]
        panel.set_axis_off()
        if place < len(wrong):
            one = wrong[place]
            panel.imshow(images[one, 0], vmin=0, vmax=1)
            panel.set_title(f"{int(labels[one])} → {int(guesses[one])}", fontsize=10)
    return figure


@torch.enable_grad()
def fields(stacks: dict[str, list[tuple[int, int, int]]], found: Sequence[tuple[int, int]]) -> Figure:
    """Draws how much each pixel moves one unit of a stack's last layer, and the squares that were computed for it.

    Args:
        stacks: by title, each a list of (kernel_size, stride, dilation) from input to output.
        found: (size, jump) for each. A square of `size` pixels is drawn around the unit, and one around the unit to
            its right, `jump` pixels further.
    """
    figure, row = plt.subplots(1, len(stacks), figsize=(3.0 * len(stacks), 3.3), squeeze=False)
    for axes, (title, layers), (size, jump) in zip(row[0], stacks.items(), found, strict=True):
        line = torch.zeros(1, 1, 200, dtype=torch.float64, requires_grad=True)
        out = line
        for kernel_size, stride, dilation in layers:
            weight = torch.ones(1, 1, kernel_size, dtype=torch.float64) / kernel_size
            out = F.conv1d(out, weight, stride=stride, dilation=dilation)
        unit = min(3, out.shape[2] - 2)
        (seen,) = torch.autograd.grad(out[0, 0, unit], line)
        start, end = (int(place) for place in seen[0, 0].nonzero()[[0, -1], 0])
        shown = slice(start - 3, max(end, start + size + jump) + 3)
        pixels = seen[0, 0, shown]
        axes.imshow(torch.outer(pixels, pixels), cmap="gray_r")
        for shift, colour, style in ((0, BLUE, "-"), (jump, ORANGE, "--")):
            corner = (2.5 + shift, 2.5)
            axes.add_patch(Rectangle(corner, size, size, fill=False, edgecolor=colour, linestyle=style, lw=2))
        axes.set_title(f"{title}\n{size} pixels, jump {jump}")
        axes.set_axis_off()
    return figure


def costs(network: nn.Module, shape: tuple[int, ...]) -> Figure:
    """Draws, for each layer or block with weights, the numbers of its output, its parameters, its multiplications.

    Args:
        network: on any device. On the meta device nothing is computed, and only shapes pass through it. Layers are
            gathered by the first two words of their names.
        shape: of the images (N, C, H, W), on the network's device.
    """
    rows: dict[str, list[int]] = {}

    def count(name: str, module: nn.Module, out: torch.Tensor) -> None:
        own = list(module.parameters(recurse=False))
        products = sum(p.numel() * out.numel() // out.shape[1] for p in own if p.ndim > 1)
        row = rows.setdefault(".".join(name.split(".")[:2]), [0, 0, 0])
        row[:] = [out.numel(), row[1] + sum(p.numel() for p in own), row[2] + products]

    hooks = [
        module.register_forward_hook(lambda module, _, out, name=name: count(name, module, out))
        for name, module in network.named_modules()
        if any(p.ndim > 1 for p in module.parameters(recurse=False))
    ]
    with torch.no_grad():
        network(torch.zeros(shape, device=next(network.parameters()).device))
    for hook in hooks:
        hook.remove()
    figure, panels = plt.subplots(1, 3, figsize=(7.6, 0.7 + 0.24 * len(rows)), sharey=True)
    titles = ("numbers in the output", "parameters", "multiplications")
    for column, (axes, title) in enumerate(zip(panels, titles)):
        values = [row[column] for row in rows.values()]
        axes.barh(range(len(rows)), values, color=(BLUE, ORANGE, on_page(PLUM))[column])
        axes.set(yticks=range(len(rows)), yticklabels=list(rows), xticks=[])
        axes.set_title(f"{title}{'' if column == 0 else f': {_short(sum(values))}'}", loc="left", fontsize=10)
        for place, value in enumerate(values):
            axes.text(value, place, f" {_short(value)}", va="center", fontsize=8)
        axes.set_xlim(0, 1.35 * max(values))
        axes.spines[["bottom", "left"]].set_visible(False)
    panels[0].invert_yaxis()
    return figure


def _short(number: int) -> str:
    """12,345,678 as "12.3 M"."""
    for unit, word in ((10**9, " G"), (10**6, " M"), (10**3, " k")):
        if number >= unit:
            return f"{number / unit:.3g}{word}"
    return str(number)


@torch.enable_grad()
def branches(network: nn.Module, in_channels: int, widths: dict[str, int]) -> Figure:
    """Draws which pixels the middle unit of each branch of a module depends on.

    Args:
        network: images (N, in_channels, H, W) → (N, channels, H, W), its branches concatenated.
        in_channels: of the images.
        widths: by title, how many channels each branch gives, in their order.
    """
    side = 11
    x = torch.rand(4, in_channels, side, side, generator=torch.Generator().manual_seed(0)).requires_grad_()
    out = network(x)[:, :, side // 2, side // 2]
    figure, row = plt.subplots(1, len(widths), figsize=(2.0 * len(widths), 2.3))
    for axes, (title, part) in zip(row, zip(widths, out.split(list(widths.values()), dim=1))):
        (seen,) = torch.autograd.grad(part.sum(), x, retain_graph=True)
        axes.imshow((seen.abs().sum((0, 1)) > 0).float(), cmap="Blues", vmin=0, vmax=1.6)
        axes.set(xticks=[i - 0.5 for i in range(side)], yticks=[i - 0.5 for i in range(side)], title=title)
        axes.tick_params(length=0, labelleft=False, labelbottom=False)
        axes.grid(color=GRID, linestyle="-", lw=0.7)
        axes.spines[:].set_visible(False)
    return figure


def logits(theirs: torch.Tensor, yours: torch.Tensor) -> Figure:
    """Draws two networks' logits (K,) for one image, from the smallest of the first to its largest."""
    order = theirs.argsort()
    figure, axes = plt.subplots(figsize=(6.4, 2.6))
    axes.plot(theirs[order], label="torchvision's", lw=4, color=GRID)
    axes.plot(yours[order], label="yours", lw=1, color=BLUE, linestyle="-")
    axes.set(xlabel="classes", ylabel="logit", xticks=[])
    axes.set_title(f"largest difference {(theirs - yours).abs().max():.1g}", loc="left")
    axes.legend()
    return figure


def outlined(pairs: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> Figure:
    """Draws images in rows of three, each with a line around what its mask marks.

    Args:
        pairs: an image (3, H, W) or (1, H, W) in 0…1 and its mask (H, W) of 0 and 1, each.
    """
    rows = -(-len(pairs) // 3)
    figure, grid = plt.subplots(rows, 3, figsize=(7.6, 1.75 * rows), squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, (image, mask) in zip(grid.flat, pairs):
        axes.imshow(image.expand(3, -1, -1).permute(1, 2, 0).clamp(0, 1))
        if mask.any() and not mask.all():
            axes.contour(mask, levels=[0.5], colors=BLUE, linewidths=1.5)
    return figure


def heated(image: torch.Tensor, heat: torch.Tensor) -> torch.Tensor:
    """A picture (3, H, W) of an image in grey which is orange where a map says much.

    Args:
        image: (3, H, W) or (1, H, W) in 0…1.
        heat: (H, W). Its least value leaves the image grey, and its greatest makes it orange. A constant map leaves
            all of it grey.
    """
    low, high = heat.aminmax()
    share = 0.75 * (heat.detach() - low) / (high - low).clamp(min=1e-12)
    orange = torch.tensor([int(ORANGE[i : i + 2], 16) / 255 for i in (1, 3, 5)])[:, None, None]
    return (1 - share) * image.mean(0) + share * orange


def spread(values: torch.Tensor, patch_size: int, stride: int, size: tuple[int, int]) -> torch.Tensor:
    """A map (H, W) whose pixels have the mean of the values of all squares that cover them.

    Args:
        values: (rows, columns), of squares of `patch_size` pixels that begin at every `stride`-th pixel.
        size: H and W. Pixels that no square covers have the mean of all values.
    """
    ones = torch.ones(1, 1, patch_size, patch_size)
    both = torch.stack([values, torch.ones_like(values)])[:, None].detach()
    total, count = F.conv_transpose2d(both, ones, stride=stride)[:, 0]  # as far as the squares reach
    reached = torch.where(count > 0, total / count, values.mean())
    rest = size[1] - reached.shape[1], size[0] - reached.shape[0]
    return F.pad(reached, (0, rest[0], 0, rest[1]), value=values.mean().item())
