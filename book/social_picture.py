"""The picture that a shared link shows: ``make book``, then ``python book/social_picture.py``.

Needs Chromium on PATH (``make browser-deps``). Photographs the start page's figure below the book's title, in the size
that ``_ext/social.py`` names, and writes ``book/_static/social.jpg``, which is checked in.
"""

import io
import sys
from pathlib import Path

from browsing import chromium, served
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "book"), str(ROOT / "book" / "_ext")]
from social import PICTURE, SIZE  # noqa: E402

SITE, OUT = ROOT / "_build" / "html", ROOT / "book" / "_static" / PICTURE
# The title and the figure's equation alone, as large as the picture.
STYLE = """
body { overflow: hidden }
body * { visibility: hidden }
.sheet, .sheet * { visibility: visible }
.sheet { position: fixed; inset: 0; z-index: 9999; background: #fff; padding: 46px 56px }
.sheet { display: grid; align-content: space-between }
.sheet h1 { font-size: 48px !important; font-weight: 600; margin: 0 !important }
.sheet p { font-size: 27px; margin: 0; color: var(--soft) }
.sheet a.headerlink, .sheet .live-numbers > :last-child { display: none }
.sheet .live-equation { font-size: 22px; gap: 18px !important }
.sheet .live-numbers { --cell: 68px !important }
.sheet input { height: 56px; font-size: 26px !important }
"""
COMPOSE = """words => {
    const figure = document.querySelector('figure.live-hero'), sheet = document.createElement('div');
    sheet.className = 'sheet';
    const line = document.createElement('p');
    line.textContent = words;
    sheet.append(document.querySelector('h1'), figure.querySelector('.live-equation'), line);
    figure.append(sheet);
}"""
WORDS = "Figures that move, assignments in PyTorch, a grader that names your mistake."


def photograph(program: str, address: str) -> bytes:
    """The composed start page as PNG."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        size = {"width": SIZE[0], "height": SIZE[1]}
        tab = browser.new_page(viewport=size, color_scheme="light", reduced_motion="reduce")
        tab.goto(f"{address}/book/index.html")
        tab.wait_for_selector("figure.live-hero .live-box:not(.live-unseen)")
        tab.add_style_tag(content=STYLE)
        tab.evaluate(COMPOSE, WORDS)
        tab.wait_for_timeout(300)
        picture = tab.screenshot()
        browser.close()
    return picture


def main() -> int:
    """Returns the exit status."""
    program = chromium()
    if not program or not (SITE / "book" / "index.html").is_file():
        print("Chromium (`make browser-deps`) and the book (`make book`) are needed.", file=sys.stderr)
        return 2
    with served(SITE) as address:
        picture = Image.open(io.BytesIO(photograph(program, address)))
    picture.convert("RGB").save(OUT, quality=90, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
