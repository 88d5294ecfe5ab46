"""What holds for every live figure: keyboard, hand, address, reset, themes, announcements, motion, phone, print.

The figures are found in the pages, and some are drawn. One that has a button to start it is started first.
"""

import re
from urllib.parse import parse_qsl, urlencode

import pytest
from bs4 import BeautifulSoup
from drawing import some_of
from live_figures import FIELDS, KEYS, PLACES, drag_by_mouse, drag_by_touch, open_figure
from visiting import query_of, rest, set_theme, settle

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def still_motion(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce", has_touch=True)
    yield context
    context.close()


@pytest.fixture(scope="module", params=some_of(PLACES, 1), ids=lambda place: "-".join(place))
def place(request) -> tuple[str, str]:
    """A page and the name of a live figure on it."""
    return request.param


@pytest.fixture(scope="module")
def alive(still_motion, address, place):
    """The figure where motion is not wanted."""
    page, name = place
    live = open_figure(still_motion, f"{address}/book/{page}.html", name, address)
    yield live
    live.tab.close()


@pytest.fixture
def live(alive):
    """The same as it was first."""
    alive.tab.emulate_media(media="screen")
    alive.reset()
    assert alive.seen() == alive.first, "the figure's reset does not bring back what was seen first"
    return alive


def test_these_are_all_figures_of_the_book(html):
    built = set()
    for path in (html / "book").glob("*.html"):
        for figure in BeautifulSoup(path.read_text(), "html.parser").select("figure.live"):
            built |= {(path.stem, kind[5:]) for kind in figure["class"] if kind.startswith("live-")}
    assert built == set(PLACES) and len(built) > 5


def test_it_takes_the_place_of_its_picture_and_asks_no_other_host(live):
    assert not live.figure.locator("img.live-still, .live-still img").first.is_visible()
    assert live.figure.locator(".live-box").is_visible() and live.figure.locator("figcaption").is_visible()
    assert live.figure.locator(".live-start").count() == 0
    assert not live.visit.errors and not live.visit.foreign


def test_each_control_answers_to_the_keyboard(live, place):
    dead = []
    controls = live.controls()
    assert controls
    for at, (control, kind) in enumerate(controls):
        live.reset()
        if live.press(control, kind):
            continue
        live.reset()
        control.press(KEYS[kind][0])
        if live.address_written(place[1]):  # it is a setting for what a button starts
            continue
        live.reset()
        live.press(*controls[at - 1])  # a button may lead to what is seen first
        if kind != "action" or not live.press(control, kind):
            dead.append(f"{kind}: {control.evaluate('node => node.outerHTML')[:200]}")
    assert not dead, "\n".join(dead)


def test_each_control_has_a_word_that_can_be_seen(live):
    """A button "2" does not tell what it chooses."""
    words = "node => node.labels?.[0]?.innerText ?? node.innerText"
    unnamed = [
        control.evaluate("node => node.outerHTML")[:200]
        for control, kind in live.controls()
        if kind not in ("application", "number") and not re.search("[A-Za-z]", control.evaluate(words))
    ]
    assert not unnamed, "\n".join(unnamed)


@pytest.mark.parametrize("drag", [drag_by_mouse, drag_by_touch])
def test_each_drawing_that_takes_the_hand_answers_to_it(live, drag):
    dead = []
    for control, kind in live.controls():
        if kind != "application":
            continue
        live.reset()
        control.scroll_into_view_if_needed()
        box, before = control.bounding_box(), live.seen()
        at = lambda across, down, box=box: (box["x"] + across * box["width"], box["y"] + down * box["height"])
        if not any(drag(live.tab, at(*a), at(*b)) or live.changes(before) for a, b in WAYS):
            dead.append(control.get_attribute("aria-label"))
    assert not dead, dead


# From where to where, in parts of the drawing; a touch that stays is a tap.
WAYS = [((0.5, 0.5), (0.8, 0.7)), ((0.2, 0.2), (0.2, 0.2)), ((0.8, 0.2), (0.3, 0.6)), ((0.9, 0.9), (0.9, 0.9))]


def test_a_copied_address_shows_the_same_and_reset_clears_it(live, still_motion, address, place):
    name = place[1]
    for control, kind in live.controls():
        if kind != "action" and control.is_visible() and control.is_enabled():
            control.press(KEYS[kind][0])
    live.idle()
    assert live.address_written(name)
    again = open_figure(still_motion, f"{address}/book/{place[0]}.html?{query_of(live.tab)}", name, address)
    assert again.figure.evaluate(FIELDS) == live.figure.evaluate(FIELDS)
    assert again.drawn() == live.drawn()
    again.reset()
    assert again.seen() == live.first
    assert not again.address_written(name)
    again.tab.close()


def test_an_address_that_speaks_of_it_opens_there(still_motion, address, place):
    """Before anything is pressed, and below formulas that grow."""
    page, name = place
    tab = still_motion.new_page()
    tab.goto(f"{address}/book/{page}.html?{name}.any=1")
    figure = tab.locator(f"figure.live-{name}").first
    figure.locator(".live-box:not(.live-unseen), .live-start").first.wait_for()
    settle(tab)
    top, bottom, height = figure.evaluate(
        "figure => { const {top, bottom} = figure.getBoundingClientRect(); return [top, bottom, innerHeight]; }"
    )
    assert top < height and bottom > 0
    tab.close()


def test_a_slider_says_what_stands_beside_it(live):
    for control, kind in live.controls():
        if kind == "range":
            control.press("ArrowRight")
            live.idle()
            beside = control.locator("xpath=following-sibling::output")
            assert control.get_attribute("aria-valuetext") == beside.text_content() != ""


BROKEN = r"""figure => [...figure.querySelectorAll('.live-start, .live-sentence, output')]
    .map(node => node.textContent).filter(words => /\d (MB|px|%)/.test(words))"""


def test_a_number_and_its_unit_stay_on_one_line(live, still_motion, address, place):
    page, name = place
    tab = still_motion.new_page()
    tab.goto(f"{address}/book/{page}.html")
    figure = tab.locator(f"figure.live-{name}").first
    figure.locator(".live-box:not(.live-unseen), .live-start").first.wait_for()
    assert not figure.evaluate(BROKEN) and not live.figure.evaluate(BROKEN)
    tab.close()


NONSENSE = ["toString", "NaN", "<b>1</b>", "1e999", "__proto__", "1,2,3;4"]


def test_nonsense_in_an_address_changes_nothing(live, still_motion, address, place):
    page, name = place
    for control, kind in live.controls():
        if kind != "action" and control.is_visible() and control.is_enabled():
            control.press(KEYS[kind][0])
    live.idle()
    assert live.address_written(name)
    keys = [key for key, _ in parse_qsl(query_of(live.tab))]
    words = urlencode([(key, NONSENSE[at % len(NONSENSE)]) for at, key in enumerate(keys)])
    odd = open_figure(still_motion, f"{address}/book/{page}.html?{words}", name, address)
    assert odd.first == live.first
    assert not odd.visit.errors
    odd.tab.close()


def test_it_is_painted_anew_in_the_other_theme(live):
    for theme in ("dark", "light"):
        before = live.figure.evaluate("figure => figure.paints")
        set_theme(live.tab, theme)
        live.tab.wait_for_function("([figure, before]) => figure.paints > before", arg=[live.handle, before])
    assert live.seen() == live.first


# Nine changes, and how often something was read out before the page had a rest.
SHAKEN = """async ([figure, key]) => {
    figure.spoken = 0;
    const node = figure.querySelector(`[data-at='${key}']`);
    for (let i = 0; i < 9; i++) {
        if (node.type === 'range') {
            i % 2 ? node.stepDown() : node.stepUp();
            node.dispatchEvent(new Event('input', {bubbles: true}));
        } else if (node.matches('select')) {
            node.selectedIndex = (node.selectedIndex + 1) % node.options.length;
            node.dispatchEvent(new Event('change', {bubbles: true}));
        } else for (const arrow of ['ArrowRight', 'ArrowDown'])
            node.dispatchEvent(new KeyboardEvent('keydown', {key: arrow, bubbles: true, cancelable: true}));
    }
    await null; // observers have their turn
    return figure.spoken;
}"""


def test_a_change_is_read_out_once_and_after_a_pause(live):
    """Nine changes in one go are one announcement, of the sentence that stands there in the end."""
    words = "figure => ['.live-sentence', '.live-aloud'].map(line => figure.querySelector(line).textContent)"
    for control, kind in live.controls():
        if kind not in ("range", "select", "application"):
            continue
        live.reset()
        rest(live.tab)
        before, aloud = live.figure.evaluate(words)
        assert aloud == before, "what the reset has to say"
        at_once = live.tab.evaluate(SHAKEN, [live.handle, control.get_attribute("data-at")])
        assert at_once == 0, "it is read out at each change"
        rest(live.tab)
        sentence, aloud = live.figure.evaluate(words)
        if sentence == before:
            continue
        assert aloud == sentence and live.figure.evaluate("figure => figure.spoken") == 1
        assert live.figure.locator(".live-aloud").get_attribute("aria-live") == "polite"
        return
    pytest.fail("no slider, list or drawing changes the figure's sentence")


SLOW = """async () => {
    const {figure} = await import('/_static/kit.mjs'), {range} = await import('/_static/fields.mjs');
    const pause = time => new Promise(done => setTimeout(done, time));
    const holder = document.createElement('figure'), heard = [];
    holder.className = 'live-slow';
    holder.append(new Image());
    document.body.append(holder);
    let kit;
    await figure('slow', 'a slow figure', {n: range(1, 1, 9)}, (given) => {
        kit = given;
        return async (state) => { await pause(1500); kit.say(`n is ${state.n}`); };
    });
    const aloud = holder.querySelector('.live-aloud');
    new MutationObserver(() => heard.push(aloud.textContent)).observe(aloud, {childList: true});
    kit.set({n: 2});
    await pause(4000);
    holder.remove();
    return heard;
}"""


def test_what_is_painted_slowly_is_read_out_when_it_is_there(importing):
    assert importing.evaluate(SLOW) == ["n is 2"]


def test_nothing_moves_where_motion_is_not_wanted(live):
    paints = "figure => figure.paints"
    for control in [None, *(control for control, kind in live.controls() if kind == "action")]:
        if control is not None:
            control.click()
        counts = [live.figure.evaluate(paints)]
        while (
            len(counts) < 8 and counts[-2:] != counts[-1:] * 2
        ):  # what has loaded is painted once more; no slide is so short
            rest(live.tab, 400)
            live.idle()
            counts.append(live.figure.evaluate(paints))
        assert counts[-1] == counts[-2], "it is painted again and again"


def test_print_shows_the_still_picture(live):
    live.tab.emulate_media(media="print")
    still = live.figure.locator("img.live-still, .live-still img").first
    assert still.is_visible() and still.evaluate("image => image.naturalWidth") > 0
    assert not live.figure.locator(".live-box").is_visible()


def test_without_scripts_the_still_picture_stands_there(browser, address, place):
    page, name = place
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{address}/book/{page}.html")
    figure = tab.locator(f"figure.live-{name}").first
    assert figure.locator("img").is_visible() and figure.locator("img").get_attribute("alt")
    assert not figure.locator(".live-box, .live-start").count()
    context.close()


# Letters of drawings as large as they are on the screen, smallest first.
LETTERS = """figure => [...figure.querySelectorAll('.live-box svg text')].filter(node => node.textContent.trim())
    .map(node => [parseFloat(getComputedStyle(node).fontSize) * node.getScreenCTM().a, node.textContent])
    .sort((a, b) => a[0] - b[0])"""
RIGHT_END = """figure => Math.max(...[...figure.querySelectorAll('.live-box *:not(svg *)')]
    .map(node => node.getBoundingClientRect().right))"""
CUT_OFF = """figure => [...figure.querySelectorAll('.live-box svg text')].filter(node => {
    const [own, whole] = [node, node.ownerSVGElement].map(each => each.getBoundingClientRect());
    return own.left < whole.left - 1 || own.right > whole.right + 1;
}).map(node => node.textContent)"""


def test_on_a_phone_letters_can_be_read_and_nothing_is_cut_off(browser, address, place):
    page, name = place
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce", has_touch=True)
    live = open_figure(context, f"{address}/book/{page}.html", name, address)
    for control, kind in [(None, ""), *live.controls()]:
        if kind == "range":
            control.press("End")
        elif control is not None:
            continue
        live.idle()
        letters = live.figure.evaluate(LETTERS)
        assert not letters or letters[0][0] > 8.95, letters[0]
        assert live.figure.locator(".live-box").evaluate("box => box.scrollWidth - box.clientWidth") <= 0
        assert live.figure.evaluate(RIGHT_END) <= 390
        assert not live.figure.evaluate(CUT_OFF)
    context.close()
