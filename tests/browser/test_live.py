"""The live figures compute what PyTorch computes, and their controls do what they say."""

import random
import re
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from bs4 import BeautifulSoup
from drawings import cell_middle, marked, number, set_sliders, table
from live_figures import drag_by_mouse, drag_by_touch
from visiting import settle

pytestmark = pytest.mark.browser

CHAPTER = "book/01-convolution"
FIGURES = {"window": "", "sizes": "-layer", "channels": "-layer"}  # the page of each
ROOT = Path(__file__).resolve().parents[2]
MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


@pytest.fixture(scope="module")
def tabs(browser, address):
    """The chapter's pages with live figures, by the end of their names."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    pages = {}
    for figure, end in FIGURES.items():
        if end not in pages:
            pages[end] = context.new_page()
            pages[end].goto(f"{address}/{CHAPTER}{end}.html")
            settle(pages[end])
        pages[end].wait_for_selector(f"figure.live-{figure} .live-box")
    yield pages
    context.close()


def in_front(tab):
    """A browser draws a tab that lies behind another only about once a second."""
    tab.bring_to_front()
    return tab


@pytest.fixture
def tab(tabs):
    """The chapter's first page."""
    return in_front(tabs[""])


def plane(values: torch.Tensor) -> dict:
    return {"height": values.shape[0], "width": values.shape[1], "data": values.flatten().tolist()}


def tensor(plane: dict) -> torch.Tensor:
    values = plane["data"] if isinstance(plane["data"], list) else list(plane["data"].values())
    return torch.tensor(values, dtype=torch.float64).reshape(plane["height"], plane["width"])


def test_the_arithmetic_is_pytorchs(tab):
    draw = random.Random(0)
    torch.manual_seed(0)
    cases, expected = [], []
    for _ in range(60):
        (h, w), (kh, kw) = [(draw.randint(low, high), draw.randint(low, high)) for low, high in ((5, 9), (1, 4))]
        stride, padding, dilation = draw.randint(1, 3), draw.randint(0, 3), draw.randint(1, 2)
        mode = draw.choice(list(MODES))
        image, kernel = torch.randn(h, w, dtype=torch.float64), torch.randn(kh, kw, dtype=torch.float64)
        padded = F.pad(image[None, None], (padding,) * 4, mode=MODES[mode])
        if min(padded.shape[2] - dilation * (kh - 1), padded.shape[3] - dilation * (kw - 1)) < 1:
            continue
        options = {"stride": stride, "padding": padding, "dilation": dilation, "mode": mode}
        cases.append([plane(image), plane(kernel), options])
        expected.append(F.conv2d(padded, kernel[None, None], stride=stride, dilation=dilation)[0, 0])
    assert len(cases) > 40
    found = tab.evaluate(
        """async cases => {
            const {correlate} = await import('/_static/conv.mjs');
            return cases.map(([image, kernel, options]) => {
                const out = correlate(image, kernel, options);
                return {...out, data: [...out.data]};
            });
        }""",
        cases,
    )
    for answer, wanted in zip(found, expected):
        assert torch.allclose(tensor(answer), wanted, atol=1e-10)


@pytest.fixture(scope="module")
def stills(html):
    """The still picture of each live figure, parsed: what stands in the page before a script runs."""
    files = [html / f"{CHAPTER}{end}.html" for end in set(FIGURES.values())]
    return {
        kind[5:]: BeautifulSoup(file.parent.joinpath(figure.img["src"]).read_text(), "html.parser")
        for file in files
        for figure in BeautifulSoup(file.read_text(), "html.parser").select("figure.live")
        for kind in figure["class"]
        if kind.startswith("live-")
    }


def test_one_window_one_sum(tab, stills):
    figure = tab.locator("figure.live-window")
    image, result = figure.locator("svg").nth(0), figure.locator("svg").nth(1)
    shown = figure.locator(".live-sentence").inner_text().split("= ", 1)[1]
    assert shown == stills["window"].find_all("text")[-1].get_text().strip(), "the live figure begins with another sum"

    pixels = table(image)
    kernel = torch.tensor([[1.0, -2, 0.5], [3, 0, -1], [2, 4, -3]])
    for i, value in enumerate(kernel.flatten().tolist()):
        figure.locator("input[type=number]").nth(i).fill(str(value))
    for stride, padding, dilation in [(1, 0, 1), (2, 1, 1), (3, 0, 1), (1, 1, 2), (2, 2, 2)]:
        set_sliders(figure, {"stride": stride, "padding": padding, "dilation": dilation})
        wanted = F.conv2d(pixels[None, None], kernel[None, None], None, stride, padding, dilation)[0, 0]
        assert torch.allclose(table(result), wanted)
        result.press("Shift+ArrowDown")
        result.press("Shift+ArrowRight")  # the last window
        row, column = [side - 1 for side in wanted.shape]
        sentence = figure.locator(".live-sentence").inner_text()
        assert sentence.startswith(f"V({row}, {column}) = ")
        terms, total = sentence.split("= ")[1:]
        products = re.findall(r"([−\d.]+)·\(?([−\d.]+)\)?", terms)
        assert number(total) == wanted[row, column] == sum(number(a) * number(b) for a, b in products)


@pytest.mark.parametrize("drag", [drag_by_mouse, drag_by_touch])
@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), (1, 2, 2)])
def test_the_window_follows_the_pointer(tab, drag, stride, padding, dilation):
    """Its middle comes as near to the pointer as the stride allows."""
    figure = tab.locator("figure.live-window")
    figure.locator(".live-reset").click()
    set_sliders(figure, {"stride": stride, "padding": padding, "dilation": dilation})
    image, (row, column) = figure.locator("svg").nth(0), (3, 4)
    drag(tab, cell_middle(image, 1 + padding, 1 + padding, 32), cell_middle(image, row + padding, column + padding, 32))
    taps = marked(image, "a")
    assert len(taps) == 9
    middle = [at - padding for at in taps[4]]
    assert max(abs(middle[0] - row), abs(middle[1] - column)) <= stride / 2


def test_a_click_chooses_a_position_of_the_output(tab):
    figure = tab.locator("figure.live-window")
    figure.locator(".live-reset").click()
    tab.mouse.click(*cell_middle(figure.locator("svg").nth(1), 2, 3, 32))
    assert figure.locator(".live-sentence").inner_text().startswith("V(2, 3) = ")


def test_the_window_slides_and_can_be_stopped(tab):
    """Over all positions where motion is wanted, to the last one at once where it is not."""
    figure = tab.locator("figure.live-window")
    figure.locator(".live-reset").click()
    player, sentence = figure.get_by_role("button", name="slide over the image"), figure.locator(".live-sentence")
    player.click()
    assert sentence.inner_text().startswith("V(2, 3) = ")
    figure.locator(".live-reset").click()
    tab.emulate_media(reduced_motion="no-preference")
    sentence.evaluate(
        """line => {
            line.seen = [];
            new MutationObserver(() => line.seen.push(line.textContent.slice(0, 7))).observe(line, {childList: true});
        }"""
    )
    player.click()
    tab.wait_for_function("line => line.seen.length > 1", arg=sentence.element_handle())
    figure.get_by_role("button", name="stop").or_(player).click()
    seen = sentence.evaluate("line => line.seen")
    assert seen == sorted(seen), "not in reading order"
    tab.emulate_media(reduced_motion="reduce")
    assert player.is_visible()


def test_one_window_on_all_channels(tabs, stills):
    """Sums, biases and outputs, of PyTorch's layer with the numbers that stand in the figure."""
    tab = in_front(tabs["-layer"])
    figure = tab.locator("figure.live-channels")
    figure.locator(".live-reset").click()
    drawings = figure.locator("svg")
    sentence = figure.locator(".live-sentence")
    line = stills["channels"].find(string=re.compile(r"^\S+ \+ .* = "))
    assert sentence.inner_text().split(" = ", 1)[1].replace("bias ", "") == line.strip()

    draw = random.Random(3)
    weight = torch.tensor([draw.randint(-9, 9) / 2 for _ in range(54)]).reshape(2, 3, 3, 3)
    bias = torch.tensor([2.0, -4.0])
    image = torch.stack([table(drawings.nth(s)) for s in range(3)])
    for t in range(2):
        figure.get_by_role("button", name=f"output channel {t}").click()
        visible = figure.locator("input[type=number]").filter(visible=True)
        assert visible.count() == 27
        for field, value in zip(visible.all(), weight[t].flatten().tolist()):
            field.fill(str(value))
        figure.get_by_label(f"bias[{t}]").fill(str(int(bias[t])))
    wanted = F.conv2d(image[None], weight[None].flatten(0, 1), bias)[0]
    for t in range(2):
        assert torch.allclose(table(drawings.nth(3 + t)), wanted[t])
    for row, column in [(0, 0), (1, 2)]:
        tab.mouse.click(*cell_middle(drawings.nth(1), row + 1, column + 1, 26))
        for s, kind in enumerate("abc"):
            window = [(i, j) for i in range(row, row + 3) for j in range(column, column + 3)]
            assert marked(drawings.nth(s), kind) == window
        sums = (weight[1] * image[:, row : row + 3, column : column + 3]).sum((1, 2))
        shown = [number(words) for words in figure.locator(".live-channels output").all_inner_texts()]
        assert shown == sums.tolist()
        assert sentence.inner_text().startswith(f"output[1, {row}, {column}] = ")
        assert number(sentence.inner_text().split(" = ")[-1]) == wanted[1, row, column] == sums.sum() + bias[1]
    tab.mouse.click(*cell_middle(drawings.nth(3), 0, 2, 26))
    assert sentence.inner_text().startswith("output[0, 0, 2] = ")


@pytest.mark.parametrize(
    ("n", "k", "stride", "padding", "dilation"),
    [(10, 3, 2, 0, 1), (16, 7, 5, 4, 1), (11, 2, 3, 1, 4), (3, 3, 1, 0, 1), (8, 4, 2, 2, 2), (5, 7, 1, 0, 1)],
)
def test_the_size_formula(tabs, n, k, stride, padding, dilation):
    figure = in_front(tabs["-layer"]).locator("figure.live-sizes")
    for name, value in {"n": n, "k": k, "stride": stride, "padding": padding, "dilation": dilation}.items():
        figure.locator("label").filter(has_text=re.compile(rf"^{name}\s*\d+$")).locator("input").fill(str(value))
    formula, lost = figure.locator(".live-sentence").inner_text().rsplit(". ", 1)
    if n + 2 * padding < dilation * (k - 1) + 1:
        assert "none" in formula
        return
    row = torch.zeros(1, 1, n, requires_grad=True)
    out = F.conv1d(row, torch.ones(1, 1, k), None, stride, padding, dilation)
    assert formula.endswith(f"= {out.shape[2]}")
    out.sum().backward()
    unread = (row.grad.flatten() == 0).nonzero().flatten().tolist()
    assert [int(word) for word in re.findall(r"\d+", lost)] == unread


def test_a_field_that_is_no_number_is_marked_and_changes_nothing(tab):
    figure = tab.locator("figure.live-window")
    field = figure.locator("input[type=number]").first
    field.fill("3")
    before = figure.locator(".live-sentence").inner_text()
    field.fill("")
    assert field.get_attribute("aria-invalid") == "true"
    assert figure.locator(".live-sentence").inner_text() == before
    field.fill("3")
    assert field.get_attribute("aria-invalid") == "false"
