"""What experiments found (`book/experiments`): curves with bands over the seeds, means and ranges."""

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
    mean, low, high = (f"{value:.{digits}f}" for value in (values.mean(), values.min(), values.max()))
    return mean if low == high else f"{mean} ({low}–{high})"
