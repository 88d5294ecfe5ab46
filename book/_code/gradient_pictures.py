"""Where the gradient goes in a stack of layers, and how the stack trains: a picture, with the data of the live one."""

import json

import drawsvg
import numpy as np
from IPython.display import SVG

from _code.drawing import Sheet, number
from _code.records import Record

LOW, HIGH = -16, 3  # powers of ten between which the norms lie
TOP_LOSS = 3.0  # what is above is not drawn
GUESSING = np.log(10)  # the loss of a network that finds ten digits equally probable


def brought_along(told: Record) -> str:
    """All figures of the experiment, by depth, shortcut, norm and initialisation, as JSON without blanks."""
    return json.dumps({"runs": told.runs}, separators=(",", ":"))


def power(value: float) -> str:
    """A positive number with two digits, as a product with a power of ten where it is small or large."""
    if 0.001 <= value < 1000:
        return number(float(f"{value:.2g}"))
    digits, exponent = f"{value:.1e}".split("e")
    return f"{number(float(digits))} · 10{str(int(exponent)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def picture(told: Record, *stack: str) -> SVG:
    """One stack, such as ("16", "plain", "bare", "default"): the norm of the gradient in each layer before training,
    and the loss of each epoch; the range of the seeds is drawn over each bar, and a curve for each seed."""
    norms, losses = told(*stack, "gradient"), told(*stack, "loss")
    sheet, left, top, high, wide = Sheet(570, 262), 44, 34, 178, 226
    sheet.drawing.append(drawsvg.Raw(f"<metadata>{brought_along(told)}</metadata>"))
    sheet.text("norm of the gradient, per layer", 4, 12, anchor="start")
    y = lambda value: top + high * (HIGH - np.log10(value)) / (HIGH - LOW)
    for exponent in range(LOW, HIGH, 4):
        sheet.line(left, y(10.0**exponent), left + wide, y(10.0**exponent))
        sheet.text(power(10.0**exponent).removeprefix("1 · "), left - 5, y(10.0**exponent), "soft", anchor="end")
    step = wide / norms.shape[1]
    for layer, values in enumerate(norms.T):
        x, mean = left + (layer + 0.5) * step, 10 ** np.log10(values).mean()
        sheet.box(x - 0.4 * step, y(mean), 0.8 * step, top + high - y(mean), "a")
        sheet.line(x, y(values.min()), x, y(values.max()), "arrow")
    sheet.text("layer", left + wide / 2, top + high + 38, "soft")
    for layer in (1, norms.shape[1]):
        sheet.text(layer, left + (layer - 0.5) * step, top + high + 16, "soft")

    left, step = 330, 232 / (losses.shape[1] - 1)
    sheet.text("loss, a curve per seed", 306, 12, anchor="start")
    y = lambda value: top + high * (1 - min(value, TOP_LOSS) / TOP_LOSS)
    for value in range(int(TOP_LOSS) + 1):
        sheet.line(left, y(value), 562, y(value))
        sheet.text(value, left - 8, y(value), "soft", anchor="end")
    dashed = "stroke: var(--soft); stroke-dasharray: 4 4"
    sheet.drawing.append(drawsvg.Line(left, y(GUESSING), 562, y(GUESSING), style=dashed))
    sheet.text("guessing", 562, y(GUESSING) - 11, "soft", anchor="end")
    for curve in losses:
        points = [along for epoch, value in enumerate(curve) for along in (left + epoch * step, y(value))]
        sheet.drawing.append(drawsvg.Lines(*points, class_="wire heavy wb"))
    sheet.text("epoch", (left + 562) / 2, top + high + 38, "soft")
    for epoch in (1, losses.shape[1]):
        sheet.text(epoch, left + (epoch - 1) * step, top + high + 16, "soft")
    return sheet.svg()
