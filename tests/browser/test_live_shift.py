"""The shift figure: its layers and receptive fields are PyTorch's, and its words say what its map shows."""

import re

import pytest
import torch
import torch.nn.functional as F
from drawings import canvas_pixels, set_sliders
from live_figures import drag_by_mouse
from visiting import settle

pytestmark = pytest.mark.browser

PAGE = "book/01-convolution-shifts.html"
MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


@pytest.fixture(scope="module")
def tab(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}/{PAGE}")
    settle(page)
    page.wait_for_selector("figure.live-shift .live-box")
    yield page
    context.close()


@pytest.fixture
def figure(tab):
    """As it is first: a shift by (8, 8)."""
    figure = tab.locator("figure.live-shift")
    figure.locator(".live-reset").click()
    return figure


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_the_layers_of_the_shift_figure_are_pytorchs(tab, mode, stride):
    """At each depth, and the difference of two views by a shift down and to the left."""
    torch.manual_seed(stride)
    scene, (down, right) = torch.rand(104, 104, dtype=torch.float64), (7, -4)
    weights, side, found = tab.evaluate(
        """async ([data, mode, stride, shift]) => {
            const figure = await import('/_static/figures/shift.mjs');
            const scene = {height: 104, width: 104, data: Float64Array.from(data)};
            const views = [[24, 24], [24 + shift[0], 24 + shift[1]]].map(corner => figure.cut(scene, corner));
            const [first, second] = views.map(view => figure.stack(view, mode, stride));
            const found = [1, 2, 5, 8].map(depth => {
                const {out} = figure.difference(first(depth), second(depth), shift, stride);
                return [depth, [...first(depth).data], [...out.data].map(value => Number.isNaN(value) ? null : value)];
            });
            const weights = figure.randomWeights().map(layer => layer.map(slices => slices.map(({data}) => [...data])));
            return [weights, figure.VIEW, found];
        }""",
        [scene.flatten().tolist(), mode, stride, [down, right]],
    )
    kernels = [torch.tensor(layer, dtype=torch.float64).unflatten(2, (3, 3)) for layer in weights]

    def through(row: int, column: int, depth: int) -> torch.Tensor:
        x = scene[None, None, row : row + side, column : column + side]
        for level, kernel in enumerate(kernels[:depth]):
            x = F.relu(x) if level else x
            x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode=MODES[mode]), kernel, stride=1 if level else stride)
        return x[0, 0]

    for depth, output, differences in found:
        here, there = through(24, 24, depth), through(24 + down, 24 + right, depth)
        assert torch.allclose(torch.tensor(output, dtype=torch.float64), here.flatten(), atol=1e-10)
        (a, b), n = (down // stride, right // stride), len(here)
        wanted = torch.full_like(here, torch.nan)  # (a, b): one down, one to the left
        wanted[a:, : n + b] = (here[a:, : n + b] - there[: n - a, -b:]).abs() / here.std(correction=0)
        seen = torch.tensor([torch.nan if value is None else value for value in differences], dtype=torch.float64)
        assert torch.allclose(seen, wanted.flatten(), atol=1e-9, equal_nan=True)


@pytest.mark.parametrize(("depth", "stride"), [(1, 1), (4, 1), (1, 3), (3, 2), (8, 3)])
def test_the_receptive_field_of_an_output(tab, depth, stride):
    """By following gradients through ones."""
    x = torch.ones(1, 1, 1, 120, requires_grad=True)
    y = x
    for level in range(depth):
        y = F.conv1d(y[0], torch.ones(1, 1, 3), None, 1 if level else stride, 1)[None]
    at = y.shape[3] // 2
    y[0, 0, 0, at].backward()
    pixels = x.grad[0, 0, 0].nonzero().flatten()
    found = tab.evaluate(
        "async args => (await import('/_static/figures/shift.mjs')).field(...args)", [at, depth, stride]
    )
    assert found == [int(pixels.min()), int(pixels.max())]


def told(figure, shift: tuple[int, int], layers: int, stride: int, mode: str = "zeros") -> tuple[float, float]:
    """The largest differences in the frame and inside it, as the figure tells them."""
    figure.locator(".live-reset").click()
    set_sliders(figure, {"layers": layers, "stride": stride})
    figure.get_by_label("padding mode").select_option(mode)
    for wanted, keys in zip(shift, (("ArrowDown", "ArrowUp"), ("ArrowRight", "ArrowLeft"))):
        for _ in range(abs(wanted - 8)):
            figure.locator("canvas").first.press(keys[wanted < 8])
    sentence = figure.locator(".live-sentence").inner_text()
    assert sentence.startswith(f"In a frame of {layers} position")
    assert f"moves by ({number_words(shift)}) pixels" in sentence
    differ = r"outputs (?:are equal|differ by up to ([\d.]+) standard deviations of the first one)"
    inside = r"and (?:inside it by up to ([\d.]+)|.* equal)"
    frame, inside = re.search(rf"{differ}, {inside}\. The", sentence).groups()
    return float(frame or 0), float(inside or 0)


def number_words(pair: tuple[int, int]) -> str:
    return ", ".join(str(value).replace("-", "−") for value in pair)


@pytest.mark.parametrize("mode", MODES)
def test_padding_breaks_the_frame_and_nothing_else(figure, mode):
    frame, inside = told(figure, (8, 3), 3, 1, mode)
    assert frame > 0.05 and inside == 0


def test_a_stride_breaks_odd_shifts_everywhere(figure):
    assert told(figure, (4, -2), 4, 2)[1] == 0
    assert told(figure, (5, 4), 4, 2)[1] > 0.1
    assert told(figure, (0, 0), 4, 2) == (0, 0)


def test_the_second_view_is_dragged(tab, figure):
    """By as many pixels of the scene as the pointer goes; a click alone does not move it."""
    scene, sentence = figure.locator("canvas").first, figure.locator(".live-sentence")
    scene.scroll_into_view_if_needed()
    box = scene.bounding_box()
    x, y, pixel = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, (box["width"] - 2) / 104
    tab.mouse.click(x, y)
    assert "moves by (8, 8) pixels" in sentence.inner_text()
    drag_by_mouse(tab, (x, y), (x - 11 * pixel, y + 3 * pixel))
    assert "moves by (11, −3) pixels" in sentence.inner_text()


def test_what_an_output_reads_says_whether_the_views_agree(figure):
    """Where a position of the map reads no padding in either view, the outputs are equal, and the map is black."""
    map_, sentence = figure.locator("canvas").nth(1), figure.locator(".live-sentence")
    pixels = canvas_pixels(map_)
    box = map_.bounding_box()
    cell = len(pixels) / 56
    seen = set()
    for row, column in [(2, 30), (9, 30), (13, 30), (30, 30), (30, 50), (30, 51), (50, 30), (51, 30)]:
        map_.click(
            position={
                "x": 1 + (column + 0.5) * (box["width"] - 2) / 56,
                "y": 1 + (row + 0.5) * (box["height"] - 2) / 56,
            }
        )
        words = sentence.inner_text()
        inside = all(13 <= at < 51 for at in (row, column))
        equal = "both outputs are equal" in words
        assert equal == inside and ("this place is outside" in words) == (row < 8)
        if equal:
            assert pixels[int((row + 0.5) * cell), int((column + 0.5) * cell)] == 0
        seen.add(equal)
    assert seen == {True, False}
