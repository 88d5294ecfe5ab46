"""The style of all figures: told apart by the colour-blind, right in dark mode, the same bytes each time."""

import itertools
import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from skimage.color import deltaE_ciede2000, rgb2lab

from convcourse import plots

ROOT = Path(__file__).resolve().parents[2]
ACCENTS = (plots.BLUE, plots.ORANGE, plots.PLUM)
DARK_PAGE = "#121212"

# Colours as dichromats see them, in linear RGB: Machado, Oliveira and Fernandes 2009, severity 1.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colour: str) -> np.ndarray:
    part = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def seen(colour: str, sight: str) -> np.ndarray:
    part = np.clip(np.array(SIGHT[sight]) @ linear(colour), 0, 1)
    return rgb2lab(np.where(part <= 0.0031308, 12.92 * part, 1.055 * part ** (1 / 2.4) - 0.055))


def contrast(a: str, b: str) -> float:
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(autouse=True)
def styled(monkeypatch):
    monkeypatch.delenv("CONVCOURSE_BOOK", raising=False)
    with matplotlib.rc_context():
        plots.style()
        yield
    plt.close("all")


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("dark", [False, True])
def test_accents_are_told_apart(sight, dark):
    colours = [plots.DARK[c] if dark else c for c in ACCENTS]
    for a, b in itertools.combinations(colours, 2):
        assert deltaE_ciede2000(seen(a, sight), seen(b, sight)) > 12, (a, b)


def test_all_colours_are_readable_on_their_page():
    for colour, twin in plots.DARK.items():
        if colour != plots.GRID:  # the grid stays behind
            assert contrast(colour, "#ffffff") >= 4.5, colour
            assert contrast(twin, DARK_PAGE) >= 4.5, twin


def drawing():
    fig, ax = plt.subplots()
    ax.plot([0, 1], [0, 1], label="one")
    ax.plot([0, 1], [1, 0], label="two")
    ax.set_xlabel("step")
    ax.grid(True)
    ax.legend()
    return fig


def test_the_same_figure_gives_the_same_bytes():
    assert plots.to_svg(drawing()) == plots.to_svg(drawing())


def test_every_colour_of_a_plain_figure_has_a_dark_twin(monkeypatch):
    monkeypatch.setenv("CONVCOURSE_BOOK", "1")
    plots.style()
    svg = plots.to_svg(drawing())
    rules = re.search(r"<style>@media \(prefers-color-scheme: dark\)(.*?)</style>", svg)[1]
    drawn = svg.replace(rules, "")
    used = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", drawn))
    assert used and used <= set(plots.DARK), used - set(plots.DARK)
    for light in used:
        for what in ("fill", "stroke"):
            assert f'[style*="{what}: {light}"]{{{what}:{plots.DARK[light]} !important}}' in rules
    assert "#ffffff" not in drawn  # no white card behind


def test_a_notebooks_figures_are_legible_on_white_and_on_black():
    """What stands on the page itself: text 4, lines 3 times as bright or dark as JupyterLab's pages."""
    plots.install()  # outside IPython and outside the book: the style alone
    assert matplotlib.rcParams["figure.facecolor"] == "none"
    text = {matplotlib.rcParams[name] for name in ("text.color", "axes.labelcolor", "axes.titlecolor", "xtick.color")}
    lines = matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]
    for page in ("#ffffff", "#111111"):
        assert all(contrast(colour, page) >= 4 for colour in text)
        assert all(contrast(colour, page) >= 3 for colour in lines)


def test_a_white_panel_has_an_edge_on_a_white_page():
    figure = plots.show_row([np.ones((8, 8)), np.zeros((8, 8))], vmin=0, vmax=1)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())
    edge, inside = pixels[pixels.shape[0] // 2, 0], pixels[pixels.shape[0] // 2, 20]
    assert tuple(inside) == (255, 255, 255, 255) and edge[3] > 100 and edge[:3].max() < 200
    plt.close(figure)


def test_install_in_the_book_without_ipython_says_so(monkeypatch):
    monkeypatch.setenv("CONVCOURSE_BOOK", "1")
    with pytest.raises(RuntimeError, match="no IPython"):
        plots.install()


def pixels(figure) -> np.ndarray:
    (axes,) = figure.axes
    (image,) = axes.images
    return image.get_array()


def test_a_row_is_one_image_on_one_axes():
    row = plots.show_row([torch.rand(1, 8, 6), np.random.rand(3, 20, 30), torch.rand(5, 5)], ["a", "b", "c"])
    joined = pixels(row)
    assert joined.dtype == np.uint8 and joined.shape[-1] == 4
    assert [text.get_text() for text in row.texts] == ["a", "b", "c"]
    gaps = np.flatnonzero((joined[..., 3] == 0).all(axis=0))
    assert 1 + np.count_nonzero(np.diff(gaps) > 1) == 2  # two gaps, transparent from top to bottom


def test_each_grey_panel_has_its_own_range_unless_told():
    dim, bright = torch.tensor([[0.0, 0.1]]), torch.tensor([[0.0, 1.0]])
    own = pixels(plots.show_row([dim, bright]))
    assert sorted(set(own[0, own[0, :, 3] > 0, 0])) == [0, 255]
    shared = pixels(plots.show_row([dim, bright], vmin=0, vmax=1))
    assert sorted(set(shared[0, shared[0, :, 3] > 0, 0])) == [0, 26, 255]


def test_colours_are_shown_as_they_are():
    picture = torch.tensor([0.2, 1.7, -1.0])[:, None, None].expand(3, 4, 4)
    assert tuple(pixels(plots.show_row([picture]))[0, 0]) == (51, 255, 0, 255)
    stored = np.full((4, 5, 3), 200, np.uint8)  # channels last, bytes
    assert tuple(pixels(plots.show_row([stored]))[0, 0]) == (200, 200, 200, 255)


def test_constant_and_not_finite_panels_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        joined = pixels(plots.show_row([torch.ones(2, 2), torch.tensor([[0.0, float("nan")], [1.0, float("inf")]])]))
    assert tuple(joined[0, 0]) == (128, 128, 128, 255)
    orange = [int(plots.ORANGE[i : i + 2], 16) for i in (1, 3, 5)]
    assert (joined[..., :3] == orange).all(axis=-1).any()


def test_a_tensor_that_requires_grad_is_shown():
    assert plots.show_row([torch.rand(2, 2, requires_grad=True)]).axes


def test_large_pictures_shrink_to_what_a_screen_shows():
    joined = pixels(plots.show_row([np.random.rand(1000, 500)], height=1.0))
    assert joined.shape[0] == plots.SCREEN and joined.shape[1] == plots.SCREEN // 2


@pytest.mark.parametrize("shape", [(2, 3, 4, 4), (4,), (5, 6, 2), (0, 3)])
def test_other_shapes_are_refused_with_what_to_do(shape):
    with pytest.raises(ValueError, match=r"\(3, H, W\).*one channel at a time"):
        plots.show_row([np.zeros(shape)])


def test_wrong_counts_are_refused():
    with pytest.raises(ValueError, match="no panels"):
        plots.show_row([])
    with pytest.raises(ValueError, match="2 panels and 1 titles"):
        plots.show_row([np.eye(2), np.eye(2)], ["one"])


def test_pictures_drawn_while_grading_show_panels_and_titles(monkeypatch):
    monkeypatch.setattr(plots, "GRADED", True)
    panel = torch.tensor([[0.0, 1.0], [0.0, 1.0]])
    row = plots.show_row([panel, panel], ["a title", "$x_1$"])
    assert [text.get_text() for text in row.texts] == ["$x_1$"]  # which only matplotlib can write
    row.canvas.draw()
    drawn = np.asarray(row.canvas.buffer_rgba())[..., :3].astype(int)
    above = len(drawn) - drawn.shape[1] // 2
    first, second = drawn[:, : drawn.shape[1] // 2], drawn[:, drawn.shape[1] // 2 :]
    for half in (first, second):
        assert (half[: above - 2].min(axis=-1) < 128).any()  # a title, and it does not reach into the panel
    assert first[-1, 2].tolist() == [0, 0, 0] and second[-1, -3].tolist() == [255, 255, 255]


CELL = """
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
import json, sys
with capture_output() as caught:
    shell.run_cell("import numpy as np; from convcourse import plots; plots.install()")
    shell.run_cell("plots.show_row([np.eye(3)], ['eye'])")
print(json.dumps([list(out.data) for out in caught.outputs]))
"""


WHERE = {"notebook": {}, "book": {"CONVCOURSE_BOOK": "1"}, "grader": {"NBGRADER_EXECUTION": "autograde"}}


@pytest.mark.parametrize(
    ("where", "kind"), [("notebook", "image/png"), ("book", "image/svg+xml"), ("grader", "image/jpeg")]
)
def test_a_row_as_a_cells_last_value_is_shown_once(where, kind, tmp_path):
    env = {**os.environ, "CONVCOURSE_BOOK": "", "NBGRADER_EXECUTION": "", **WHERE[where]}
    env |= {"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", CELL], env=env, capture_output=True, text=True, check=True)
    shown = json.loads(run.stdout.splitlines()[-1])
    assert [kinds[0] for kinds in shown] == [kind]
