"""The book as a browser shows it: nothing from other hosts, no errors, accessible in light and dark, wide or narrow."""

import io
import re
from itertools import product
from pathlib import Path

import pytest
import yaml
from drawing import some_of
from PIL import Image, ImageStat
from visiting import WIDTHS, Visit, block_other_hosts, rest, set_theme, settle

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
TOC = (ROOT / "_toc.yml").read_text()
PAGES = [*re.findall(r"book/[\w/-]+", TOC), "genindex", "search"]
CHAPTERS = [name for name in PAGES if re.match(r"book/\d\d-", name)]
each_visit = pytest.mark.parametrize(("name", "width"), some_of(product(PAGES, WIDTHS), 4))


def test_the_pages_are_those_of_the_toc():
    assert len(PAGES) > 5 and CHAPTERS and yaml.safe_load(TOC)["root"] in PAGES


@each_visit
def test_no_errors_and_no_other_host(visit, name, width):
    seen = visit(name, width)
    assert not seen.errors
    assert not seen.foreign


@each_visit
def test_formulas_are_typeset(visit, name, width):
    seen = visit(name, width)
    assert not seen.unrendered
    assert seen.formulas or name not in (*CHAPTERS, "book/notation")


@each_visit
def test_no_sideways_scroll(visit, name, width):
    assert visit(name, width).overhang <= 0


@each_visit
def test_axe_finds_nothing(visit, name, width):
    findings = visit(name, width).findings
    assert not findings, "\n".join(findings)


@pytest.fixture
def page(browser, address):
    """A new tab whose `visit("book/index.html")` opens an address inside the book."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    tab = context.new_page()

    def visit(name: str) -> None:
        tab.goto(f"{address}/{name}")
        settle(tab)

    tab.visit = visit
    yield tab
    context.close()


def test_search_finds_a_word_of_a_chapter(page):
    page.visit("search.html?q=padding")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li a[href*='01-convolution']").count()


def test_search_opens_from_the_keyboard(page):
    page.visit("book/index.html")
    page.keyboard.press("Control+k")
    field = page.locator("dialog[open] input[type=search], .search-button__wrapper.show input[type=search]")
    assert field.count() == 1
    page.keyboard.type("stride")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")


def test_the_copy_button_copies_a_cell(page):
    page.visit(f"{CHAPTERS[0]}.html")
    cell = page.locator("div.cell_input div.highlight:visible").first
    cell.hover()
    cell.locator("button.copybtn").click()
    rest(page, 100)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == cell.locator("pre").inner_text().strip()


def test_answers_unfold(page):
    page.visit("book/prerequisites.html")
    answer = page.locator("div.solution").first
    text = answer.locator("p").last
    assert not text.is_visible()
    answer.locator("button").click()
    text.wait_for()  # until it can be seen


def test_the_theme_button_changes_the_theme(page):
    page.visit("book/index.html")
    modes = set()
    for _ in range(3):
        page.locator("button.theme-switch-button").first.click()
        modes.add(page.evaluate("document.documentElement.dataset.mode"))
    assert modes == {"light", "dark", "auto"}


def test_a_figure_on_a_phone_is_as_wide_as_its_letters_are_measured_for(page):
    """`tests/book/test_letters.py` and `convcourse.plots` count with 342 pixels."""
    page.set_viewport_size({"width": 390, "height": 900})
    page.visit("book/06-segmentation-loss.html")
    widths = page.locator("div.cell_output img").evaluate_all("images => images.map(i => i.clientWidth)")
    assert round(max(widths)) == 342


def test_figures_follow_the_theme(page):
    page.visit("book/index.html")
    figure = page.locator("#fig-imagenet img")
    ranges = {}
    for theme in ("light", "dark"):
        set_theme(page, theme)
        ranges[theme] = Image.open(io.BytesIO(figure.screenshot())).convert("L")
    assert ImageStat.Stat(ranges["light"]).median[0] > 240 and ranges["light"].getextrema()[0] < 60
    assert ImageStat.Stat(ranges["dark"]).median[0] < 40 and ranges["dark"].getextrema()[1] > 200


def test_a_dark_page_prints_on_white(page):
    page.visit("book/index.html")
    set_theme(page, "dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


ELSEWHERE = "mistake-01-convolution-stride-swapped"  # its box is on another page of the chapter
HERE = "mistake-01-convolution-clamped"


def box_of(page, anchor: str):
    return page.locator(f"details.mistake:has(#{anchor})")


@pytest.mark.parametrize("anchor", [HERE, ELSEWHERE])
def test_a_feedback_link_opens_its_box_and_no_other(page, address, anchor):
    page.goto(f"{address}/{CHAPTERS[0]}.html#{anchor}")
    box_of(page, anchor).wait_for()  # perhaps on another page
    settle(page)
    rest(page, 300)
    assert box_of(page, anchor).locator("p").first.is_visible()
    assert 0 <= box_of(page, anchor).bounding_box()["y"] < 300
    folded = page.locator("details.mistake").evaluate_all("boxes => boxes.filter(box => !box.open).length")
    assert folded > 3, "a link to one box opened others too"


def test_without_scripts_a_feedback_link_arrives_too(browser, address):
    """In the box, or at the entry which leads on to it."""
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    for anchor in (HERE, ELSEWHERE):
        tab.goto("about:blank")
        tab.goto(f"{address}/{CHAPTERS[0]}.html#{anchor}")
        if anchor == ELSEWHERE:
            tab.locator(f"details.elsewhere li:has(#{anchor}) a").click()
        box_of(tab, anchor).locator("p").first.wait_for()  # until it can be seen
    context.close()


def test_boxes_are_open_in_print(page):
    page.visit(f"{CHAPTERS[0]}.html")
    boxes = page.locator("details.mistake, .quiz details")
    count = "boxes => boxes.filter(box => box.open).length"
    before = boxes.evaluate_all(count)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert boxes.evaluate_all(count) == boxes.count() > before
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert boxes.evaluate_all(count) == before


def test_a_quiz_answers(page):
    page.visit(f"{CHAPTERS[0]}.html")
    option = page.locator(".quiz details.right").first
    assert not option.locator("p").first.is_visible()
    option.locator("summary").focus()
    page.keyboard.press("Enter")
    option.locator("p").first.wait_for()  # until it can be seen
    assert option.locator("p").first.inner_text().startswith("Yes")


def test_the_book_works_below_a_path(browser, below_a_path):
    """Nothing is asked from outside the book's folder, and figures, formulas and the search are alive."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    tab, seen = context.new_page(), Visit()
    block_other_hosts(tab, below_a_path, seen)
    for name in ("book/index", CHAPTERS[0], "search"):
        tab.goto(f"{below_a_path}/{name}.html" + ("?q=stride" if name == "search" else ""))
        settle(tab)
    tab.wait_for_selector("#search-results li a")
    tab.locator("#search-results li a").first.click()
    settle(tab)
    tab.goto(f"{below_a_path}/{CHAPTERS[0]}.html")
    tab.wait_for_selector("figure.live .live-box")
    assert tab.locator("mjx-container").count() > 10
    assert not seen.foreign and not seen.errors
    context.close()


LIMIT = 2_000_000  # bytes of a first visit, beside pictures


@pytest.mark.parametrize("name", some_of(PAGES, 4))
def test_a_first_visit_is_light(browser, address, name):
    """Pages without formulas do not load MathJax, and only the search loads its index. Bytes are counted as they are
    stored, uncompressed."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    tab, sizes = context.new_page(), {}

    def count(response) -> None:
        if response.request.resource_type not in ("image", "fetch"):  # a live figure fetches its picture
            sizes[response.url] = int(response.headers["content-length"])

    tab.on("response", count)
    tab.goto(f"{address}/{name}.html")
    settle(tab)
    tab.wait_for_load_state("networkidle")  # fonts, too
    heaviest = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    assert len(sizes) > 10 and sum(sizes.values()) < LIMIT, heaviest
    assert any("mathjax" in url for url in sizes) == bool(tab.locator(".math").count())
    assert any("searchindex" in url for url in sizes) == (name == "search")
    context.close()


def test_icons_are_drawn(page):
    """By the theme's font: an icon that the font lacks, or a font that does not load, has no glyph of its own."""
    page.visit("book/index.html")
    icons = page.locator("i.fa-solid:visible, i.fas:visible")
    assert icons.count() > 1
    assert page.evaluate("document.fonts.check('900 16px \"Font Awesome 6 Free\"')")
    contents = icons.evaluate_all("all => all.map(icon => getComputedStyle(icon, '::before').content)")
    assert all(re.fullmatch('"."', content) for content in contents), contents
