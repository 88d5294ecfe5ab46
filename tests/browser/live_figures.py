"""Live figures as tests use them: where they are, what is seen of one, its controls, the hand that drags."""

import io
import re
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from visiting import Visit, block_other_hosts, query_of, rest, settle

BOOK = Path(__file__).resolve().parents[2] / "book"
CLASS = re.compile(r"\blive live-([\w-]+)")
PLACES = [(path.stem, name) for path in sorted(BOOK.glob("*.md")) for name in CLASS.findall(path.read_text())]

# What is seen: drawings, canvases, sentences, as they are now. What is hidden may be out of date until it is shown.
SEEN = """figure => [...figure.querySelectorAll('.live-box :is(svg, canvas, .live-sentence)')]
    .filter(node => node.checkVisibility())
    .map(node => node.toDataURL?.() ?? node.outerHTML).join('\\n').replace(/ data-at="\\d+"/g, '')"""
FIELDS = """figure => [...figure.querySelectorAll('.live-box :is(input, select, [aria-pressed])')]
    .map(node => [node.ariaLabel ?? node.labels?.[0]?.textContent ?? node.textContent, node.checked ?? null,
                  node.value, node.ariaPressed])"""
# Controls that can be used: not hidden, not a file to choose, not the button that is pressed already.
USABLE = """figure => (figure.querySelectorAll('[data-at]').forEach(node => delete node.dataset.at),
    [...figure.querySelectorAll(
        `.live-box :is(input:not([type=file]), select, [role=application],
                       button:not(.live-reset, [aria-pressed=true]))`)])
    .map((node, at) => (node.dataset.at = at, node))
    .filter(node => node.checkVisibility() && !node.disabled)
    .map(node => [node.dataset.at, node.matches('button:not([aria-pressed])') ? 'action'
                  : node.getAttribute('role') ?? (node.type.startsWith('select') ? 'select' : node.type)])"""
KEYS = {
    "range": ["ArrowRight", "ArrowLeft"],
    "select": ["ArrowDown", "ArrowUp"],
    "number": ["ArrowUp"],
    "checkbox": ["Space"],
    "button": ["Enter"],
    "action": ["Enter"],
    "application": ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "Enter"],
}
WATCH = """figure => {
    const name = [...figure.classList].find(word => word.startsWith('live-')).slice(5);
    figure.paints = 0;
    new PerformanceObserver(list => {
        figure.paints += list.getEntries().filter(entry => entry.name === `live ${name}`).length;
    }).observe({type: 'measure'});
    figure.spoken = 0;
    new MutationObserver(() => { figure.spoken++; }).observe(figure.querySelector('.live-aloud'), {childList: true});
}"""


def leave_formulas(tab) -> None:
    """Formulas stay as they are written, which saves their time."""
    tab.route("**/mathjax/**", lambda route: route.fulfill(body="", content_type="text/javascript"))


def alive(context, address: str, name: str, query: str = ""):
    """A live figure on its page of the book, in a new tab, with what the address says of it: ``scores.radius=9``."""
    tab = context.new_page()
    leave_formulas(tab)
    (place,) = (place for place, each in PLACES if each == name)
    tab.goto(f"{address}/book/{place}.html?{query}")
    settle(tab)
    figure = tab.locator(f"figure.live-{name}")
    figure.locator(".live-box:not(.live-unseen)").wait_for()
    return figure


def started(tab, name: str):
    """The figure of this name in a tab. Where the address speaks of it, it needs no button."""
    figure = tab.locator(f"figure.live-{name}")
    if f"{name}." not in tab.url:
        figure.locator(".live-start").click()
    figure.locator(".live-box:not(.live-unseen)").wait_for()
    assert not figure.locator(".live-start").count()
    return figure


def said(figure) -> str:
    """The sentence below the drawing; spaces at which no line breaks count as spaces."""
    return figure.locator(".live-sentence:not(.live-trouble)").inner_text().replace("\xa0", " ")


def shared(figure) -> str:
    """What a reader would copy of the address, once it holds the state."""
    words = query_of(figure.page)
    assert words, "the address says nothing"
    return words


@dataclass
class Live:
    """A live figure in a tab of its own."""

    tab: object
    figure: object
    visit: Visit  # what went wrong while it was open
    first: str  # what was seen first

    def seen(self) -> str:
        return self.figure.evaluate(SEEN)

    def drawn(self) -> str:
        """The same without what was told of trouble, such as a camera that is missing."""
        return re.sub(r'<p [^>]*role="alert".*?</p>', "", self.seen())

    def controls(self) -> list[tuple]:
        """Each usable control and its kind."""
        return [(self.figure.locator(f"[data-at='{at}']"), kind) for at, kind in self.figure.evaluate(USABLE)]

    def idle(self) -> None:
        self.tab.wait_for_function("figure => figure.querySelector('.live-box').ariaBusy === 'false'", arg=self.handle)

    @property
    def handle(self):
        return self.figure.element_handle()

    def press(self, control, kind: str) -> bool:
        """Whether one of the kind's keys changes what is seen."""
        before = self.seen()
        for key in KEYS[kind]:
            control.press(key)
            if self.changes(before):
                return True
        return False

    def changes(self, before: str) -> bool:
        """Whether what is seen becomes something else, at once or within a second of the page's own time."""
        for _ in range(10):
            if self.seen() != before:
                self.idle()
                return True
            rest(self.tab, 100)
        return False

    def reset(self) -> None:
        self.figure.locator(".live-reset").click()
        self.idle()

    def address_written(self, name: str) -> bool:
        """Whether the address speaks of this figure, once nothing has changed for a while."""
        return f"{name}." in query_of(self.tab)


def open_figure(context, url: str, name: str, at: str) -> Live:
    """The figure `name` of a page, alive."""
    tab, visit = context.new_page(), Visit()
    block_other_hosts(tab, at, visit)
    leave_formulas(tab)
    tab.goto(url)
    figure = tab.locator(f"figure.live-{name}").first
    start = figure.locator(".live-start")
    figure.locator(".live-box, .live-start").first.wait_for()
    if start.count():
        start.click()
        start.wait_for(state="detached", timeout=120_000)
    figure.locator(".live-box").wait_for()
    figure.evaluate(WATCH)
    live = Live(tab, figure, visit, "")
    live.idle()
    live.first = live.seen()
    return live


def drag_by_mouse(tab, start: tuple[float, float], end: tuple[float, float]) -> None:
    tab.mouse.move(*start)
    tab.mouse.down()
    tab.mouse.move(*end, steps=4)
    tab.mouse.up()


def drag_by_touch(tab, start: tuple[float, float], end: tuple[float, float]) -> None:
    send = tab.context.new_cdp_session(tab).send
    steps = [[a + (b - a) * part / 4 for a, b in zip(start, end)] for part in range(5)]
    for at, (x, y) in enumerate(steps):
        kind = "touchMove" if at else "touchStart"
        send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


OWN = (200, 40, 90)  # the one colour of a reader's own picture


def choose_own_picture(figure) -> None:
    """A reader chooses a file of their own, 120 × 200 pixels."""
    file = io.BytesIO()
    Image.new("RGB", (200, 120), OWN).save(file, "PNG")
    figure.locator("input[type=file]").set_input_files(
        {"name": "own.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
