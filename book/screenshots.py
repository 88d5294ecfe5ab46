"""Pictures of the demo's pages for the instructors' guide: ``make demo``, then ``python book/screenshots.py``.

Needs Chromium on PATH (``make browser-deps``). Writes ``book/guide-pictures/*.png``, which are checked in, so that the
guide can be built without the demo. They lie outside ``_static``, because the readers' book publishes all of that.
"""

import sys
from pathlib import Path

from browsing import chromium
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "_build" / "demo"
OUT = ROOT / "book" / "guide-pictures"
PAGES = {"feedback-page": "feedback/kwame.asante/01-convolution/01-convolution.html", "class-page": "class.html"}
SCREEN = {"width": 900, "height": 860}  # pixels of a page


def main() -> int:
    """Photographs the top of each page in light. Returns the exit status."""
    missing = [page for page in PAGES.values() if not (DEMO / page).is_file()]
    program = chromium()
    if missing or not program:
        wanted = f"{DEMO.relative_to(ROOT)}/{missing[0]}: `make demo`" if missing else "Chromium: `make browser-deps`"
        print(f"There is no {wanted} makes it.", file=sys.stderr)
        return 2
    OUT.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        tab = browser.new_page(viewport=SCREEN, color_scheme="light")
        for name, page in PAGES.items():
            tab.goto((DEMO / page).as_uri())
            tab.screenshot(path=OUT / f"{name}.png")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
