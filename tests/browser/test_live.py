"""The live figures compute what PyTorch computes, and their controls do what they say."""

import base64
import importlib.util
import io
import random
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from bs4 import BeautifulSoup
from PIL import Image
from visiting import settle

pytestmark = pytest.mark.browser

CHAPTER = "book/01-convolution"
FIGURES = {"window": "", "kernels": "", "sizes": "-layer", "shift": "-shifts"}  # the page of each
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


@pytest.fixture
def tab(tabs):
    """The chapter's first page."""
    return tabs[""]


def number(words: str) -> float:
    return float(words.replace("−", "-"))


def set_slider(figure, name: str, value: int) -> None:
    figure.get_by_label(name, exact=False).and_(figure.locator("input[type=range]")).first.fill(str(value))


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


@pytest.mark.parametrize("mode", MODES)
def test_a_network_of_layers_is_pytorchs(tab, mode):
    torch.manual_seed(1)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, 2, padding=1, padding_mode=mode, bias=False),
        torch.nn.ReLU(),
        torch.nn.Conv2d(4, 3, 3, padding=1, padding_mode=mode, bias=False),
        torch.nn.ReLU(),
        torch.nn.Conv2d(3, 1, 3, padding=1, padding_mode=mode, bias=False),
    ).double()
    x = torch.randn(1, 1, 17, 14, dtype=torch.float64)
    weights = [[[plane(kernel) for kernel in slices] for slices in layer.weight.detach()] for layer in net[::2]]
    options = [{"padding": 1, "mode": mode, "stride": stride} for stride in (2, 1, 1)]
    (found,) = tab.evaluate(
        """async ([x, weights, options]) => {
            const {network} = await import('/_static/conv.mjs');
            return network([x], weights, options).map(out => ({...out, data: [...out.data]}));
        }""",
        [plane(x[0, 0]), weights, options],
    )
    assert torch.allclose(tensor(found), net(x)[0, 0].detach(), atol=1e-10)


def table(drawing) -> torch.Tensor:
    """The numbers of a drawn grid, as they stand."""
    cells = drawing.evaluate(
        "svg => [...svg.querySelectorAll('g')].map(g => [g.querySelector('rect').y.baseVal.value, g.textContent])"
    )
    rows: dict[float, list[float]] = {}
    for y, words in cells:
        rows.setdefault(y, []).append(number(words))
    return torch.tensor(list(rows.values()))


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
        for name, value in [("stride", stride), ("padding", padding), ("dilation", dilation)]:
            set_slider(figure, name, value)
        wanted = F.conv2d(pixels[None, None], kernel[None, None], None, stride, padding, dilation)[0, 0]
        assert torch.allclose(table(result), wanted)
        last = wanted.numel() - 1
        set_slider(figure, "window", last)
        row, column = divmod(last, wanted.shape[1])
        sentence = figure.locator(".live-sentence").inner_text()
        assert sentence.startswith(f"V({row}, {column}) = ")
        terms, total = sentence.split("= ")[1:]
        products = re.findall(r"([−\d.]+)·\(?([−\d.]+)\)?", terms)
        assert number(total) == wanted[row, column] == sum(number(a) * number(b) for a, b in products)


def test_a_touch_chooses_a_place_of_the_result(tab):
    figure = tab.locator("figure.live-window")
    set_slider(figure, "window", 1)
    figure.locator("svg").nth(1).locator("g").first.click()
    assert figure.locator(".live-sentence").inner_text().startswith("V(0, 0) = ")


@pytest.mark.parametrize(
    ("n", "k", "stride", "padding", "dilation"),
    [(10, 3, 2, 0, 1), (16, 7, 5, 4, 1), (11, 2, 3, 1, 4), (3, 3, 1, 0, 1), (8, 4, 2, 2, 2), (5, 7, 1, 0, 1)],
)
def test_the_size_formula(tabs, n, k, stride, padding, dilation):
    figure = tabs["-layer"].locator("figure.live-sizes")
    for name, value in {"n": n, "k": k, "stride": stride, "padding": padding, "dilation": dilation}.items():
        figure.locator("label").filter(has_text=re.compile(rf"^{name}\s*\d+$")).locator("input").fill(str(value))
    formula, lost = figure.locator(".live-sentence").all_inner_texts()
    if n + 2 * padding < dilation * (k - 1) + 1:
        assert "none" in formula
        return
    row = torch.zeros(1, 1, n, requires_grad=True)
    out = F.conv1d(row, torch.ones(1, 1, k), None, stride, padding, dilation)
    assert formula.endswith(f"= {out.shape[2]}")
    out.sum().backward()
    unread = (row.grad.flatten() == 0).nonzero().flatten().tolist()
    assert [int(word) for word in re.findall(r"\d+", lost)] == unread


@pytest.fixture(scope="module")
def kernels():
    """The chapter's own table of kernels (book/_code is in no package)."""
    spec = importlib.util.spec_from_file_location("book_kernels", ROOT / "book" / "_code" / "kernels.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def canvas_pixels(canvas) -> torch.Tensor:
    """Brightness of a canvas in 0…1."""
    address = canvas.evaluate("canvas => canvas.toDataURL()")
    return grey(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))))


def grey(picture: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.asarray(picture.convert("RGB"), np.float32).mean(2) / 255)


def photographs(still) -> list[torch.Tensor]:
    """The photographs that are embedded in a still picture."""
    links = [node.get("href") or node["xlink:href"] for node in still.find_all("image")]
    return [grey(Image.open(io.BytesIO(base64.b64decode(link.split(",")[1])))) for link in links]


def test_each_kernel_answers_as_in_the_chapter(tab, stills, kernels):
    figure = tab.locator("figure.live-kernels")
    photo = photographs(stills["kernels"])[1]
    figure.locator("select").nth(0).select_option("coffee")
    for name in kernels.names():
        figure.locator("select").nth(1).select_option(name)
        seen = canvas_pixels(figure.locator("canvas").nth(1))
        wanted = kernels.to_show(kernels.respond(photo, name), name)
        assert seen.shape == wanted.shape
        off = ((seen - wanted).abs() > 2.5 / 255).float().mean()
        assert off < 0.002, f"{name}: more than the marker is another picture ({off:.1%} of it)"


def test_own_numbers_and_the_window_under_the_pointer(tab, stills):
    figure = tab.locator("figure.live-kernels")
    photo = photographs(stills["kernels"])[2]
    figure.locator("select").nth(0).select_option("astronaut")
    kernel = torch.tensor([[2.0, 0, -1], [0.5, 1, 3], [-4, 1, 1]])
    for i, value in enumerate(kernel.flatten().tolist()):
        figure.locator("input[type=number]").nth(i).fill(str(value))
    assert figure.locator("select").nth(1).input_value() == "your own"
    canvas = figure.locator("canvas").first
    wide, high = canvas.evaluate("canvas => [canvas.clientWidth, canvas.clientHeight]")
    row, column = 40, 70
    canvas.click(position={"x": (column + 0.5) * wide / photo.shape[1], "y": (row + 0.5) * high / photo.shape[0]})
    for key, (down, right) in {"ArrowDown": (1, 0), "ArrowRight": (0, 1), "Shift+ArrowLeft": (0, -10)}.items():
        canvas.press(key)
        row, column = row + down, column + right
    line = figure.locator(".live-sentence").first.inner_text()
    assert line.startswith(f"Row {row}, column {column}:")
    wanted = (photo[row - 1 : row + 2, column - 1 : column + 2] * kernel).sum().item()
    assert abs(number(line.split("= ")[-1]) - wanted) < 0.011


def test_sliding_ends_and_can_be_stopped(tab):
    figure = tab.locator("figure.live-kernels")
    button = figure.locator("button")
    button.click()
    assert button.inner_text() == "stop"
    button.click()
    assert button.inner_text().startswith("slide")


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


def shift_sentence(tabs, shift: int, layers: int, stride: int, mode: str = "zeros") -> tuple[float, float]:
    """The largest differences in the frame and inside it, as the figure tells them."""
    tab = tabs["-shifts"]
    figure = tab.locator("figure.live-shift")
    for name, value in [("shift", shift), ("layers", layers), ("stride", stride)]:
        set_slider(figure, name, value)
    figure.get_by_label("padding mode").select_option(mode)
    tab.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    sentence = figure.locator(".live-sentence").inner_text()
    assert sentence.startswith(f"In a frame of {layers} pixel")
    frame, inside = re.findall(r"up to ([\d.]+?)(?= times|\. )", sentence)
    return float(frame), float(inside)


@pytest.mark.parametrize("mode", MODES)
def test_padding_breaks_the_frame_and_nothing_else(tabs, mode):
    frame, inside = shift_sentence(tabs, 8, 3, 1, mode)
    assert frame > 0.05 and inside == 0


def test_a_stride_breaks_odd_shifts_everywhere(tabs):
    assert shift_sentence(tabs, 4, 4, 2)[1] == 0
    assert shift_sentence(tabs, 5, 4, 2)[1] > 0.1
    assert shift_sentence(tabs, 0, 4, 2) == (0, 0)
