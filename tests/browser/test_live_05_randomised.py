"""A convincing map of nothing: the pictures are the experiment's maps, the figures beside them those of its seeds."""

import json
from functools import partial
from pathlib import Path

import live_figures
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from _code import explaining, occluding, records
from _code import randomised_pictures as pictures
from drawings import canvas_pixels, number, set_sliders
from live_figures import said
from networking import in_the_address
from PIL import Image
from visiting import assert_axe_finds_nothing

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("html")]

FOLDER = Path(__file__).resolve().parents[2] / "_build" / "html" / "_static" / "pictures"
PAGE = "book/05-interpretability-belief.html"
SIDE, METHODS = pictures.SIDE, pictures.METHODS


@pytest.fixture(scope="module")
def sheet() -> torch.Tensor:
    """The file as grey cells: photographs, methods, 2 + steps, rows, columns."""
    pixels = torch.from_numpy(np.asarray(Image.open(FOLDER / pictures.PICTURE).convert("L"), np.float32) / 255)
    cells = pixels.unfold(0, SIDE, SIDE).unfold(1, SIDE, SIDE)
    return cells.reshape(len(explaining.CLASSES), len(METHODS), -1, SIDE, SIDE)


@pytest.fixture(scope="module")
def told() -> dict:
    return json.loads((FOLDER / pictures.NUMBERS).read_text())


def test_the_sheet_holds_the_maps_of_the_trained_network_and_of_a_random_classifier(sheet):
    images, targets = explaining.squares(), explaining.numbers()
    for step, (_, net) in enumerate(explaining.cascade(images, seed=0)):
        if step == 2:
            break
        for method, name in enumerate(METHODS):
            wanted = pictures.shown(explaining.METHODS[name](net, images, targets))
            assert (sheet[:, method, 2 + step] - wanted).abs().mean() < 0.04, name
    for photograph, image in zip(sheet[:, :, 0], images.mean(1)):
        small = F.interpolate(image[None, None], (SIDE, SIDE), mode="area")[0, 0]
        assert all((cell - small).abs().mean() < 0.05 for cell in photograph)


def test_a_convincing_map_of_nothing(sheet):
    """What the page says of the pictures: guided backpropagation stays the same, Grad-CAM does not."""
    alike = lambda a, b: torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1]
    for photograph in sheet:
        trained, random = photograph[:, 2], photograph[:, 3]
        assert alike(*(each[METHODS.index("guided backpropagation")] for each in (trained, random))) > 0.95
        assert alike(*(each[METHODS.index("Grad-CAM")] for each in (trained, random))) < 0.9


def test_figures_are_those_of_the_seeds(told):
    runs = records.Record("randomised.json").runs
    assert told["methods"] == list(METHODS) and len(runs) > 1
    for name in METHODS:
        values = np.array([run[name]["rank"] for run in runs])
        found = np.array(told["ranks"][name])  # photographs, steps, (mean, lowest, highest)
        assert np.allclose(found[..., 0], values.mean(0).T, atol=0.006)
        assert np.allclose(found[..., 1], values.min(0).T, atol=0.006)
        assert np.allclose(found[..., 2], values.max(0).T, atol=0.006)


def test_both_files_are_small():
    assert sum((FOLDER / file).stat().st_size for file in (pictures.PICTURE, pictures.NUMBERS)) < 300e3


started = partial(live_figures.started, name="randomised")


def rank_words(figure) -> list[list[str]]:
    """What stands below each map: the mean, and the range."""
    return [[bold.inner_text(), *bold.locator("+ span").all_inner_texts()] for bold in figure.locator("b").all()]


@pytest.mark.parametrize(("photo", "step"), [(1, 1), (0, 0), (2, 7), (1, 10)])
def test_maps_answers_and_ranks_belong_to_the_setting(tab_on, sheet, told, photo, step):
    name = ["cat", "espresso", "tripod"][photo]
    figure = started(tab_on(f"{PAGE}?randomised.photo={name}&randomised.step={step}"))
    canvases = figure.locator("canvas").all()
    assert len(canvases) == 1 + 2 * len(METHODS)
    for method in range(len(METHODS)):
        before, now = (canvas_pixels(canvases[1 + at * len(METHODS) + method]) for at in (0, 1))
        assert (before - sheet[photo, method, 2]).abs().mean() < 0.01
        assert (now - sheet[photo, method, 2 + step]).abs().mean() < 0.01
    for words, method in zip(rank_words(figure), METHODS):
        mean, low, high = told["ranks"][method][photo][step]
        assert number(words[0]) == mean
        assert words[1] == "" if low == high else [number(end) for end in words[1].split(" … ")] == [low, high]
    answer, share, _ = told["answers"][photo][step]
    assert f"The network says “{answer}” ({occluding.percent(share)})" in said(figure)
    parts = figure.locator("svg").get_attribute("aria-label")
    assert parts == f"random parts: {step} of {len(told['parts']) - 1}"
    assert figure.locator("svg rect.b").count() == step


def test_both_sides_name_the_same_parts(tab_on, told):
    tab = tab_on(PAGE)
    figure = started(tab)
    slider = figure.get_by_role("slider", name="random down to")
    for step, part in enumerate(told["parts"]):
        set_sliders(figure, {"random down to": step})
        assert slider.locator("xpath=..").inner_text().replace("\u00a0", " ").endswith(part)


def test_the_sentence_says_what_is_random_and_which_map_is_most_like_its_trained_one(tab_on, told):
    figure = started(tab_on(PAGE))
    for step in (0, 1, 2, 6, 10):
        set_sliders(figure, {"random down to": step})
        middle = f"Every part from the classifier down to {'the ' if step == 2 else ''}{told['parts'][step]} is random."
        ends = {0: "Nothing is random.", 1: "The classifier is random.", 10: "Every part is random."}
        assert said(figure).startswith(ends.get(step, middle))
        most = max(METHODS, key=lambda name: told["ranks"][name][1][step][0])
        mean = f"{told['ranks'][most][1][step][0]:.2f}".replace("-", "−")
        last = f"Of the four maps, “{most}” is most like its trained one (mean rank correlation {mean})."
        assert said(figure).endswith(last) == (step > 0)


def test_step_by_step_and_the_address(tab_on):
    tab = tab_on(PAGE, reduced_motion="no-preference")
    figure = started(tab)
    figure.get_by_role("button", name="step by step").click()
    tab.wait_for_function("() => document.querySelectorAll('.live-randomised svg rect.b').length === 3", timeout=10_000)
    figure.get_by_role("button", name="stop").click()
    assert in_the_address(tab, "step", "randomised") == "3"
    figure.get_by_role("button", name="tripod").click()
    assert in_the_address(tab, "photo", "randomised") == "tripod"


def test_it_is_loaded_by_a_button_and_passes_axe(tab_on):
    tab = tab_on(PAGE)
    heavy = lambda: [url for url in tab.asked if "/pictures/" in url]
    assert not heavy() and "0.2\u00a0MB" in tab.locator("figure.live-randomised .live-start").inner_text()
    started(tab)
    assert len(heavy()) == 2
    assert round(sum(len(tab.request.get(url).body()) for url in heavy()) / 1e6, 1) == 0.2
    assert_axe_finds_nothing(tab)
    assert not tab.seen.errors and not tab.seen.foreign
