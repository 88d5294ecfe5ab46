"""What a visit to a page does and keeps."""

from dataclasses import dataclass, field
from pathlib import Path

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
THEMES = ("light", "dark")
WIDTHS = (1280, 390)


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


def rest(page, milliseconds: int = 900) -> None:
    """By the page's own clock, so that what it had set for earlier has happened however busy the machine is.

    It starts when no figure is painting. After 900 a figure has read out its sentence and written the address, which
    wait for 700 without a change.
    """
    page.evaluate(
        """time => new Promise(done => {
            const look = () => document.querySelector('.live-box[aria-busy=true]')
                ? setTimeout(look, 50) : setTimeout(done, time);
            look();
        })""",
        milliseconds,
    )


def query_of(page) -> str:
    """What the address says of the page's figures, without the question mark."""
    rest(page)
    return page.evaluate("location.search.slice(1)")


def settle(page) -> None:
    """Waits until formulas are typeset and live figures have had their turn."""
    page.wait_for_load_state("load")
    page.evaluate("() => window.MathJax && MathJax.startup ? MathJax.startup.promise : null")
    rest(page, 150)


def set_theme(page, theme: str) -> None:
    page.evaluate(
        "t => { document.documentElement.dataset.mode = t; document.documentElement.dataset.theme = t; }", theme
    )
    rest(page, 250)  # colours fade over


def check_with_axe(page, theme: str, rules: list[str] | None) -> list[str]:
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    result = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{theme}: {found['id']}: {node['target']}: {node['html'][:150]} {node['failureSummary'][:200]}"
        for found in result["violations"]
        for node in found["nodes"]
    ]


def assert_axe_finds_nothing(page, settled=lambda: None) -> None:
    """In both themes, in what stands on the page now. settled: waits until a change of theme is painted."""
    page.evaluate(AXE)
    for theme in THEMES:
        set_theme(page, theme)
        settled()
        assert not check_with_axe(page, theme, None)
