"""Filter sensitivity: maps, what a unit sees, and the nine best patches are those of the network."""

import json
import re
from functools import partial
from pathlib import Path

import live_figures
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from _code import explaining, sensitive
from _code import sensitive_pictures as pictures
from drawings import canvas_pixels, grey, number
from live_figures import said
from networking import in_the_address
from PIL import Image
from visiting import assert_axe_finds_nothing

from convcourse import pretrained

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("html")]

FOLDER = Path(__file__).resolve().parents[2] / "_build" / "html" / "_static" / "pictures"
PAGE = "book/05-interpretability.html"
NAMES, PHOTOGRAPHS = ["first layer", "stage 2", "stage 4"], ["cat", "espresso", "tripod"]
SIDE, TILE = pictures.SIDE, pictures.TILE


@pytest.fixture(scope="module")
def told() -> dict:
    return json.loads((FOLDER / pictures.NUMBERS).read_text())


@pytest.fixture(scope="module")
def net():
    return pretrained.efficientnet_lite0().requires_grad_(False)


def cell_of_maps(depth: int, photo: int, filter_: int, units: list[int]) -> torch.Tensor:
    """One map of the file, in 0…1."""
    top = 3 * sum(units[:depth]) + photo * units[depth]
    box = (filter_ * units[depth], top, (filter_ + 1) * units[depth], top + units[depth])
    return torch.from_numpy(np.asarray(Image.open(FOLDER / pictures.MAPS).convert("L").crop(box), np.float32) / 255)


def test_maps_are_the_networks(net, told):
    """Read back from the file, each unit differs from PyTorch's by a step of its 256 levels at most."""
    units = [each["units"] for each in told["depths"]]
    for depth, each in enumerate(told["depths"]):
        values = pictures.maps(net, each["stages"], explaining.squares(TILE))
        assert each["channels"] == values.shape[1] and each["units"] == values.shape[-1]
        for at, channel in enumerate(each["filters"]):
            low, high = each["bounds"][at]
            for photo in range(3):
                found = low + cell_of_maps(depth, photo, at, units) * (high - low)
                assert (found - values[photo, channel]).abs().max() <= (high - low) / 500


def test_patches_and_values_are_the_largest_of_all_tiles(net, told):
    """Found anew without the chapter's helper: the maximum of each tile's map, sorted."""
    tiles = sensitive.tiles(TILE)
    sheet = np.asarray(Image.open(FOLDER / pictures.PATCHES).convert("RGB"), np.float32) / 255
    for depth, each in enumerate(told["depths"]):
        values = torch.cat([pictures.maps(net, each["stages"], part) for part in tiles.split(16)])
        best, chosen = values.amax((2, 3)).sort(0, descending=True)
        found = sensitive.strongest(net, each["stages"], tiles)
        for at, channel in enumerate(each["filters"]):
            assert each["values"][at] == pytest.approx(best[:9, channel].tolist(), abs=1e-2)
            if best[8, channel] > best[9, channel] and len(best[:10, channel].unique()) == 10:
                assert found.tiles[:, channel].tolist() == chosen[:9, channel].tolist()
            row = (depth * pictures.FILTERS + at) * SIDE
            for place in (0, 8):
                shown = torch.from_numpy(sheet[row : row + SIDE, place * SIDE : (place + 1) * SIDE]).permute(2, 0, 1)
                wanted = sensitive.patch(found, tiles, channel, place)
                small = F.interpolate(wanted[None], (7, 7), mode="area")[0]
                assert (F.interpolate(shown[None], (7, 7), mode="area")[0] - small).abs().mean() < 0.06


def test_what_a_unit_sees_is_what_changes_it(net, told):
    """By gradients: outside of the frame no pixel counts, and at its edges some do."""
    for each in told["depths"]:
        size, start, jump = (each["sight"][name] for name in ("size", "start", "jump"))
        image = torch.rand(1, 3, TILE, TILE, generator=torch.Generator().manual_seed(0)).requires_grad_()
        with torch.enable_grad():
            x = net.stem[:2]((255 * image - 127) / 128)  # without the activation, whose gradient may be 0
            for stage in net.stages[: each["stages"]]:
                x = stage(x)
            unit = each["units"] // 2
            (gradient,) = torch.autograd.grad(x[0, :, unit, unit].sum(), image)
        lines = gradient.abs().sum((0, 1, 3)).nonzero().flatten()
        first, last = max(start + unit * jump, 0), min(start + unit * jump + size, TILE) - 1
        assert first <= lines.min() and lines.max() <= last
        assert size > 50 or (int(lines.min()), int(lines.max())) == (first, last)


def test_all_files_are_small():
    assert sum((FOLDER / file).stat().st_size for file in (pictures.PATCHES, pictures.MAPS, pictures.NUMBERS)) < 500e3


started = partial(live_figures.started, name="patches")


CASES = [(1, 8, 0, (11, 9)), (0, 3, 1, (0, 55)), (2, 15, 2, (6, 0))]


@pytest.mark.parametrize(("depth", "filter_", "photo", "at"), CASES)
def test_the_sentence_and_the_pictures_belong_to_the_setting(tab_on, net, told, depth, filter_, photo, at):
    words = {"depth": NAMES[depth], "filter": filter_, "photo": PHOTOGRAPHS[photo], "at": f"{at[0]},{at[1]}"}
    figure = started(tab_on(f"{PAGE}?{'&'.join(f'patches.{key}={value}' for key, value in words.items())}"))
    each = told["depths"][depth]
    channel, units = each["filters"][filter_], [every["units"] for every in told["depths"]]
    value = pictures.maps(net, each["stages"], explaining.squares(TILE))[photo, channel][at].item()
    sentence = said(figure)
    found = number(re.search(r"is (−?[\d.]+)\. It sees", sentence)[1])
    low, high = each["bounds"][filter_]
    assert found == pytest.approx(value, abs=0.051 + (high - low) / 500)
    assert f"channel {channel} of" in sentence
    ends = [int(end) for end in re.findall(r"(\d+) to (\d+)", sentence.split("It sees")[1])[0]]
    size, start, jump = (each["sight"][name] for name in ("size", "start", "jump"))
    assert ends == [max(start + at[0] * jump, 0), min(start + at[0] * jump + size, TILE) - 1]
    shown = [number(value) for value in figure.locator(".live-nine span").all_inner_texts()]
    assert shown == pytest.approx(each["values"][filter_], abs=0.051)
    canvases = figure.locator("canvas").all()
    drawn = canvas_pixels(canvases[2])
    wanted = cell_of_maps(depth, photo, filter_, units).repeat_interleave(448 // units[depth], 0)
    wanted = wanted.repeat_interleave(448 // units[depth], 1)
    assert ((drawn - wanted).abs() < 0.01).float().mean() > 0.95  # all but the frame
    row = (depth * pictures.FILTERS + filter_) * SIDE
    for place in (0, 8):
        box = (place * SIDE, row, (place + 1) * SIDE, row + SIDE)
        patch = grey(Image.open(FOLDER / pictures.PATCHES).convert("RGB").crop(box))
        assert (canvas_pixels(canvases[3 + place]) - patch).abs().mean() < 0.02


def test_hand_and_keys_choose_a_unit_and_a_filter(tab_on):
    tab = tab_on(PAGE)
    figure = started(tab)
    atlas, photograph, chart = figure.locator("canvas").all()[:3]
    at = lambda: in_the_address(tab, "at", "patches")
    for canvas, (row, column) in ((chart, (3, 20)), (photograph, (25, 1))):
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        cell = box["width"] / 28
        tab.mouse.move(box["x"] + (column + 0.5) * cell, box["y"] + (row + 0.5) * cell)  # it only passes
        assert at() == f"{row},{column}"
    chart.focus()
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Shift+ArrowRight")
    assert at() == "26,11"
    box = atlas.bounding_box()
    tab.mouse.click(box["x"] + 0.06 * box["width"], box["y"] + 0.25 * box["height"])
    assert in_the_address(tab, "filter", "patches") == "0"
    atlas.focus()
    for key in ("ArrowUp", "ArrowLeft", "ArrowDown", "ArrowRight"):  # the first two lead nowhere
        tab.keyboard.press(key)
    assert in_the_address(tab, "filter", "patches") == "9"


def test_pointing_at_a_small_map_shows_its_patches_until_the_mouse_has_left(tab_on, told):
    tab = tab_on(PAGE)
    figure = started(tab)
    atlas, slider = figure.locator("canvas").first, figure.get_by_role("slider", name="filter")
    each, first = told["depths"][1], said(figure)
    values = lambda: [number(value) for value in figure.locator(".live-nine span").all_inner_texts()]
    atlas.scroll_into_view_if_needed()
    box = atlas.bounding_box()
    at = lambda filter_: (
        box["x"] + (filter_ % 8 + 0.5) / 8 * box["width"],
        box["y"] + (filter_ // 8 + 0.5) / 2 * box["height"],
    )
    for filter_ in (0, 7, 13):
        tab.mouse.move(*at(filter_))
        assert values() == pytest.approx(each["values"][filter_], abs=0.051)
        assert f"channel {each['filters'][filter_]} of" in said(figure)
        assert slider.input_value() == "8"
    tab.mouse.move(1, 1)
    assert said(figure) == first and values() == pytest.approx(each["values"][8], abs=0.051)
    tab.mouse.click(*at(7))
    tab.mouse.move(1, 1)
    assert slider.input_value() == "7" and values() == pytest.approx(each["values"][7], abs=0.051)
    tab.mouse.move(*at(3))
    slider.press("ArrowRight")  # while the mouse rests on another one
    assert values() == pytest.approx(each["values"][8], abs=0.051)


@pytest.mark.parametrize("depth", range(3))
def test_what_grey_and_the_frame_mean_stands_below(tab_on, told, depth):
    figure = started(tab_on(f"{PAGE}?patches.depth={NAMES[depth]}&patches.at=3,3&patches.filter=5"))
    each = told["depths"][depth]
    frame, scale, _ = figure.locator(".live-scale").all_inner_texts()
    low, high = each["bounds"][5]
    words = re.fullmatch(r"black (−?[\d.]+), white (−?[\d.]+)", scale)
    assert [number(end) for end in words.groups()] == pytest.approx([low, high], abs=0.051)
    size, start, jump = (each["sight"][name] for name in ("size", "start", "jump"))
    seen = min(start + 3 * jump + size, TILE) - max(start + 3 * jump, 0)
    assert frame.replace("\xa0", " ") == f"{seen} × {seen} pixels"


def test_a_filter_that_is_zero_everywhere_is_said_to_be_so(tab_on, told):
    """The first layer has such filters, as the page says."""
    values = told["depths"][0]["values"]
    silent = [at for at, best in enumerate(values) if best[0] == 0]
    assert silent
    for at in (silent[0], next(at for at in range(len(values)) if at not in silent)):
        figure = started(tab_on(f"{PAGE}?patches.depth=first+layer&patches.filter={at}"))
        assert ("No tile gives more than 0" in said(figure)) == (at in silent)
        assert figure.get_by_text("no patch excites it").count() == (at in silent)


def test_another_depth_keeps_the_position(tab_on):
    tab = tab_on(f"{PAGE}?patches.at=27,14")
    figure = started(tab)
    figure.get_by_role("button", name="stage 4").click()
    assert in_the_address(tab, "at", "patches") == "6,3"
    figure.get_by_role("button", name="first layer").click()
    assert in_the_address(tab, "at", "patches") == "52,28"


def test_it_is_loaded_by_a_button_and_passes_axe(tab_on):
    tab = tab_on(PAGE)
    heavy = lambda: [url for url in tab.asked if "/pictures/" in url]
    assert not heavy() and "0.2\u00a0MB" in tab.locator("figure.live-patches .live-start").inner_text()
    started(tab)
    assert len(heavy()) == 3
    assert round(sum(len(tab.request.get(url).body()) for url in heavy()) / 1e6, 1) == 0.2
    assert_axe_finds_nothing(tab)
    assert not tab.seen.errors and not tab.seen.foreign
