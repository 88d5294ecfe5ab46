"""The U-Net's live figures: what is loaded and when, blocks and their maps, the input that the hand pulls."""

import re

import pytest
import torch
from _code import placing
from live_figures import said
from networking import DRAW, FIRST, SIZES, in_the_address, pixels_at
from visiting import assert_axe_finds_nothing

pytestmark = pytest.mark.browser

RUNTIME = re.compile(r"/vendor/ort/|\.onnx")


def test_nothing_of_the_runtime_is_asked_for_before_the_button_is_pressed(tab_on):
    for page, name in ((DRAW, "draw"), (SIZES, "unet")):
        tab = tab_on(page)
        assert not [url for url in tab.asked if RUNTIME.search(url)]
        tab.locator(f"figure.live-{name} button", has_text="MB").click()
        tab.wait_for_selector(f"figure.live-{name} canvas")
        assert len([url for url in tab.asked if RUNTIME.search(url)]) == 3
        assert not tab.seen.errors and not tab.seen.foreign


@pytest.mark.parametrize(("page", "name"), [(DRAW, "draw"), (SIZES, "unet")])
def test_axe_finds_nothing_when_the_network_is_loaded(tab_on, page, name):
    tab = tab_on(page)
    tab.locator(f"figure.live-{name} button", has_text="MB").click()
    tab.wait_for_selector(f"figure.live-{name} canvas")
    assert_axe_finds_nothing(tab)


def test_it_works_below_a_path(tab_on, below_a_path):
    tab = tab_on(DRAW, base=below_a_path, start="draw")
    assert not tab.seen.errors and not tab.seen.foreign
    assert said(tab.locator("figure.live-draw"))


def test_without_webassembly_a_sentence_says_so(tab_on):
    tab = tab_on(DRAW, before="delete window.WebAssembly")
    button = tab.locator("figure.live-draw .live-start")
    button.click()
    tab.wait_for_function("button => !button.disabled", arg=button.element_handle())
    assert "WebAssembly" in button.inner_text() and tab.locator("figure.live-draw img").is_visible()


def test_what_did_not_load_is_loaded_when_pressed_again(tab_on):
    tab = tab_on(DRAW)
    tab.route("**/*.wasm", lambda route: route.abort())
    button = tab.locator("figure.live-draw .live-start")
    button.click()
    tab.wait_for_function("button => !button.disabled", arg=button.element_handle())
    assert "Try again" in button.inner_text()
    tab.unroute("**/*.wasm")
    button.click()
    tab.wait_for_selector("figure.live-draw .live-box")


def test_blocks_show_their_maps(tab_on, shapes_net):
    tab = tab_on(SIZES)
    figure = tab.locator("figure.live-unet")
    assert "64 × 64 pixels gives an output of 64 × 64." in said(figure)
    figure.get_by_role("button", name="block encoder.2").click()
    assert "32 maps of 16 × 16" in said(figure) and not figure.locator("canvas").count()
    figure.get_by_role("button", name="Load the network").click()
    maps = figure.locator("canvas").nth(1)
    maps.wait_for()
    drawn = pixels_at(maps)
    with torch.no_grad():
        wanted = shapes_net.encode(placing.scene(FIRST)[0][None])[2][0]
    size = maps.evaluate("canvas => [canvas.width, canvas.height]")
    assert size[0] * size[1] >= wanted.numel()
    assert grey_of_first_map(maps, 16) == pytest.approx(as_grey(wanted[0]), abs=1.5)
    figure.get_by_role("button", name="block decoder.1").focus()
    tab.keyboard.press("Enter")
    assert pixels_at(maps) != drawn and "16 maps of 32 × 32" in said(figure)
    assert in_the_address(tab, "block", "unet") == "decoder.1"
    figure.get_by_role("button", name="the paper").click()
    assert "572 × 572 pixels gives an output of 388 × 388." in said(figure) and not figure.locator("canvas").count()


def as_grey(values: torch.Tensor) -> list[float]:
    return (255 * (values - values.min()) / (values.max() - values.min())).flatten().tolist()


def grey_of_first_map(canvas, side: int) -> list[int]:
    return canvas.evaluate(
        """(canvas, side) => {
            const context = canvas.getContext('2d'), columns = 6, zoom = Math.max(1, Math.ceil(256 / (columns * side)));
            const grey = (row, column) => context.getImageData(column * zoom, row * zoom, 1, 1).data[0];
            return Array.from({length: side * side}, (_, i) => grey(Math.floor(i / side), i % side));
        }""",
        side,
    )


def test_the_hand_pulls_the_input(tab_on):
    tab = tab_on(SIZES)
    figure = tab.locator("figure.live-unet")
    handle = figure.locator(".input rect").first
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x, y - 32, steps=4)
    tab.mouse.up()
    assert said(figure).startswith("An input of 96 × 96 pixels")
    assert in_the_address(tab, "size", "unet") == "96"
