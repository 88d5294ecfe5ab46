"""The lens on a scene shows what the page's encoder computed, and says how far a position sees."""

import base64
import io
import json
import random
import re
from collections.abc import Iterable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from _code import segmenting
from bs4 import BeautifulSoup
from drawings import set_slider
from live_figures import said, shared
from PIL import Image
from visiting import query_of

pytestmark = pytest.mark.browser


PAGE = "book/06-segmentation.html"


def test_the_receptive_field(importing):
    """By the gradient of one output through layers of ones."""
    draw = random.Random(0)
    cases, wanted = [], []
    for _ in range(20):
        layers = [
            {
                "k": draw.randint(1, 3),
                "stride": draw.randint(1, 2),
                "padding": draw.randint(0, 1),
                "dilation": draw.randint(1, 2),
            }
            for _ in range(draw.randint(1, 4))
        ]
        x = torch.zeros(1, 1, 120, requires_grad=True)
        y = x
        for each in layers:
            y = F.conv1d(y, torch.ones(1, 1, each["k"]), None, each["stride"], each["padding"], each["dilation"])
        at = y.shape[2] // 2  # its field lies inside
        y[0, 0, at].backward()
        seen = x.grad[0, 0].nonzero().flatten()
        cases.append([layers, at])
        wanted.append([int(seen.min()), int(seen.max())])
    found = importing.evaluate(
        """async cases => {
            const {receptiveField} = await import('/_static/receptive.mjs');
            return cases.map(([layers, at]) => receptiveField(layers, at));
        }""",
        cases,
    )
    assert found == wanted


def pixels(address: str) -> np.ndarray:
    """A picture that is written as a data address."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))))


@pytest.fixture(scope="module")
def sprites(html):
    """What the still picture brings along: the data, and for each scene its image, mask and sprite."""
    page = html / PAGE
    picture = BeautifulSoup(page.read_text(), "html.parser").select_one("figure.live-levels img")["src"]
    data = json.loads(BeautifulSoup(page.parent.joinpath(picture).read_text(), "html.parser").find("metadata").string)
    return data, [[pixels(scene[name]) for name in ("image", "labels", "sprite")] for scene in data["scenes"]]


TOPS, KINDS = (0, 64, 96, 112), ("classes", "best", *(f"channel {i}" for i in range(1, 5)))


def map_of(sprite: np.ndarray, kind: str, level: int) -> np.ndarray:
    side, left = 64 >> level, 64 * KINDS.index(kind)
    return sprite[TOPS[level] : TOPS[level] + side, left : left + side]


def test_the_figure_holds_the_pages_scenes_and_maps(sprites):
    images, masks = segmenting.scenes(100, seed=1)
    data, scenes = sprites
    assert data["channels"] == [8, 16, 32, 64] and len(scenes) == 3
    for image, labels, sprite in scenes:
        at = (masks == torch.tensor(labels).long()).flatten(1).all(1).nonzero().item()
        assert np.array_equal((255 * images[at]).round().byte().permute(1, 2, 0).numpy(), image)
        for level in range(4):
            best = segmenting.best_in_cells(masks[at : at + 1], 2**level)[0, :: 2**level, :: 2**level]
            assert np.array_equal(map_of(sprite, "best", level), best.numpy())
            assert map_of(sprite, "classes", level).max() < 6
    for level in range(4):
        for kind in KINDS[2:]:
            values = np.stack([map_of(sprite, kind, level) for *_, sprite in scenes])
            assert values.max() == 255 and values.std() > 5


def shown(canvas) -> np.ndarray:
    """The canvas, eight by eight pixels for each pixel of the scene."""
    return pixels(canvas.evaluate("canvas => canvas.toDataURL()"))[..., :3]


def colour_of(canvas: np.ndarray, frame: list[int]) -> str:
    """The colour that most of a frame's lower and right edge has."""
    top, left, bottom, right = (min(8 * edge, 511) for edge in frame)
    edge = np.concatenate([canvas[bottom, left:right], canvas[top:bottom, right]])
    colours, counts = np.unique(edge, axis=0, return_counts=True)
    return "#" + bytes(colours[counts.argmax()].tolist()).hex()


def away_from_frames(picture: np.ndarray, frames: Iterable[list[int]]) -> np.ndarray:
    """Which pixels no frame (top, left, bottom, right) runs through."""
    clear = np.ones(picture.shape[:2], bool)
    for top, left, bottom, right in frames:
        for edge in (top, bottom):
            clear[max(edge - 1, 0) : edge + 1] = False
        for edge in (left, right):
            clear[:, max(edge - 1, 0) : edge + 1] = False
    return clear


def reach_of(level: int) -> int:
    """How many pixels beyond its own a position of the level sees on each side, by the gradient through ones."""
    x = torch.zeros(1, 1, 256, 256, requires_grad=True)
    y = x
    for at in range(level + 1):
        y = F.avg_pool2d(y, 2) if at else y
        for _ in range(2):
            y = F.conv2d(y, torch.ones(1, 1, 3, 3), padding=1)
    middle = y.shape[2] // 2
    y[0, 0, middle, middle].backward()
    return middle * 2**level - int(x.grad[0, 0].sum(1).nonzero().min())


@pytest.mark.parametrize("level", range(4))
def test_the_lens_shows_the_level(opened, sprites, level):
    data, scenes = sprites
    image, labels, sprite = scenes[1]
    figure = opened("levels", f"levels.scene=2&levels.level={level}&levels.lens=40&levels.at=20,40")
    canvas = figure.locator("canvas").first
    i, j, side, reach = 20 >> level, 40 >> level, 1 << level, reach_of(level)
    field = [
        max(side * i - reach, 0),
        max(side * j - reach, 0),
        min(side * (i + 1) + reach, 64),
        min(side * (j + 1) + reach, 64),
    ]
    frames = {
        "#ffffff": [0, 20, 40, 60],
        "#f0965a": field,
        "#5eb0f2": [side * i, side * j, side * i + side, side * j + side],
    }
    for kind, word in zip(KINDS, ("read by", "best possible", *KINDS[2:])):
        option = figure.locator("select option").filter(has_text=word).get_attribute("value")
        figure.locator("select").select_option(option)
        values = map_of(sprite, kind, level)
        painted = np.array(data["colours"])[values] if kind in KINDS[:2] else np.repeat(values[..., None], 3, 2)
        wanted = image.copy()
        wanted[:40, 20:60] = painted.repeat(side, 0).repeat(side, 1)[:40, 20:60]
        clear = away_from_frames(wanted, frames.values())
        assert clear.sum() > 1500
        assert np.array_equal(shown(canvas)[4::8, 4::8][clear], wanted[clear]), kind
    assert all(colour_of(shown(canvas), frame) == colour for colour, frame in frames.items())
    cell = labels[side * i : side * (i + 1), side * j : side * (j + 1)].flatten().tolist()
    told = re.search(r"The true class.* (?:is|are) (.*)\.", said(figure))[1]
    counts = {
        name: int(count or len(cell)) for name, count in re.findall(r"([a-z]+)(?: \((\d+)\))?(?:, | and |$)", told)
    }
    assert counts == {data["classes"][label]: cell.count(label) for label in set(cell)}
    assert f"sees {side + 2 * reach} × {side + 2 * reach}" in said(figure)


def test_the_lens_follows_the_hand(opened):
    figure = opened("levels", width=390, has_touch=True)
    canvas, page = figure.locator("canvas").first, figure.page
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 10.5 / 64, box["y"] + box["height"] * 50.5 / 64)
    assert "levels.at=50%2C10" in shared(figure)
    canvas.focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowUp")
    assert "levels.at=49%2C20" in query_of(page)
    figure.get_by_role("button", name="level 3").tap()
    assert said(figure).startswith("Level 3: ")
    set_slider(figure, "level", 0)
    assert said(figure).startswith("Level 0: ")
    assert figure.get_by_role("button", name="level 0").get_attribute("aria-pressed") == "true"
