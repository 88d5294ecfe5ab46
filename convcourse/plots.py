"""One quiet style for all figures: few fixed colours, told apart by the colour-blind, right on white and dark pages.

In the book, figures are SVGs with a style block inside which exchanges each colour of the palette for its dark twin
when the page is dark (`to_svg`). So draw with the palette's names, never with ``"black"`` or a colour of your own.
In a notebook figures are PNGs without a ground of their own: JupyterLab's theme is not known when they are drawn, and
it may change. So text and lines are of a middle brightness there, which is legible on white and on black. What is
written on a light ground that is part of the figure is in `INK`.
"""

import base64
import io
import os
import re
from collections.abc import Sequence
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont
from matplotlib.layout_engine import PlaceHolderLayoutEngine
from matplotlib.patches import Rectangle
from matplotlib_inline import backend_inline as inline
from PIL import Image, ImageDraw, ImageFont

INK, SOFT, GRID = "#1f2328", "#59636e", "#d0d7de"
BLUE, ORANGE, PLUM = "#0b62c1", "#c4501b", "#8a1c5a"
DARK = {INK: "#e6e6e6", SOFT: "#a9b4c0", GRID: "#48566b", BLUE: "#5eb0f2", ORANGE: "#f0965a", PLUM: "#c65ba0"}

# As bright as can be read on white and on a dark page alike (contrast above 4 with either), for figures in notebooks.
MIDDLE = "#797979"
ON_BOTH = {INK: MIDDLE, SOFT: MIDDLE, PLUM: "#bb4a8f"}

# For labels, label 0 first: Okabe and Ito's colours, which the colour-blind tell apart, on a dark ground.
LABELS = ("#262a30", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#0072b2")

GRADED = bool(os.environ.get("NBGRADER_EXECUTION"))  # then pictures are drawn in haste
# Pixels per inch that a picture keeps: half as many again as a common screen shows, or a little fewer.
SCREEN = 75 if GRADED else 150
GAP = 0.06  # between the panels of a row, as a part of their height
ABOVE = 0.06  # between a panel and its title, in inches
# Points for each inch of a figure's width that give letters of 9 pixels on a phone, where figures shrink to 342.
PHONE = 9 / 342 * 72


def in_book() -> bool:
    """True while the book is built (its Sphinx extension sets ``CONVCOURSE_BOOK=1``)."""
    return os.environ.get("CONVCOURSE_BOOK") == "1"


def on_page(colour: str) -> str:
    """A colour of the palette for what stands on the page itself: another one in notebooks, where pages are of any
    brightness."""
    return colour if in_book() or GRADED else ON_BOTH.get(colour, colour)


def style() -> None:
    """Sets matplotlib's defaults: the palette, thin axes, grey images without smoothing, the same bytes each time."""
    paper, ink, soft = "white" if GRADED else "none", on_page(INK), on_page(SOFT)
    # It would ask JupyterLab for a white ground behind figures that have none.
    inline._fetch_figure_metadata = lambda figure: None
    matplotlib.rcParams.update(
        {
            "figure.facecolor": paper,
            "axes.facecolor": paper,
            "savefig.facecolor": paper,
            "legend.frameon": False,
            "text.color": ink,
            "axes.labelcolor": ink,
            "axes.titlecolor": ink,
            "axes.edgecolor": soft,
            "xtick.color": soft,
            "ytick.color": soft,
            "grid.color": GRID,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": cycler(color=[BLUE, ORANGE, on_page(PLUM)], linestyle=["-", "--", "-."]),
            "lines.linewidth": 2,
            "font.size": 11,
            "axes.titlesize": 11,
            "figure.figsize": (5.8, 2.8),
            "figure.constrained_layout.use": True,
            "image.cmap": "gray",
            "image.interpolation": "none",
            "svg.fonttype": "path",
            "svg.hashsalt": "convcourse",
        }
    )


def install() -> None:
    """`style`; in the book's build figures also become SVGs that follow the page. Call it after the imports."""
    style()
    if not in_book():
        return
    from IPython.core.getipython import get_ipython
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    shell = get_ipython()
    if shell is None or shell.display_formatter is None:
        raise RuntimeError("CONVCOURSE_BOOK=1 is for the book's build, where cells run in IPython; here is no IPython.")
    set_matplotlib_formats()  # no PNG beside the SVG
    shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, to_svg)


def to_svg(figure: Figure) -> str:
    """The figure as one SVG for light and dark pages; the same figure gives the same bytes."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    rules = "".join(
        f'[style*="{what}: {light}"]{{{what}:{dark} !important}}'
        for light, dark in DARK.items()
        for what in ("fill", "stroke")
    )
    block = f"<style>@media (prefers-color-scheme: dark){{{rules}}}</style>"
    return re.sub(r"<svg[^>]*>", lambda tag: tag[0] + block, text.getvalue(), count=1)


class Pixels(Artist):
    """Pixels as they are, at the lower left of a figure that has as many. Matplotlib's own take five times as long."""

    def __init__(self, pixels: np.ndarray):
        super().__init__()
        self.pixels = np.ascontiguousarray(pixels[::-1])

    def draw(self, renderer: RendererBase) -> None:
        """Draw the pixels as they are, unscaled, from the lower left corner."""
        context = renderer.new_gc()
        renderer.draw_image(context, 0, 0, self.pixels)
        context.restore()


class Row(Figure):
    """What `show_row` draws: an ordinary figure which shows itself once, be it a cell's last value or not."""

    def _ipython_display_(self) -> None:
        from IPython.display import display

        plt.close(self)  # else it would be shown again at the end of the cell
        bundle: dict[str, Any]
        if in_book():
            bundle = {"image/svg+xml": to_svg(self)}
        else:
            canvas, file = FigureCanvasAgg(self), io.BytesIO()
            canvas.draw()  # `savefig` would draw twice, for the sake of the layout
            drawn, kind = Image.fromarray(np.asarray(canvas.buffer_rgba())), "jpeg" if GRADED else "png"
            if GRADED:  # a tenth of a PNG's time
                drawn.convert("RGB").save(file, kind, quality=95, subsampling=0)
            else:
                drawn.save(file, kind)
            bundle = {f"image/{kind}": base64.b64encode(file.getvalue()).decode()}
        display({**bundle, "text/plain": repr(self)}, raw=True)


def show_row(
    panels: Sequence[Any],
    titles: Sequence[str] | None = None,
    *,
    height: float = 1.6,
    vmin: float | None = None,
    vmax: float | None = None,
) -> Figure:
    """Draws images side by side, all equally high, joined into one (ten axes would cost six times as much).

    Args:
        panels: arrays or tensors. ``(H, W)`` and ``(1, H, W)`` are grey, ``(3, H, W)`` and ``(H, W, 3)`` colours.
            A grey panel goes from its least value in black to its greatest in white, a constant one is mid-grey;
            colours are shown as they are, cut to 0…1 (floats) or 0…255 (bytes). What is not finite is orange.
        titles: one a panel, written above it.
        height: of the panels, in inches.
        vmin: what is black in every panel, in place of each panel's own least value.
        vmax: what is white.

    Raises:
        ValueError: no panels, a shape that is none of these, or as many titles as there are not panels.
    """
    if not len(panels):
        raise ValueError("show_row got no panels; give it a list of images.")
    if titles is not None and len(titles) != len(panels):
        raise ValueError(f"show_row got {len(panels)} panels and {len(titles)} titles; give one title for each panel.")
    pictures = [_pixels(panel, vmin, vmax) for panel in panels]
    tallest = max(len(picture) for picture in pictures)
    high = round(height * SCREEN)
    if tallest <= high:  # whole multiples keep the pixels of the tallest square and equal
        high = tallest * max(1, round(high / tallest))
    pictures = [_resize(picture, high) for picture in pictures]

    gap = round(GAP * high)
    starts = np.cumsum([0] + [picture.shape[1] + gap for picture in pictures])
    joined = np.zeros((high, starts[-1] - gap, 4), np.uint8)  # transparent where no panel lies
    for start, picture in zip(starts, pictures):
        joined[:, start : start + picture.shape[1]] = picture

    above = 0.28 if titles is not None else 0.0
    size = (height * joined.shape[1] / high, height + above)
    # Not layout="none": saving such a figure twice puts the default engine back, which warns.
    dpi = high / height if GRADED else None
    figure = plt.figure(FigureClass=Row, figsize=size, dpi=dpi, layout=PlaceHolderLayoutEngine(True, True))
    middles = [(start + picture.shape[1] / 2) / joined.shape[1] for start, picture in zip(starts, pictures)]
    titled = list(zip(titles or [], middles))
    if GRADED:  # axes and text take nearly all the time; but only they keep an SVG's pixels and titles as they are
        strip, titled = _written(titled, joined.shape[1], round(above * figure.dpi), figure.dpi)
        figure.add_artist(Pixels(np.concatenate([strip, joined])))
    else:
        axes = figure.add_axes((0, 0, 1, height / size[1]))
        axes.imshow(joined, aspect="auto")
        axes.set_axis_off()
        if not in_book():  # else white pixels would run into a white page, and black ones into a black page
            for start, picture in zip(starts, pictures):
                corner, wide = (start - 0.5, -0.5), picture.shape[1]
                axes.add_patch(Rectangle(corner, wide, high, fill=False, edgecolor=MIDDLE, lw=1.0))
    letters = max(plt.rcParams["font.size"], PHONE * size[0] if in_book() else 0)
    for title, middle in titled:
        figure.text(middle, (height + ABOVE) / size[1], title, ha="center", va="bottom", fontsize=letters)
    return figure


def _written(
    titled: Sequence[tuple[str, float]], wide: int, high: int, dpi: float
) -> tuple[np.ndarray, list[tuple[str, float]]]:
    """A strip of pixels with the titles that are one line of plain text, and those that are not."""
    font = ImageFont.truetype(findfont("DejaVu Sans"), plt.rcParams["font.size"] * dpi / 72)
    strip = Image.new("RGBA", (wide, high))
    pen, others = ImageDraw.Draw(strip), []
    for title, middle in titled:
        if "$" in title or "\n" in title:
            others.append((title, middle))
        else:
            pen.text((middle * wide, high - ABOVE * dpi), title, INK, font, anchor="md")
    return np.asarray(strip), others


def labels(mask: Any, count: int) -> Any:
    """A mask (H, W) of the labels 0, 1, … ``count - 1`` as a picture (3, H, W), float32 in 0…1; label 0 is dark.

    Raises:
        ValueError: there are more labels than colours to tell them apart.
    """
    import torch

    if count > len(LABELS):
        raise ValueError(f"labels got {count} labels, there are colours for {len(LABELS)}; draw fewer at a time.")
    table = torch.tensor([[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in LABELS])
    return table[mask].permute(2, 0, 1)


def _pixels(panel: Any, vmin: float | None, vmax: float | None) -> np.ndarray:
    """A panel as bytes of shape (H, W, 4)."""
    values = np.asarray(panel.detach().cpu() if hasattr(panel, "detach") else panel)
    shape = values.shape
    if values.ndim == 3 and shape[0] in (1, 3):
        values = np.moveaxis(values, 0, -1)
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or values.shape[-1] not in (1, 3) or not values.size:
        raise ValueError(
            f"show_row got a panel of shape {shape}; it shows (H, W), (1, H, W), (3, H, W) and (H, W, 3). "
            "Take one image of a batch, and one channel at a time of a feature map."
        )
    grey = values.shape[-1] == 1
    whole = 255.0 if values.dtype == np.uint8 and not grey else 1.0
    values = values.astype(np.float64)
    finite = np.isfinite(values).all(axis=-1)
    low, high = 0.0, whole
    if grey and finite.any():
        sound = values[finite]
        low, high = sound.min(), sound.max()
    low, high = low if vmin is None else vmin, high if vmax is None else vmax
    shown = np.empty((*finite.shape, 4), np.uint8)
    values = (values - low) / (high - low) if high > low else np.full_like(values, 0.5)
    values[~finite] = 0.0
    shown[..., :3] = np.rint(255 * values.clip(0, 1))
    shown[~finite, :3] = [int(ORANGE[i : i + 2], 16) for i in (1, 3, 5)]
    shown[..., 3] = 255
    return shown


def _resize(picture: np.ndarray, high: int) -> np.ndarray:
    """A picture of the given height: pixels stay squares when it grows, and are averaged when it shrinks."""
    tall, wide = picture.shape[:2]
    method = Image.Resampling.BOX if tall > high else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(picture).resize((max(1, round(wide * high / tall)), high), method))
