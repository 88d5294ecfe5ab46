"""What experiments found (`book/experiments`): curves with bands over the seeds, means and ranges, and words that
follow from them, so that a sentence stays true when an experiment is renewed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

FOLDER = Path(__file__).resolve().parents[1] / "experiments"


class Record:
    """One experiment's figures, of all its seeds.

    Args:
        name: of the file, such as ``"wires.json"``. A page that names it runs again when the file changes.
    """

    def __init__(self, name: str):
        found = json.loads((FOLDER / name).read_text(encoding="utf-8"))
        self.runs: list[dict[str, Any]] = found["runs"]
        self.minutes: float = found["seconds"] / 60

    def __call__(self, *keys: str | int) -> np.ndarray:
        """The entry below these keys in each run, (seeds, …)."""
        values = []
        for value in self.runs:
            for key in keys:
                value = value[key]
            values.append(value)
        return np.array(values, dtype=float)


def band(ax: Axes, x: Any, values: np.ndarray, label: str, **line: Any) -> None:
    """The mean over seeds of values (seeds, points) as a line at the places x (points,), their range as a band."""
    (drawn,) = ax.plot(x, values.mean(0), label=label, **line)
    ax.fill_between(x, values.min(0), values.max(0), color=drawn.get_color(), alpha=0.2, lw=0)


def spread(values: np.ndarray, digits: int = 2) -> str:
    """The mean of values (seeds,) and in brackets their range, if it is one at so many digits."""
    ends = (float(value) for value in (values.mean(), values.min(), values.max()))
    mean, low, high = (f"{round(value, digits) + 0:.{digits}f}".replace("-", "−") for value in ends)  # no "−0"
    if low == high:
        return mean
    return f"{mean} ({low} to {high})" if "−" in low else f"{mean} ({low}–{high})"


def how_many(true: np.ndarray) -> str:
    """Of how many cases, such as seeds, something is true, as words: "all 5", "4 of the 5" or "none of the 5"."""
    true = np.asarray(true, dtype=bool).ravel()
    if true.all():
        return f"all {true.size}"
    return f"{true.sum() if true.any() else 'none'} of the {true.size}"


def lies(values: np.ndarray, others: np.ndarray) -> str:
    """Where the range of values (seeds,) lies, beside that of other ones, as a verb: "lies below" or "lies above", or
    "overlaps with" where they have a number in common."""
    if values.max() < others.min():
        return "lies below"
    return "lies above" if values.min() > others.max() else "overlaps with"
