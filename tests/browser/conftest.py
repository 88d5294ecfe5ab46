"""A browser, a little server for the rendered book, and one visit to each page that many tests look at."""

import functools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from drawing import some_of
from live_figures import alive
from visiting import AXE, THEMES, Visit, block_other_hosts, check_with_axe, set_theme, settle

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book"))  # `_code`, as chapters' cells import it
from browsing import chromium, served


def pytest_collection_modifyitems(config, items) -> None:
    """Of the modules that drive single figures some are drawn, where more are asked for."""
    live = sorted({item.path.name for item in items if item.path.name.startswith("test_live")})
    left_out = set(live) - set(some_of(live, 1))
    config.hook.pytest_deselected(items=[item for item in items if item.path.name in left_out])
    items[:] = [item for item in items if item.path.name not in left_out]


@pytest.fixture(scope="session")
def address(html) -> Iterator[str]:
    """Where the book is served."""
    with served(html) as address:
        yield address


@pytest.fixture
def below_a_path(html, tmp_path) -> Iterator[str]:
    """Where the book is served as many hosts do, in a folder of a site."""
    (tmp_path / "courses").mkdir()
    (tmp_path / "courses" / "convolutions").symlink_to(html)
    with served(tmp_path) as address:
        yield f"{address}/courses/convolutions"


@pytest.fixture(scope="session")
def browser():
    program = chromium()
    if program is None:
        reason = "no Chromium on PATH; `make browser-deps` installs it"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield instance
        instance.close()


@pytest.fixture(scope="session")
def visit(browser, address) -> Callable[[str, int], Visit]:
    """Opens a page once for each width: all of axe in light, the rules about colour again in dark."""

    @functools.cache
    def seen(name: str, width: int) -> Visit:
        record = Visit()
        context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        page = context.new_page()
        block_other_hosts(page, address, record)
        page.goto(f"{address}/{name}.html")
        settle(page)
        record.formulas = page.locator("mjx-container").count()
        record.unrendered = page.evaluate(
            "[...document.querySelectorAll('.math')].filter(e => !e.querySelector('mjx-container')).length"
        )
        record.overhang = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        page.evaluate(AXE)
        for theme, rules in zip(THEMES, (None, ["color-contrast", "link-in-text-block"])):
            set_theme(page, theme)
            record.findings += check_with_axe(page, theme, rules)
        context.close()
        return record

    return seen


@pytest.fixture
def opened(browser, address):
    """Opens a live figure, with what the address says of it: ``opened("scores", "scores.radius=9", width=390)``."""
    contexts = []

    def open_figure(name: str, query: str = "", width: int = 1280, **options):
        contexts.append(
            browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce", **options)
        )
        return alive(contexts[-1], address, name, query)

    yield open_figure
    for context in contexts:
        context.close()


@pytest.fixture
def tab_on(browser, address):
    """Opens a page of the book in a tab of its own, below `base`, and keeps what it asks for."""
    contexts = []

    def open_page(page: str, base: str = address, start: str = "", before: str = "", **settings):
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **settings}
        )
        contexts.append(context)
        tab, tab.seen = context.new_page(), Visit()
        block_other_hosts(tab, base, tab.seen)
        tab.asked = []
        tab.on("request", lambda request: tab.asked.append(request.url))
        if before:
            tab.add_init_script(before)
        tab.goto(f"{base}/{page}")
        settle(tab)
        if start:
            tab.locator(f"figure.live-{start} .live-start").click()
            tab.wait_for_selector(f"figure.live-{start} .live-box:not([aria-busy=true])")
        return tab

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def importing(browser, address):
    """A tab in which modules of the site can be imported."""
    page = browser.new_page()
    page.goto(f"{address}/genindex.html")
    yield page
    page.close()


@pytest.fixture(scope="session")
def shapes_net():
    """Chapter 6's trained network, as PyTorch runs it."""
    from _code import networks, onnx_files

    return networks.load(onnx_files.FOLDER / "shapes.onnx")
