"""Letters in still drawings can be read on a phone: where a page is 390 pixels wide, none is below 9."""

import math
import re
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import pytest
from _code.drawing import Sheet

from convcourse import plots

COLUMN = 342  # pixels of a figure's column on a phone of 390; tests/browser measures it
LEAST = 9.0
SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"


def letters(drawing: ET.Element) -> list[tuple[float, str]]:
    """The size of each text of a drawing in its own units, and the text or its name: of Matplotlib's glyphs, which
    stand for a hundred units to the em, and of text elements and their parts. The same text may occur in many sizes."""
    found: list[tuple[float, str]] = []

    def walk(element: ET.Element, scale: float, name: str, size: float) -> None:
        for factor in re.findall(r"scale\(([\d.]+)", element.get("transform", "")):
            scale *= float(factor)
        size = float(element.get("font-size", size))
        if element.tag == f"{SVG}g" and element.get("id", "").startswith("text"):
            name = element.get("id")
        if element.tag == f"{SVG}use" and name:
            found.append((100 * scale, name))
        if element.tag in (f"{SVG}text", f"{SVG}tspan") and (element.text or "").strip():
            found.append((scale * size, element.text))
        for child in element:
            walk(child, scale, name, size)

    walk(drawing, 1.0, "", math.nan)
    return found


def pixels(length: str) -> float:
    """A width of SVG in CSS pixels."""
    number, unit = re.fullmatch(r"([\d.]+)(pt|px|)", length).groups()
    return float(number) * (4 / 3 if unit == "pt" else 1)


def smallest_on_a_phone(svg: str) -> tuple[float, str]:
    """The least size of a letter in pixels, where the drawing is as wide as the column or narrower; and where it is."""
    drawing = ET.fromstring(svg)
    wide = float(drawing.get("viewBox").split()[2])
    scale = min(COLUMN, pixels(drawing.get("width"))) / wide
    return min(((scale * size, text) for size, text in letters(drawing)), default=(LEAST, ""))


def test_what_is_measured_is_the_size():
    figure, ax = plt.subplots(figsize=(COLUMN / 72, 2))
    ax.set_xticks([]), ax.set_yticks([])
    ax.set_title("a title", fontsize=12)
    assert smallest_on_a_phone(plots.to_svg(figure))[0] == pytest.approx(12)
    ax.set_xlabel("$x_1$", fontsize=20)
    size, where = smallest_on_a_phone(plots.to_svg(figure))
    assert size == pytest.approx(12) and where.startswith("text")
    ax.set_title("")
    assert smallest_on_a_phone(plots.to_svg(figure))[0] == pytest.approx(14, abs=0.01)  # an index, 0.7 of it
    plt.close(figure)
    sheet = Sheet(2 * COLUMN, 50)
    sheet.text("a", 10, 10, size=20)
    sheet.grid(1, 1, 30, 10, 24, words=[["7"]])
    assert smallest_on_a_phone(sheet.svg().data)[0] == pytest.approx(min(20, letters_of_a_cell()) / 2)


@pytest.mark.parametrize("sizes", [(14, 30), (30, 14)])
def test_the_smaller_of_two_equal_texts_counts(sizes):
    sheet = Sheet(COLUMN, 50)
    for at, size in enumerate(sizes):
        sheet.text("a", 10 + 30 * at, 10, size=size)
    assert smallest_on_a_phone(sheet.svg().data) == (14, "a")


def test_a_part_of_a_text_has_its_own_size():
    words = '<text font-size="20">x<tspan font-size="7">2</tspan><tspan>y</tspan></text>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 9" width="100">{words}</svg>'
    assert smallest_on_a_phone(svg) == (7, "2")
    assert (20, "y") in letters(ET.fromstring(svg))


def letters_of_a_cell() -> float:
    sheet = Sheet(100, 100)
    sheet.grid(1, 1, 0, 0, 24, words=[["7"]])
    ((size, _),) = letters(ET.fromstring(sheet.svg().data))
    return size


def test_letters_of_all_still_drawings_can_be_read_on_a_phone(html):
    pages = "".join(path.read_text() for path in (html / "book").glob("*.html"))
    # What no page shows is an older build's.
    files = sorted(path for path in (html / "_images").glob("*.svg") if path.name in pages)
    assert len(files) > 30
    small = []
    for path in files:
        size, where = smallest_on_a_phone(path.read_text(encoding="utf-8"))
        if size < LEAST - 0.1:  # rounding
            small.append(f"{path.name}: {size:.1f} px, {where!r}")
    assert not small, "\n".join(small)
