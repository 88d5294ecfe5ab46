"""How long a frame of each live figure takes: `make bench-figures`.

Each figure of the rendered book is opened in Chromium, and each of its controls is changed many times: sliders, lists,
buttons and numbers by their events, drawings by the arrow keys and by a pointer that is dragged over them. A change has
a frame of its own. The frame's time runs from the event to the end of the frame, with script, style, layout and paint
of the page's main thread; what the GPU does comes later. Beside it stands an empty frame, in which nothing changes.

One row per figure, each time the 95th percentile in milliseconds, but for `cpu`:

- `paint`: the figure's own function paints a state (`performance.measure` of the kit)
- `frame`: the whole frame, `empty`: the empty one, `ratio`: frame ÷ empty
- `cpu`: the mean time per change for which the page's main thread had a core. Other programs of the machine lengthen
  `frame` and hardly this one, so where it is small and `frame` is not, the machine was not quiet.
- `goal`: 16 ms; 100 ms for figures whose module runs a network. A frame above it has a `!`.

Times depend on the machine and on what else it does, so they are printed and no test looks at them.
"""

import json
import re
import sys
from pathlib import Path

from browsing import chromium, served
from playwright.sync_api import Browser, Page, sync_playwright

HTML = Path(__file__).resolve().parents[1] / "_build" / "html"
CHANGES = 20  # of each control
GOALS = {False: 16, True: 100}  # milliseconds; without a network and with one
NETWORKS = re.compile(r"from '\.\./(networks|letternet)\.mjs'")

MEASURE = """async ([name, count]) => {
    const figure = document.querySelector(`figure.live-${name}`), box = figure.querySelector('.live-box');
    const paints = [], frames = [], empty = [];
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) if (entry.name === `live ${name}`) paints.push(entry.duration);
    }).observe({type: 'measure'});
    const painted = async () => { while (box.ariaBusy === 'true') await new Promise(done => setTimeout(done)); };
    const frame = (change, times) => new Promise(done => requestAnimationFrame(async () => {
        const channel = new MessageChannel(), began = performance.now();
        change();
        await painted();
        channel.port1.onmessage = () => { times.push(performance.now() - began); done(); };
        channel.port2.postMessage('');
    }));
    const tell = (node, kind, Kind = Event, more = {}) =>
        node.dispatchEvent(new Kind(kind, {bubbles: true, cancelable: true, ...more}));

    function changer(node) {
        if (node.type === 'range') {
            const [low, high, step] = [node.min, node.max, node.step].map(Number);
            const count = Math.round((high - low) / step) + 1;
            return i => { node.value = low + step * (i * 3 % count); tell(node, 'input'); };
        }
        if (node.type === 'number') return i => { node.value = i % 5 - 2; tell(node, 'input'); };
        if (node.matches('select')) return i => { node.selectedIndex = i % node.options.length; tell(node, 'change'); };
        if (node.matches('button, [type=checkbox]')) return () => node.click();
        const keys = ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp'];
        return i => {
            if (i % 2) return tell(node, 'keydown', KeyboardEvent, {key: keys[i % 8 >> 1]});
            const {left, top, width, height} = node.getBoundingClientRect();
            const [across, down] = [i * 7 % 20, i * 3 % 20].map(part => 0.1 + 0.04 * part);
            const place = {clientX: left + across * width, clientY: top + down * height};
            tell(node, 'pointermove', PointerEvent, {buttons: 1, pointerType: 'mouse', ...place});
        };
    }

    for (let i = 0; i < 2 * count; i++) await frame(() => {}, empty);
    const controls = [...box.querySelectorAll('input:not([type=file]), select, [aria-pressed], [role=application]')];
    for (const node of controls) {
        if (node.disabled || !node.checkVisibility()) continue;
        const change = changer(node);
        for (let i = 0; i < count; i++) await frame(() => change(i), frames);
    }
    return {paints, frames, empty};
}"""


def percentile(times: list[float], part: float = 0.95) -> float:
    return sorted(times)[min(int(part * len(times)), len(times) - 1)]


def figures() -> list[tuple[str, str]]:
    """Page and name of each live figure of the rendered book."""
    pages = sorted((HTML / "book").glob("*.html"))
    found = [(path.name, re.findall(r'<figure[^>]*class="[^"]*\blive-([\w-]+)', path.read_text())) for path in pages]
    return [(page, name) for page, names in found for name in names]


def runs_a_network(name: str) -> bool:
    return bool(NETWORKS.search((HTML / "_static" / "figures" / f"{name}.mjs").read_text()))


def busy(trace: bytes) -> float:
    """For how many milliseconds the main threads of pages had a core, by a trace of Chromium."""
    events = json.loads(trace)["traceEvents"]
    thread = lambda event: (event["pid"], event["tid"])
    main = {
        thread(event)
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = [event for event in events if event["name"].endswith("::RunTask") and thread(event) in main]
    return sum(task.get("tdur", 0) for task in tasks) / 1000


def measure(browser: Browser, page: Page, address: str, name: str) -> dict:
    """The times of one figure."""
    page.goto(address)
    figure = page.locator(f"figure.live-{name}").first
    figure.locator(".live-box, .live-start").first.wait_for()
    start = figure.locator(".live-start")
    if start.count():
        start.click()
        start.wait_for(state="detached", timeout=120_000)
    figure.locator(".live-box").wait_for()
    figure.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)  # formulas, fonts
    browser.start_tracing(page=page, categories=["toplevel"])
    times = page.evaluate(MEASURE, [name, CHANGES])
    return {**times, "cpu": busy(browser.stop_tracing()) / len(times["frames"])}


def main(wanted: list[str]) -> int:
    """Prints the rows of the figures with these names, and of all where there is none."""
    program, found = chromium(), figures()
    if program is None or not HTML.exists():
        print("This needs Chromium (`make browser-deps`) and the book (`make book`).", file=sys.stderr)
        return 2
    if unknown := set(wanted) - {name for _, name in found}:
        print(f"No figure of the book is called {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 2
    print(
        f"{'figure':24}{'changes':>8}{'paint':>8}{'frame':>8}{'empty':>8}{'ratio':>8}{'cpu':>8}{'goal':>6}"
        "   95th percentiles, ms"
    )
    with served(HTML) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for page, name in found:
            if wanted and name not in wanted:
                continue
            context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
            times = measure(browser, context.new_page(), f"{address}/book/{page}", name)
            context.close()
            paint, frame, empty = (percentile(times[key]) for key in ("paints", "frames", "empty"))
            goal = GOALS[runs_a_network(name)]
            row = f"{name:24}{len(times['frames']):8}{paint:8.1f}{frame:8.1f}{empty:8.2f}{frame / empty:8.1f}"
            print(f"{row}{times['cpu']:8.1f}{goal:6}" + (" !" if frame > goal else ""), flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
