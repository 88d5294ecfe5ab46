"""What a change does to the probability of "cat": a picture, with the photographs and masks of the live figure."""

from collections.abc import Mapping, Sequence

import drawsvg
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import SVG

from _code import records, tolerance
from _code.drawing import Sheet, number
from convcourse import plots

WORDS = {"plain": "without augmentation", "augmented": "with augmentation"}
KINDS = {"plain": "b", "augmented": "a"}


def picture(curves: Mapping[str, Sequence[float]], name: str = "angle") -> SVG:
    """The cat's photograph, its mask, and both networks' curves along one change; below, small, the other photographs
    with their masks. The live figure reads the pictures back in the order in which they are drawn.

    Args:
        curves: of each network the probability of "cat" at ``tolerance.settings(name)``.
        name: the change.
    """
    sheet = Sheet(640, 340)
    for at, (photograph, (image, mask)) in enumerate(tolerance.views().items()):
        size, left, top = (168, 2, 30) if at == 0 else (74, 216 * (at - 1) + 22, 260)
        for n, each in enumerate((image, mask.float())):
            sheet.picture(each, left + n * (size + 8), top, size, size)
            sheet.box(left + n * (size + 8), top, size, size, "edge")
        if at == 0:
            sheet.text("photograph", size / 2, 14, size=17)
            sheet.text("its mask", 1.5 * size + 8, 14, size=17)
        else:
            sheet.text(tolerance.OBJECTS[photograph], left + size + 4, top - 11, "soft", size=17)
    _curves(sheet, curves, name, 392, 30, 230, 140)
    return sheet.svg()


def _curves(
    sheet: Sheet, curves: Mapping[str, Sequence[float]], name: str, x: int, y: int, wide: int, high: int
) -> None:
    """A chart whose corner is at (x, y): the settings of the training shaded, one line per network."""
    neutral, low, high_end, _ = tolerance.RANGES[name]
    across = lambda at: x + (at - low) / (high_end - low) * wide
    down = lambda share: y + (1 - share) * high
    first, last = tolerance.SEEN[name]
    sheet.box(across(first), y, across(last) - across(first), high, "pad")
    for share, words in ((0, "0"), (0.5, "½"), (1, "1")):
        sheet.line(x, down(share), x + wide, down(share))
        sheet.text(words, x - 10, down(share), size=17)
    for at in (low, neutral, high_end):
        sheet.text(f"{number(at)}°", across(at), y + high + 14, size=17)
    sheet.text("probability of “cat” by angle", x + wide / 2, 14, size=17)
    for at, (way, values) in enumerate(curves.items()):
        points = [c for setting, p in zip(tolerance.settings(name), values) for c in (across(setting), down(p))]
        dashes = {"stroke_dasharray": "5 3"} if way == "plain" else {}
        kind = f"wire w{KINDS[way]} heavy"
        sheet.drawing.append(drawsvg.Lines(*points, close=False, class_=kind, fill="none", **dashes))
        sheet.box(x, y + high + 32 + at * 20, 14, 11, KINDS[way])
        sheet.text(WORDS[way], x + 22, y + high + 38 + at * 20, size=17, anchor="start")


CHANGES = {
    "angle": "angle, degrees",
    "angle, reflected": "angle, reflected outside",
    "right": "shift to the right, pixels",
    "cutout": "side of the cutout, pixels",
    "brightness": "factor of brightness",
    "contrast": "factor of contrast",
    "blur": "blur, pixels",
    "noise": "noise",
}


def change_of(curve: str) -> str:
    """The change along which a curve of the experiment runs."""
    return curve.split(",")[0]


def all_curves(told: records.Record) -> plt.Figure:
    """The probability of "cat" along each change, for both networks: means over the seeds, with their ranges."""
    fig, axes = plt.subplots(4, 2, figsize=(5.8, 6.6), sharey=True)
    for ax, (curve, label) in zip(axes.flat, CHANGES.items()):
        name = change_of(curve)
        if name in tolerance.SEEN:
            ax.axvspan(*tolerance.SEEN[name], color=plots.GRID, alpha=0.35, lw=0)
        for way, words in WORDS.items():
            style = {"color": plots.ORANGE, "ls": "--"} if way == "plain" else {"color": plots.BLUE, "ls": "-"}
            records.band(ax, tolerance.settings(name), told(way, "curve", curve), words, **style)
        ax.axhline(0.5, color=plots.GRID, lw=0.8)
        ax.set(xlabel=label, yticks=(0, 0.5, 1))
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return fig


def reach(told: records.Record, way: str, curve: str, side: int) -> np.ndarray:
    """Of each seed how far the picture can be changed before "cat" falls below 1/2: the setting below (side 0) or above
    (side 1) the unchanged picture, without its sign; where the curve never falls, the slider's end."""
    name = change_of(curve)
    return np.array([abs(tolerance.until(name, values)[side]) for values in told(way, "curve", curve)])


def said(told: records.Record, way: str, curve: str, side: int, digits: int) -> str:
    """The same as words of a table: mean and range, or "not at all" where no seed's curve falls."""
    found, (_, *ends, _) = reach(told, way, curve, side), tolerance.RANGES[change_of(curve)]
    return "not at all" if (found == abs(ends[side])).all() else records.spread(found, digits)
