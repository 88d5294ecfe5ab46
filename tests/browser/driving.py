"""What tests do with a live figure, and read from it."""

import importlib.util
import re
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]


def page_with(name: str) -> str:
    """The page that has the figure of class ``live-NAME``."""
    marked = re.compile(rf"\blive live-{name}\b")
    (page,) = (path.stem for path in (ROOT / "book").glob("*.md") if marked.search(path.read_text(encoding="utf-8")))
    return f"book/{page}.html"


def code(name: str):
    """A module of the chapters' own code (book/_code is in no package)."""
    spec = importlib.util.spec_from_file_location(f"book_{name}", ROOT / "book" / "_code" / f"{name}.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def said(figure) -> str:
    return figure.locator(".live-sentence").inner_text()


def slide(figure, values: dict[str, float]) -> None:
    """Moves sliders; one that stands right already may have no other value."""
    for name, value in values.items():
        slider = figure.get_by_role("slider", name=name, exact=True)
        if float(slider.input_value()) != value:
            slider.fill(str(value))


def drawn_table(svg) -> torch.Tensor:
    """The numbers of a drawn grid, as they stand; an empty cell is 0. A group of class ``over`` lies over the cells."""
    found = svg.evaluate(
        """svg => [...svg.querySelectorAll('g:not(.over):has(> rect)')].map(g => {
            const {x, y} = g.querySelector('rect');
            return [y.baseVal.value, x.baseVal.value, Number(g.textContent.replace('−', '-'))];
        })"""
    )
    rows: dict[float, list[float]] = {}
    for y, _, value in sorted(found):
        rows.setdefault(y, []).append(value)
    return torch.tensor(list(rows.values()), dtype=torch.float32)


def cell(svg, row: int, column: int, size: int) -> dict[str, float]:
    """Where on a drawn grid the middle of a cell lies, as ``click`` and ``tap`` want it."""
    scale = svg.bounding_box()["width"] / float(svg.get_attribute("width"))
    return {"x": (1 + (column + 0.5) * size) * scale, "y": (1 + (row + 0.5) * size) * scale}


def shared(figure) -> str:
    """What a reader would copy of the address, once it holds the state."""
    figure.page.wait_for_timeout(800)  # it is written when nothing has changed for a while
    figure.page.wait_for_function("() => location.search.length > 1")
    return figure.page.url.split("?")[1]
