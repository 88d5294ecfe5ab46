"""A browser, a little server for the rendered book, and one visit to each page that many tests look at."""

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

HERE = Path(__file__).parent
AXE = (HERE / "vendor" / "axe.min.js").read_text()
THEMES = ("light", "dark")
WIDTHS = (1280, 390)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass


@pytest.fixture(scope="session")
def address(html) -> Iterator[str]:
    """Where the book is served on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(html)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def browser():
    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    if chromium is None:
        reason = "no Chromium on PATH; `make browser-deps` installs it"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield instance
        instance.close()


@dataclass
class Visit:
    """What was seen on one page at one width."""

    errors: list[str] = field(default_factory=list)  # console errors, exceptions, answers of 400 and more
    foreign: list[str] = field(default_factory=list)  # requests to other hosts, all of them refused
    unrendered: int = 0  # formulas that stayed TeX
    formulas: int = 0
    overhang: int = 0  # pixels that the page is wider than the window
    findings: list[str] = field(default_factory=list)  # axe's, with theme


def block_other_hosts(page, address: str, visit: Visit) -> None:
    def decide(route) -> None:
        url = route.request.url
        if url.startswith((address, "data:", "blob:")):
            route.continue_()
        else:
            visit.foreign.append(url)
            route.abort()

    page.route("**/*", decide)
    page.on("console", lambda message: visit.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: visit.errors.append(str(error)))
    page.on("response", lambda r: visit.errors.append(f"{r.status} {r.url}") if r.status >= 400 else None)


def settle(page) -> None:
    """Waits until formulas are typeset and live figures have had their turn."""
    page.wait_for_load_state("load")
    page.evaluate("() => window.MathJax && MathJax.startup ? MathJax.startup.promise : null")
    page.wait_for_timeout(150)


def set_theme(page, theme: str) -> None:
    page.evaluate(
        "t => { document.documentElement.dataset.mode = t; document.documentElement.dataset.theme = t; }", theme
    )
    page.wait_for_timeout(250)  # colours fade over


def check_with_axe(page, theme: str, rules: list[str] | None) -> list[str]:
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    result = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{theme}: {found['id']}: {node['target']}: {node['html'][:150]} {node['failureSummary'][:200]}"
        for found in result["violations"]
        for node in found["nodes"]
    ]


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
