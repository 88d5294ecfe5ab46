"""Paint grey over the cat: covers are painted as in PyTorch, and the network in the browser is PyTorch's."""

import random
import re

import pytest
import torch
import torch.nn.functional as F
from _code import explaining, imagenet, occluding
from drawings import canvas_pixels, set_sliders
from live_figures import OWN, choose_own_picture, said
from networking import in_the_address
from visiting import assert_axe_finds_nothing, query_of

from convcourse import pretrained

pytestmark = pytest.mark.browser

PAGE = "book/05-interpretability.html"
COVERING = "const covering = await import('/_static/covering.mjs');"


@pytest.fixture(scope="module")
def net():
    """What the browser runs, as PyTorch has it."""
    return imagenet.rounded()


def as_bytes(image: torch.Tensor) -> torch.Tensor:
    """A photograph as the still picture holds it."""
    return (255 * image).round() / 255


def random_cells(seed: int) -> torch.Tensor:
    """Some squares, covered and wiped."""
    draw, found = random.Random(seed), torch.zeros(occluding.GRID, occluding.GRID, dtype=torch.long)
    for _ in range(draw.randrange(9)):
        side = draw.randrange(1, 14)
        top, left = (draw.randrange(occluding.GRID - side + 1) for _ in range(2))
        found = torch.where(occluding.square(top, left, side) > 0, draw.randrange(3) > 0, found)
    return found


def words_of(page, cells: torch.Tensor) -> str:
    script = f"async cells => {{ {COVERING} return covering.wordsOf(cells); }}"
    return page.evaluate(script, cells.flatten().tolist())


def test_both_sides_have_the_same_numbers(importing):
    found = importing.evaluate(
        f"async () => {{ {COVERING} const {{SIDE, CELL, GRID, FILLS, PRESETS}} = covering;"
        " return {SIDE, CELL, GRID, fills: Object.keys(FILLS), PRESETS}; }"
    )
    assert [found[name] for name in ("SIDE", "CELL", "GRID")] == [occluding.SIDE, occluding.CELL, occluding.GRID]
    assert found["SIDE"] == imagenet.SIDE and found["fills"] == list(occluding.FILLS)
    presets = {name: occluding.cells(words) for name, words in found["PRESETS"].items()}
    assert torch.equal(presets["the middle"], occluding.square(8, 8, 12))
    assert torch.equal(presets["all but the middle"], 1 - presets["the middle"])
    for name in ("left half", "stripes", "checkerboard"):
        assert presets[name].float().mean() == 0.5


def test_words_and_cells_are_the_same(importing):
    full = torch.ones(occluding.GRID, occluding.GRID, dtype=torch.long)
    for cells in [full, 1 - full, *map(random_cells, range(20))]:
        words = words_of(importing, cells)
        assert torch.equal(occluding.cells(words), cells)
        back = importing.evaluate(f"async words => {{ {COVERING} return [...covering.cellsOf(words)]; }}", words)
        assert back == cells.flatten().tolist()


@pytest.mark.parametrize("words", ["x-1", "1..2", "zz.1", "A", " 1", "100", "."])
def test_what_is_no_cover_is_not_read(importing, words):
    read = f"async words => {{ {COVERING} return covering.cellsOf(words) ?? null; }}"
    assert importing.evaluate(read, words) is None


def test_a_patch_is_painted_and_wiped_around_the_hand(importing):
    draw = random.Random(1)
    for n in range(20):
        cells, side, value = random_cells(100 + n), draw.randrange(1, 17), draw.randrange(2)
        x, y = (draw.uniform(0, occluding.SIDE) for _ in range(2))
        corner, found = importing.evaluate(
            f"""async ([cells, x, y, side, value]) => {{
                {COVERING}
                const corner = covering.cornerAt(x, y, side);
                return [corner, [...covering.painted(Uint8Array.from(cells), corner, side, value)]];
            }}""",
            [cells.flatten().tolist(), x, y, side, value],
        )
        for at, first in zip((y, x), corner):
            middle = min(max(at, side * occluding.CELL / 2), occluding.SIDE - side * occluding.CELL / 2)
            assert abs((first + side / 2) * occluding.CELL - middle) <= occluding.CELL / 2
        wanted = torch.where(occluding.square(*corner, side) > 0, value, cells)
        assert found == wanted.flatten().tolist()


def test_a_fast_hand_leaves_no_gaps(importing):
    draw = random.Random(2)
    for _ in range(20):
        start, end = ([draw.randrange(27) for _ in range(2)] for _ in range(2))
        way = importing.evaluate(
            f"async ([start, end]) => {{ {COVERING} return covering.between(start, end); }}", [start, end]
        )
        assert way[-1] == end
        for one, other in zip([start, *way], way):
            assert max(abs(a - b) for a, b in zip(one, other)) <= 1


@pytest.mark.parametrize("shape", [(224, 224), (240, 320), (320, 180), (100, 90)])
def test_a_picture_becomes_a_square_as_in_pytorch(importing, shape):
    image = torch.rand(3, *shape, generator=torch.Generator().manual_seed(3))
    found = importing.evaluate(
        f"""async ([pixels, height, width]) => {{
            {COVERING}
            const count = height * width, planes = [0, 1, 2].map(at => pixels.slice(at * count, (at + 1) * count));
            return covering.squared({{height, width, planes}}).planes.flatMap(values => [...values]);
        }}""",
        [image.flatten().tolist(), *shape],
    )
    whole = min(shape)
    top, left = ((n - whole) // 2 for n in shape)
    middle = image[None, :, top : top + whole, left : left + whole]
    wanted = F.interpolate(middle, (224, 224), mode="bilinear", align_corners=False)
    assert torch.allclose(torch.tensor(found, dtype=torch.float32), wanted.flatten(), atol=1e-4)


ANSWER = """async ([data, words, fill]) => {
    const {network} = await import('/_static/networks.mjs');
    const {SIDE, cellsOf, covered} = await import('/_static/covering.mjs');
    const plane = channel => Float64Array.from(data.slice(channel * SIDE ** 2, (channel + 1) * SIDE ** 2));
    const image = covered({height: SIDE, width: SIDE, planes: [0, 1, 2].map(plane)}, cellsOf(words), fill);
    const run = await network('lite0');
    const {probabilities} = await run({image: {dims: [1, 3, SIDE, SIDE], data: image}});
    return [[...image], [...probabilities.data]];
}"""


@pytest.mark.parametrize("fill", occluding.FILLS)
def test_covered_photographs_and_their_probabilities_are_pytorchs(importing, net, fill):
    noise = torch.rand(3, 224, 224, generator=torch.Generator().manual_seed(4))
    for seed, image in enumerate([*explaining.squares(), noise]):
        cells = random_cells(200 + seed)
        pixels, shares = importing.evaluate(ANSWER, [image.flatten().tolist(), words_of(importing, cells), fill])
        wanted = occluding.covered(image, cells, fill)
        assert torch.allclose(torch.tensor(pixels).reshape(wanted.shape), wanted, atol=1e-6)
        with torch.no_grad():
            assert torch.allclose(torch.tensor(shares), net(wanted[None]).softmax(1)[0], atol=1e-4)


def test_the_served_files_are_the_same_when_written_anew(html, tmp_path):
    imagenet.write(tmp_path)
    for file in (imagenet.FILE, imagenet.NAMES):
        assert (html / "_static" / "networks" / file).read_bytes() == (tmp_path / file).read_bytes()


def test_half_precision_changes_little(net):
    """What the page says of the network holds for the one in the browser, too."""
    full = pretrained.efficientnet_lite0()
    with torch.no_grad():
        one, other = (each(explaining.squares()).softmax(1) for each in (full, net))
    assert (one - other).abs().max() < 0.01
    assert torch.equal(one.argmax(1), other.argmax(1))


def test_the_names_are_imagenets(importing):
    found = importing.evaluate("async () => (await import('/_static/networks.mjs')).names()")
    assert found == list(pretrained.class_names())


def test_families_are_those_of_the_names(importing):
    family = f"async number => {{ {COVERING} return covering.familyOf(number).numbers; }}"
    at = pretrained.class_number
    cats = [at(name) for name in ("tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat")]
    assert sorted(importing.evaluate(family, at("Egyptian cat"))) == sorted(cats)
    cups = [at(name) for name in ("espresso", "cup", "coffee mug")]
    assert sorted(importing.evaluate(family, at("cup"))) == sorted(cups)
    assert importing.evaluate(family, at("tripod")) == [at("tripod")]
    dogs = importing.evaluate(family, at("Chihuahua"))
    assert {at("Mexican hairless"), at("beagle"), at("pug")} < set(dogs) and at("timber wolf") not in dogs


def started(tab):
    """The figure of a tab, with the network's answer."""
    figure = tab.locator("figure.live-occluding")
    figure.locator(".live-start").click()
    figure.locator(".live-start").wait_for(state="detached", timeout=120_000)
    settle(figure)
    return figure


def settle(figure) -> None:
    figure.page.wait_for_function(
        "figure => figure.querySelector('.live-box').ariaBusy === 'false'", arg=figure.element_handle(), timeout=60_000
    )


def top(net, image: torch.Tensor) -> list[tuple[str, float]]:
    return pretrained.classify(net, image)


def percents(words: str) -> list[float]:
    return [float(each) / 100 for each in re.findall(r"([\d.]+) %", words)]


@pytest.mark.parametrize(
    ("query", "at", "fill"),
    [("", 0, "grey"), ("occluding.photo=tripod&occluding.fill=black&occluding.painted=6t.c.g.c.g.c", 2, "black")],
)
def test_bars_and_sentence_say_what_pytorch_says(tab_on, net, query, at, fill):
    figure = started(tab_on(f"{PAGE}?{query}"))
    image = as_bytes(explaining.squares())[at]
    cells = occluding.cells("6t.c.g.c.g.c") if query else occluding.square(8, 8, 12)
    wanted, before = top(net, occluding.covered(image, cells, fill)), dict(top(net, image)[:1])
    told = figure.locator("svg").first.get_attribute("aria-label").split("; ")[:5]
    assert [words.rsplit(" ", 5)[0] for words in told] == [name for name, _ in wanted]
    assert [percents(words)[0] for words in told] == pytest.approx([share for _, share in wanted], abs=0.006)
    sentence = said(figure)
    assert percents(sentence)[0] == pytest.approx(cells.float().mean().item(), abs=0.006)
    assert f"The network says “{wanted[0][0]}”" in sentence
    assert f"said “{next(iter(before))}”" in sentence
    assert ("The answer is the same" in sentence) == (wanted[0][0] in before)


def heavy(tab) -> list[str]:
    """What the tab has asked for the network's sake."""
    return [url for url in tab.asked if re.search(r"/vendor/ort/|\.onnx|imagenet\.json", url)]


@pytest.mark.parametrize("width", [1280, 390])
def test_a_shared_address_shows_what_was_shared_before_the_network_is_there(tab_on, net, width):
    words, query = "6t.c.g.c.g.c", "occluding.photo=tripod&occluding.fill=black&occluding.painted=6t.c.g.c.g.c"
    tab = tab_on(f"{PAGE}?{query}", viewport={"width": width, "height": 900})
    figure = tab.locator("figure.live-occluding")
    figure.locator(".live-box:not(.live-unseen)").wait_for()
    assert not heavy(tab) and not figure.locator(".live-still, .live-still img").first.is_visible()
    wanted = occluding.covered(as_bytes(explaining.squares())[2], occluding.cells(words), "black").mean(0)
    pixels = canvas_pixels(figure.locator("canvas"))[::2, ::2]
    frame = occluding.square(12, 12, 4).repeat_interleave(8, 0).repeat_interleave(8, 1).bool()
    assert torch.allclose(pixels[~frame], wanted[~frame], atol=0.01)  # on the frame lies the patch's
    assert figure.get_by_role("button", name="tripod").get_attribute("aria-pressed") == "true"
    assert figure.get_by_text("The probabilities wait for the network.").is_visible()
    assert not figure.locator("svg").count() and "is not known" in said(figure)
    assert percents(said(figure)) == pytest.approx([occluding.cells(words).float().mean().item()], abs=0.006)
    assert figure.locator(".live-box").evaluate("box => box.scrollWidth - box.clientWidth") <= 0
    tab.keyboard.press("Tab")
    figure.locator(".live-start").focus()
    tab.keyboard.press("Enter")
    figure.locator(".live-start").wait_for(state="detached", timeout=120_000)
    settle(figure)
    assert not figure.get_by_text("The probabilities wait for the network.").count()
    name, _ = top(net, occluding.covered(as_bytes(explaining.squares())[2], occluding.cells(words), "black"))[0]
    assert f"The network says “{name}”" in said(figure) and figure.locator("svg").is_visible()
    assert figure.locator(".live-box").evaluate("box => box === document.activeElement")
    assert in_the_address(tab, "painted", "occluding") == words


def test_it_is_painted_without_the_network_too(tab_on):
    tab = tab_on(f"{PAGE}?occluding.painted=0.0&occluding.smallest=0.e0")
    figure = tab.locator("figure.live-occluding")
    figure.get_by_text("The probabilities wait for the network.").wait_for()
    assert said(figure).startswith("Nothing is covered.") and "a cover of 64 % changes the answer" in said(figure)
    figure.get_by_role("button", name="left half").click()
    assert said(figure).startswith("50 % of the photograph is covered.")
    figure.get_by_role("button", name="show the smallest").click()
    assert said(figure).startswith("64 % of the photograph is covered.")
    figure.get_by_role("button", name="undo").click()
    assert said(figure).startswith("50 % of the photograph is covered.")
    assert_axe_finds_nothing(tab)
    assert not heavy(tab) and not tab.seen.errors


def test_an_address_of_something_else_leaves_the_still_picture(tab_on):
    tab = tab_on(f"{PAGE}?patches.at=3,3")
    figure = tab.locator("figure.live-occluding")
    assert figure.locator(".live-start").is_visible() and figure.locator("img").is_visible()
    assert not figure.locator(".live-box").count() and not heavy(tab)


def test_the_smallest_cover_is_kept_and_shared(tab_on, net):
    tab = tab_on(PAGE)
    figure = started(tab)
    assert in_the_address(tab, "smallest", "occluding") is None
    figure.get_by_role("button", name="stripes").click()
    settle(figure)
    image = as_bytes(explaining.squares())[0]
    stripes = in_the_address(tab, "smallest", "occluding")
    assert occluding.cells(stripes).float().mean() == 0.5
    name, _ = top(net, occluding.covered(image, occluding.cells(stripes)))[0]
    assert f"is 50 %, with “{name}”" in said(figure)
    figure.get_by_role("button", name="checkerboard").click()  # no smaller one
    settle(figure)
    assert in_the_address(tab, "smallest", "occluding") == stripes
    figure.get_by_role("button", name="show the smallest").click()
    settle(figure)
    assert in_the_address(tab, "painted", "occluding") == stripes
    other = started(tab_on(f"{PAGE}?{query_of(tab)}"))
    assert said(other) == said(figure)
    other.get_by_role("combobox").select_option("white")  # another task
    settle(other)
    name, _ = top(net, occluding.covered(image, occluding.cells(stripes), "white"))[0]
    assert in_the_address(other.page, "smallest", "occluding") == (None if "cat" in name else stripes)


def test_an_address_that_boasts_is_not_believed(tab_on):
    figure = started(tab_on(f"{PAGE}?occluding.smallest=0.1"))
    assert "smallest" not in said(figure)
    assert in_the_address(figure.page, "smallest", "occluding") is None


def test_keys_paint_undo_and_clear(tab_on):
    tab = tab_on(f"{PAGE}?occluding.painted=0.0&occluding.side=16")
    figure = started(tab)
    canvas, keyboard = figure.locator("canvas"), tab.keyboard
    assert said(figure).startswith("Nothing is covered.")
    canvas.focus()
    for key in ("ArrowLeft", "ArrowUp", "Enter", "Shift+ArrowRight", " "):
        keyboard.press(key)
    settle(figure)
    one, both = occluding.square(11, 11, 2), occluding.square(11, 11, 2) + occluding.square(11, 21, 2)
    assert torch.equal(occluding.cells(in_the_address(tab, "painted", "occluding")), both)
    undo = figure.get_by_role("button", name="undo")
    undo.click()
    settle(figure)
    assert torch.equal(occluding.cells(in_the_address(tab, "painted", "occluding")), one)
    figure.get_by_role("button", name="wipe").click()
    figure.get_by_role("slider", name="patch").press("End")
    canvas.focus()
    for key in ("Shift+ArrowLeft", "Shift+ArrowUp", "Enter"):
        keyboard.press(key)
    settle(figure)
    assert said(figure).startswith("Nothing is covered.")
    undo.click()
    settle(figure)
    assert torch.equal(occluding.cells(in_the_address(tab, "painted", "occluding")), one)
    figure.get_by_role("button", name="clear").click()
    settle(figure)
    assert said(figure).startswith("Nothing is covered.")


def test_a_hand_paints_a_line(tab_on):
    tab = tab_on(f"{PAGE}?occluding.painted=0.0&occluding.side=8&occluding.fill=white")
    figure = started(tab)
    canvas = figure.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box, cell = canvas.bounding_box(), canvas.bounding_box()["width"] / occluding.GRID
    at = lambda row, column: (box["x"] + (column + 0.5) * cell, box["y"] + (row + 0.5) * cell)
    tab.mouse.move(*at(5, 3))
    tab.mouse.down()
    tab.mouse.move(*at(5, 20))  # in one leap
    tab.mouse.up()
    settle(figure)
    wanted = torch.zeros(occluding.GRID, occluding.GRID, dtype=torch.long)
    wanted[5, 3:21] = 1
    assert torch.equal(occluding.cells(in_the_address(tab, "painted", "occluding")), wanted)
    pixels = canvas_pixels(canvas)
    assert (pixels[5 * 16 + 4 : 6 * 16 - 4, 4 * 16 : 19 * 16] == 1).all()
    figure.get_by_role("button", name="undo").click()  # the whole line
    settle(figure)
    assert said(figure).startswith("Nothing is covered.")


def frame_corner(canvas) -> tuple[float, float]:
    """Where the dashed frame of the patch begins, in pixels of the photograph: row, column."""
    data = canvas.evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
    pixels = torch.tensor(data).reshape(2 * occluding.SIDE, 2 * occluding.SIDE, 4)
    blue = (pixels[..., :3] - torch.tensor([0x5E, 0xB0, 0xF2])).abs().amax(2) < 6
    return tuple(float(each.min()) / 2 for each in blue.nonzero(as_tuple=True))


def test_a_mouse_that_passes_shows_where_it_would_paint(tab_on):
    tab = tab_on(f"{PAGE}?occluding.painted=0.0&occluding.at=2,3")
    figure = started(tab)
    canvas = figure.locator("canvas")
    canvas.scroll_into_view_if_needed()
    assert frame_corner(canvas) == (16, 24)
    box = canvas.bounding_box()
    tab.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.75 * box["height"])
    assert frame_corner(canvas) == (168 - 16, 112 - 16)
    assert said(figure).startswith("Nothing is covered.")
    tab.mouse.move(1, 1)
    assert frame_corner(canvas) == (16, 24)
    assert in_the_address(tab, "at", "occluding") == "2,3"


def test_what_the_patch_lies_on_is_told(tab_on, importing):
    tab = tab_on(f"{PAGE}?occluding.painted=0.4.o.4.o.4.o.4&occluding.at=2,4")  # four by four cells in the corner
    figure = started(tab)
    told = figure.locator(".live-told")
    assert told.get_attribute("aria-live") == "polite" and told.text_content() == ""
    figure.locator("canvas").focus()
    tab.keyboard.press("ArrowLeft")
    assert told.text_content() == "The patch lies on rows 16 to 47 and columns 24 to 55. 13 % of it is covered."
    tab.keyboard.press("Enter")
    assert told.text_content().endswith("100 % of it is covered.")
    for seed in range(10):
        cells, draw = random_cells(300 + seed), random.Random(seed)
        side = draw.randrange(1, 17)
        top, left = (draw.randrange(occluding.GRID - side + 1) for _ in range(2))
        share = importing.evaluate(
            f"async ([cells, corner, side]) => {{ {COVERING} return covering.shareOf(cells, corner, side); }}",
            [cells.flatten().tolist(), [top, left], side],
        )
        assert share == pytest.approx(cells[top : top + side, left : left + side].float().mean().item())


def test_it_is_loaded_by_a_button_that_says_how_much_and_passes_axe(tab_on):
    tab = tab_on(PAGE)
    assert not heavy(tab) and "24\u00a0MB" in tab.locator("figure.live-occluding .live-start").inner_text()
    figure = started(tab)
    assert len(heavy(tab)) == 4
    set_sliders(figure, {"patch": 64})
    assert_axe_finds_nothing(tab, lambda: settle(figure))
    assert not tab.seen.errors and not tab.seen.foreign


def test_a_picture_of_ones_own_stays_here(tab_on):
    tab = tab_on(PAGE)
    figure, before = started(tab), len(tab.asked)
    choose_own_picture(figure)
    tab.wait_for_function(
        "() => document.querySelector('.live-occluding .live-sentence').textContent.startsWith('Nothing')"
    )
    settle(figure)
    assert figure.locator("canvas").evaluate("c => [...c.getContext('2d').getImageData(9, 9, 1, 1).data]") == [
        *OWN,
        255,
    ]
    assert [url for url in tab.asked[before:] if not url.startswith(("blob:", "data:")) and "favicon" not in url] == []
    assert "own" not in query_of(tab)
