"""The figure in which the reader draws and the U-Net segments: hand, keyboard, address, skips, and what it says."""

import pytest
import torch
from _code import networks, placing
from live_figures import said
from networking import DRAW, FIRST, in_the_address, pixels_at, scores
from visiting import rest

from convcourse.data import CLASSES
from convcourse.plots import LABELS

pytestmark = pytest.mark.browser


def shown_scores(figure) -> list[float]:
    figure.locator(".live-box:not([aria-busy=true])").wait_for()
    words = figure.locator(".live-legend output").all_inner_texts()
    return [float("nan") if word == "–" else float(word) for word in words]


def test_the_figure_begins_with_the_scene_and_the_classes_of_the_still_picture(tab_on, shapes_net):
    tab = tab_on(DRAW, start="draw")
    figure = tab.locator("figure.live-draw")
    assert shown_scores(figure) == pytest.approx(scores(shapes_net, FIRST, 0.05), abs=0.01, nan_ok=True)
    labels = networks.predict(shapes_net, placing.scene(FIRST)[0][None]).argmax(1)[0]
    pixels = pixels_of(figure.locator("canvas").nth(1))
    wanted = torch.tensor([[int(LABELS[c][i : i + 2], 16) for i in (1, 3, 5)] for c in range(len(CLASSES))])[labels]
    assert ((pixels - wanted).abs().sum(2) > 6).float().mean() < 0.005, "but for the pixel that is framed"


def pixels_of(canvas) -> torch.Tensor:
    """The middles of the squares that show the scene's 64 × 64 pixels: (64, 64, 3) in 0…255."""
    found = canvas.evaluate(
        """canvas => {
            const {width, height} = canvas, {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
            const middle = (place) => Math.floor((place + 0.5) * width / 64);
            return Array.from({length: 64 * 64}, (_, i) => {
                const at = 4 * (middle(Math.floor(i / 64)) * width + middle(i % 64));
                return [...data.slice(at, at + 3)];
            });
        }"""
    )
    return torch.tensor(found).reshape(64, 64, 3)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_an_unplugged_skip_is_a_closed_gate(tab_on, shapes_net, level):
    tab = tab_on(DRAW, start="draw")
    figure = tab.locator("figure.live-draw")
    cable = figure.get_by_role("switch").nth(level)
    assert cable.get_attribute("aria-checked") == "true"
    gates = [int(at != level) for at in range(3)]
    cable.focus()
    tab.keyboard.press("Enter")
    assert shown_scores(figure) == pytest.approx(scores(shapes_net, FIRST, 0.05, gates=gates), abs=0.01, nan_ok=True)
    assert cable.get_attribute("aria-checked") == "false" and f"without the skip at {64 // 2**level}" in said(figure)
    assert in_the_address(tab, "skips") == "".join(map(str, gates))
    cable.click()
    assert shown_scores(figure) == pytest.approx(scores(shapes_net, FIRST, 0.05), abs=0.01, nan_ok=True)
    assert in_the_address(tab, "skips") is None


def test_noise_is_added_to_the_scene(tab_on, shapes_net):
    tab = tab_on(DRAW, start="draw")
    figure = tab.locator("figure.live-draw")
    figure.get_by_role("slider", name="noise").fill("0.3")
    assert shown_scores(figure) == pytest.approx(scores(shapes_net, FIRST, 0.3), abs=0.01, nan_ok=True)


def test_sliders_change_the_latest_shape(tab_on, shapes_net):
    tab = tab_on(DRAW, start="draw")
    figure = tab.locator("figure.live-draw")
    figure.get_by_role("slider", name="radius").fill("4")
    figure.get_by_role("slider", name="angle").fill("90")
    figure.get_by_label("colour of").select_option("2")
    words = in_the_address(tab, "shapes")
    assert words.split("_")[:-1] == FIRST.split("_")[:-1] and shapes_of(words)[-1][3:6] == ["4", "90", "2"]
    assert shown_scores(figure) == pytest.approx(scores(shapes_net, words, 0.05), abs=0.01, nan_ok=True)


def drag(tab, canvas, start, end) -> None:
    """With the mouse, from pixel (x, y) of the scene to another."""
    box = canvas.bounding_box()
    at = lambda x, y: (box["x"] + (x + 0.5) / 64 * box["width"], box["y"] + (y + 0.5) / 64 * box["height"])
    tab.mouse.move(*at(*start))
    tab.mouse.down()
    tab.mouse.move(*at(*end), steps=4)
    tab.mouse.up()


def shapes_of(words: str | None) -> list[list[str]]:
    return [[shape[0], *shape[1:].split("-")] for shape in (words or "").split("_") if shape]


def test_the_mouse_draws_moves_and_erases(tab_on, shapes_net):
    tab = tab_on(DRAW, start="draw")
    figure = tab.locator("figure.live-draw")
    canvas = figure.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    figure.get_by_role("button", name="empty scene").click()
    figure.get_by_role("button", name="triangle").click()
    drag(tab, canvas, (20, 20), (30, 20))
    figure.get_by_role("button", name="wire").click()
    drag(tab, canvas, (10, 50), (58, 50))
    triangle, wire = shapes_of(in_the_address(tab, "shapes"))
    assert (triangle[0], wire[0]) == ("t", "w")
    assert [float(number) for number in triangle[1:5]] == pytest.approx([20.5, 20.5, 10, 0], abs=0.6)
    assert [float(number) for number in wire[1:5]] == pytest.approx([34.5, 50.5, 8, 0], abs=1)
    words = "_".join(shape[0] + "-".join(shape[1:]) for shape in (triangle, wire))
    assert shown_scores(figure) == pytest.approx(scores(shapes_net, words, 0.05), abs=0.01, nan_ok=True)

    figure.get_by_role("button", name="move").click()
    drag(tab, canvas, (20, 20), (40, 25))
    moved = shapes_of(in_the_address(tab, "shapes"))[0][1:3]
    assert [float(number) for number in moved] == pytest.approx([40.5, 25.5], abs=0.6)
    figure.get_by_role("button", name="erase").click()
    drag(tab, canvas, (40, 25), (40, 25))
    assert [shape[0] for shape in shapes_of(in_the_address(tab, "shapes"))] == ["w"]
    figure.get_by_role("button", name="reset").click()
    assert in_the_address(tab, "shapes") is None


def test_a_finger_draws(tab_on):
    tab = tab_on(DRAW, start="draw", viewport={"width": 390, "height": 844}, has_touch=True)
    figure = tab.locator("figure.live-draw")
    figure.get_by_role("button", name="empty scene").tap()
    figure.get_by_role("button", name="ring").tap()
    canvas = figure.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    tab.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    (ring,) = shapes_of(in_the_address(tab, "shapes"))
    assert ring[0] == "r" and [abs(int(place) - 32) <= 1 for place in ring[1:3]] == [True, True]
    assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_keyboard_draws_moves_and_erases(tab_on):
    tab = tab_on(DRAW, start="draw")
    figure = tab.locator("figure.live-draw")
    figure.get_by_role("button", name="empty scene").click()
    figure.locator("canvas").first.focus()
    tab.keyboard.press("ArrowUp")
    tab.keyboard.press("Shift+ArrowLeft")
    tab.keyboard.press("Enter")
    ((kind, x, y, *_),) = shapes_of(in_the_address(tab, "shapes"))
    assert kind == "d" and (abs(int(x) - 22.5), abs(int(y) - 43.5)) == (0.5, 0.5)
    figure.get_by_role("button", name="move").click()
    figure.locator("canvas").first.focus()
    for key in ("Enter", "Shift+ArrowRight", "Enter", "Shift+ArrowDown"):
        tab.keyboard.press(key)
    ((_, moved, still, *_),) = shapes_of(in_the_address(tab, "shapes"))
    assert int(moved) - int(x) == pytest.approx(10, abs=1) and int(still) == pytest.approx(int(y), abs=1)
    figure.get_by_role("button", name="erase").click()
    figure.locator("canvas").first.focus()
    tab.keyboard.press("Shift+ArrowUp")
    tab.keyboard.press(" ")
    assert in_the_address(tab, "shapes") == ""


def test_a_shared_scene_comes_back(tab_on, shapes_net):
    words = "w30-30-9-45-5-3_t20-44-12-10-3-8"
    tab = tab_on(
        f"{DRAW}?draw.shapes={words}&draw.ground=5&draw.skips=011&draw.at=3,60&draw.show=truth&draw.noise=2",
        start="draw",
    )
    figure = tab.locator("figure.live-draw")
    assert shown_scores(figure) == pytest.approx(scores(shapes_net, words, 0.4, 5, (0, 1, 1)), abs=0.01, nan_ok=True)
    assert "row 3, column 60" in said(figure), (
        "a noise out of bounds is brought back to the largest, and the rest is kept"
    )


def test_a_pixel_shows_what_it_reads(tab_on):
    tab = tab_on(DRAW, start="draw")
    figure = tab.locator("figure.live-draw")
    scene, answer = figure.locator("canvas").first, figure.locator("canvas").nth(1)
    before = pixels_at(scene)
    answer.scroll_into_view_if_needed()
    drag(tab, answer, (32, 20), (32, 20))
    assert "row 20, column 32" in said(figure)
    assert figure.get_by_role("checkbox", name="receptive field").is_checked()
    assert pixels_at(scene) != before
    answer.focus()
    tab.keyboard.press("ArrowDown")
    assert "row 21, column 32" in said(figure)


def test_in_print_and_in_the_other_theme(tab_on):
    tab = tab_on(DRAW, start="draw")
    figure = tab.locator("figure.live-draw")
    frames = pixels_at(figure.locator("canvas").first)
    tab.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert pixels_at(figure.locator("canvas").first) == frames, "a scene looks the same in both themes"
    tab.emulate_media(media="print")
    assert figure.locator("img").is_visible() and not figure.locator(".live-box").is_visible()


def test_the_influence_of_another_pixel_is_not_mixed_with_the_first_ones(tab_on):
    figure = tab_on(DRAW, start="draw").locator("figure.live-draw")
    answer = figure.locator("canvas").nth(1)
    full = lambda: (figure.locator("canvas[aria-busy=false]").wait_for(), pixels_at(answer))[1]
    answer.focus()
    for _ in range(3):
        answer.press("ArrowDown")  # the pixel that is looked at in the end
    figure.get_by_role("button", name="influence").click()
    wanted = full()
    assert said(figure).endswith("the more this probability changes when the square is covered.")
    for key in ("ArrowUp", "ArrowDown"):  # the second while squares are still covered for the first
        answer.press(key)
        figure.locator("canvas[aria-busy=true]").wait_for()
    assert full() == wanted
    figure.get_by_role("button", name="classes").click()
    figure.locator("canvas[aria-busy=false]").wait_for()
    before = pixels_at(answer)
    figure.get_by_role("button", name="influence").click()
    figure.get_by_role("button", name="classes").click()
    rest(figure.page, 1000)
    assert pixels_at(answer) == before, "what was filled goes on over another picture"
