"""The gradients that the figure shows are PyTorch's, and its sentence and bars say what the experiment found."""

import json
import math
import random

import numpy as np
import pytest
import torch
from _code import depth, gradient_pictures, records
from bs4 import BeautifulSoup
from drawings import set_slider
from experiments import gradients
from live_figures import said, shared

pytestmark = pytest.mark.browser

SKIP, NORM, INIT = ("plain", "skip"), ("bare", "norm"), ("default", "he")


@pytest.fixture(scope="module")
def told() -> records.Record:
    return records.Record("gradients.json")


def random_stacks(count: int, seed: int) -> list[tuple[int, int, int, int]]:
    """Depths, and which of the two shortcuts, norms and initialisations."""
    draw = random.Random(seed)
    return [(draw.choice(gradients.DEPTHS), *(draw.randrange(2) for _ in range(3))) for _ in range(count)]


def names(stack: tuple[int, int, int, int]) -> tuple[str, str, str, str]:
    count, skip, norm, init = stack
    return str(count), SKIP[skip], NORM[norm], INIT[init]


@pytest.mark.parametrize("stack", random_stacks(4, seed=0))
def test_the_norms_are_those_of_the_stacks_own_gradients(told, stack):
    """By finite differences of the loss along each layer's gradient, in float64."""
    count, skip, norm, init = stack
    images, labels, *_ = depth.digits()
    images, labels = images[: gradients.IMAGES], labels[: gradients.IMAGES]
    torch.manual_seed(gradients.SEEDS[1])
    net = depth.Stack(count, bool(skip), bool(norm), INIT[init])
    found = depth.gradients(net, images, labels)
    assert np.allclose(found, told(*names(stack), "gradient")[1], rtol=0.02)
    net, images = net.double(), images.double()
    norms = depth.gradients(net, images, labels)
    loss = lambda: torch.nn.functional.cross_entropy(net(images), labels)
    at = random.Random(count).randrange(count)
    weight = net.convs[at].weight
    (way,) = torch.autograd.grad(loss(), weight)
    with torch.no_grad():
        step = 1e-5 / max(norms[at], 1e-5) * way
        ends = []
        for sign in (1, -2):
            weight += sign * step
            ends.append(loss().item())
    slope = (ends[0] - ends[1]) / (2 * step.norm().item())
    assert slope == pytest.approx(norms[at], rel=0.02, abs=1e-7)


def test_a_stack_has_the_layers_that_its_depth_says():
    net = depth.Stack(8, skip=True, norm=True, init="he")
    assert len(net.convs) == 8 and all(conv.kernel_size == (3, 3) for conv in net.convs)
    assert net(torch.zeros(2, 1, 8, 8)).shape == (2, 10)
    plain = depth.Stack(8, skip=False, norm=True, init="he")
    plain.load_state_dict(net.state_dict())
    for conv in (*net.convs[1::2], *plain.convs[1::2]):
        conv.weight.data.zero_()
        conv.bias.data.zero_()
    x = torch.randn(3, 1, 8, 8)
    stem = net.stem(x).relu().flatten(1)
    assert torch.allclose(net.eval()(x), net.head(stem)), "pairs that give 0 let the shortcut pass"
    assert torch.allclose(plain.eval()(x), plain.head(torch.zeros_like(stem)))


def test_the_figure_holds_what_the_experiment_found(html, told):
    page = next(path for path in (html / "book").glob("*.html") if "live-gradients" in path.read_text())
    picture = BeautifulSoup(page.read_text(), "html.parser").select_one("figure.live-gradients img")["src"]
    held = BeautifulSoup((page.parent / picture).read_text(), "html.parser").find("metadata").string
    assert json.loads(held)["runs"] == told.runs and len(held) < 150_000


def test_means_and_words_are_those_of_python(importing):
    draw = random.Random(1)
    values = [10 ** draw.uniform(-16, 3) for _ in range(300)]
    found = importing.evaluate(
        """async values => {
            const {geometricMean, power} = await import('/_static/norms.mjs');
            return {mean: geometricMean(values), words: values.map(power)};
        }""",
        values,
    )
    assert math.log(found["mean"]) == pytest.approx(np.log(values).mean())
    assert found["words"] == [gradient_pictures.power(value) for value in values]


def between(values: np.ndarray, digits: int) -> str:
    low, high = (f"{value:.{digits}f}" for value in (values.min(), values.max()))
    return low if low == high else f"{low} to {high}"


def choose(figure, stack: tuple[int, int, int, int]) -> None:
    count, skip, norm, init = stack
    set_slider(figure, "layers", math.log2(count))
    figure.get_by_label("shortcuts").set_checked(bool(skip))
    figure.get_by_label("batch norm").set_checked(bool(norm))
    figure.locator("select").select_option(INIT[init])


def test_the_sentence_says_what_the_experiment_found(opened, told):
    figure = opened("gradients")
    for stack in random_stacks(8, seed=2):
        choose(figure, stack)
        norms, losses, right = (told(*names(stack), key) for key in ("gradient", "loss", "right"))
        first, last = (gradient_pictures.power(np.exp(np.log(norms[:, at]).mean())) for at in (0, -1))
        assert f"is {first} in layer 1, and {last} in layer {stack[0]}." in said(figure)
        ended = losses[:, -1] < gradients.MOST
        assert f"is {between(losses[ended, -1], 2)}, and the stack" in said(figure)
        assert f"reads {between(100 * right, 0)} % of the new digits" in said(figure)
        assert ("diverges" in said(figure)) == ("of the others" in said(figure)) == (not ended.all())


def test_a_training_that_diverges_is_told(opened, told):
    """Without a norm, pairs that keep the spread and shortcuts that add it let it grow with each pair."""
    stack = ("32", "skip", "bare", "he")
    lost = int((told(*stack, "loss")[:, -1] >= gradients.MOST).sum())
    figure = opened("gradients", "gradients.depth=32&gradients.skip=1&gradients.init=he")
    assert (f"With {lost} of 5 seeds the training diverges." in said(figure)) == (lost > 0)


BARS = """all => all.map(rect => rect.height.baseVal.value)"""
CURVES = """all => all.map(line => [...line.points].map(point => [point.x, point.y]))"""


def test_bars_and_curves_are_drawn_as_they_are(opened, told):
    for stack in random_stacks(3, seed=3):
        count, skip, norm, init = stack
        query = f"gradients.depth={count}&gradients.skip={skip}&gradients.norm={norm}&gradients.init={INIT[init]}"
        figure = opened("gradients", query)
        heights = figure.locator("svg").nth(0).locator("rect").evaluate_all(BARS)
        norms, losses = told(*names(stack), "gradient"), told(*names(stack), "loss")
        powers = np.log10(norms).mean(0) + 16  # the bars begin at 10⁻¹⁶
        assert np.allclose(np.array(heights) / powers, heights[0] / powers[0], rtol=1e-3)
        curves = np.array(figure.locator("svg").nth(1).locator("polyline").evaluate_all(CURVES))
        assert curves.shape == (5, gradients.EPOCHS, 2)
        drawn = curves[..., 1]
        flat = np.clip(losses, None, 3).flatten()
        slope, _ = np.polyfit(flat, drawn.flatten(), 1) if np.ptp(flat) > 0.5 else (None, None)
        if slope is not None:
            assert slope < 0 and np.corrcoef(flat, drawn.flatten())[0, 1] < -0.9999


def test_a_layer_is_chosen_on_its_bar(opened, told):
    figure = opened("gradients", "gradients.depth=32")
    bars = figure.locator("svg").nth(0)
    bars.press("ArrowRight")
    bars.press("Shift+ArrowRight")
    mean = gradient_pictures.power(np.exp(np.log(told("32", "plain", "bare", "default", "gradient")[:, 11]).mean()))
    assert f"is {mean} in layer 12, and" in said(figure)
    assert "gradients.depth=32&gradients.layer=12" in shared(figure)
    set_slider(figure, "layers", 2)
    assert f"in layer {gradients.DEPTHS[0]}." in said(figure), "the last layer is chosen where there are fewer"


@pytest.mark.parametrize("words", ["20", "2", "x", "-4", ""])
def test_depths_that_were_not_trained_are_no_address(opened, words):
    assert said(opened("gradients", f"gradients.depth={words}")) == said(opened("gradients"))


def test_the_first_picture_is_the_still_one(opened, html):
    """Both show 16 plain layers as PyTorch makes them: as many bars, one as high beside the other."""
    page = next(path for path in (html / "book").glob("*.html") if "live-gradients" in path.read_text())
    picture = BeautifulSoup(page.read_text(), "html.parser").select_one("figure.live-gradients img")["src"]
    still = BeautifulSoup((page.parent / picture).read_text(), "html.parser").select("rect.a")
    wanted = np.array([float(bar["height"]) for bar in still])
    heights = np.array(opened("gradients").locator("svg").nth(0).locator("rect").evaluate_all(BARS))
    assert len(wanted) == len(heights) == 16
    assert np.allclose(wanted / wanted[-1], heights / heights[-1], rtol=1e-3)
