"""A confusion matrix as a picture, of one number in each cell or of a mean and its range over several networks."""

from collections.abc import Sequence

import numpy as np
from IPython.display import SVG

from _code.drawing import Sheet, number

Table = Sequence[Sequence[float]] | np.ndarray


def picture(tables: Table, names: Sequence[str], rows: str, columns: str) -> SVG:
    """True classes are rows, given ones are columns. Frequent errors are darker, and what is right is plain.

    Args:
        tables: numbers (classes, classes), or of several networks (networks, classes, classes); then each cell holds
            their mean and below it their range, rounded to whole numbers.
        names: of the classes.
        rows: what a row is, such as ``"printed"``.
        columns: what a column is, such as ``"read"``.
    """
    found = np.asarray(tables, dtype=float)
    mean = found.mean(0) if found.ndim == 3 else found
    count = len(names)
    most = mean[~np.eye(count, dtype=bool)].max() or 1
    depth = lambda i, j: 0 if i == j else -(-4 * mean[i, j] // most) if mean[i, j] >= 0.5 else 0
    left, top = max(70, 10 * max(map(len, names))), 56
    cell = (528 - left) // count
    sheet = Sheet(570, top + cell * count + 6)
    kind = lambda i, j: "+".join(["cell", *["b"] * int(depth(i, j))])
    whole = lambda value: number(round(value)) if round(value) else ""
    if found.ndim == 2:
        sheet.grid(count, count, left, top, cell, kind, [[whole(value) for value in row] for row in mean.tolist()])
    else:
        sheet.grid(count, count, left, top, cell, kind)
        for i, j in np.ndindex(count, count):
            x, y = left + (j + 0.5) * cell, top + (i + 0.5) * cell
            low, high = round(found[:, i, j].min()), round(found[:, i, j].max())
            sheet.text(round(mean[i, j]), x, y - 10, size=20)
            sheet.text(f"{low}–{high}" if low < high else low, x, y + 14)
    size = 17 if max(map(len, names)) == 1 else 15
    for at, name in enumerate(names):
        sheet.text(name, left + (at + 0.5) * cell, top - 14, size=size)
        sheet.text(name, left - 10, top + (at + 0.5) * cell, size=size, anchor="end")
    sheet.text(columns, left + count * cell / 2, 14, "soft")
    sheet.text(rows, 4, top - 14, "soft", anchor="start")
    return sheet.svg()
