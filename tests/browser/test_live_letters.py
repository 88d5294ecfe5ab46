"""Chapter 2's letter networks compute in the browser what they compute in PyTorch, and so say their two figures."""

import re
from itertools import pairwise

import pytest
import torch
from _code import letter_network, letters, network_pictures
from bs4 import BeautifulSoup
from drawing import some_of
from drawings import canvas_pixels, number
from experiments import drifts
from live_figures import drag_by_mouse, said, shared

pytestmark = pytest.mark.browser

FIRST = letters.MARGIN  # of the positions of a drift, the one where the letter is not moved


@pytest.fixture(scope="module")
def nets():
    return {way: letter_network.load(way) for way in letter_network.WAYS}


def scenes_of(seed: int, anywhere: bool) -> torch.Tensor:
    return network_pictures.first_of_each(*letters.scenes(drifts.NEW_SCENES, letters.NEW, seed, anywhere))


@pytest.fixture(scope="module")
def drifting() -> torch.Tensor:
    """The scenes of the figure `drift`."""
    return scenes_of(seed=2, anywhere=False)


@pytest.fixture(scope="module")
def standing() -> torch.Tensor:
    """The scenes of the figure `strip`."""
    return scenes_of(seed=1, anywhere=True)


RUN = """async ([way, images]) => {
    const {letterNetworks, run} = await import('/_static/letternet.mjs');
    const net = (await letterNetworks())[way], values = (part) => (part.data ? [...part.data] : part);
    return images.map((data) => {
        const found = Object.entries(run(net, {height: 28, width: 28, data}));
        return Object.fromEntries(found.map(([name, parts]) => [name, [...parts].map(values)]));
    });
}"""


@pytest.mark.parametrize("way", letter_network.WAYS)
def test_all_maps_are_pytorchs(importing, nets, way):
    """Of each layer, on random images: noise, and letters in noise."""
    torch.manual_seed(0)
    images = torch.cat([torch.rand(3, 1, 28, 28), letters.view(letters.scenes(3, letters.NEW, seed=5)[0])])
    found = importing.evaluate(RUN, [way, images.flatten(1).tolist()])
    for image, each in zip(images, found):
        wanted = {step.name: step.output for step in network_pictures.steps(nets[way], image)}
        wanted |= {"mean": wanted.pop("flat"), "logits": wanted.pop("classify")}
        wanted["probabilities"] = wanted["logits"].softmax(0)
        assert each.keys() == wanted.keys()
        for name, values in wanted.items():
            shown = torch.tensor(each[name], dtype=torch.float32)
            assert torch.allclose(shown, values.flatten(1) if values.dim() == 3 else values, atol=1e-4), name


SUMS = """async data => {
    const {letterNetworks, logitSum, mapSum, run} = await import('/_static/letternet.mjs');
    const net = (await letterNetworks()).max, image = {height: 28, width: 28, data};
    const found = run(net, image);
    const added = ({bias, terms}, of) => of(terms[0]).map(
        (_, i) => terms.reduce((sum, each) => sum + of(each)[i], bias));
    const whole = ({sum}) => [...sum.data];
    const maps = level => Array.from(net.levels[level - 1].bias,
        (_, t) => added(mapSum(net, found, image, level, t), whole));
    return {conv1: maps(1), conv2: maps(2), conv3: maps(3),
            classify: found.logits.map((_, c) => added(logitSum(net, found, c), term => [term.sum])[0])};
}"""


def test_the_terms_of_a_sum_and_its_bias_are_the_map(importing, nets):
    torch.manual_seed(1)
    image = torch.rand(1, 28, 28)
    wanted = {step.name: step.output for step in network_pictures.steps(nets["max"], image)}
    for name, found in importing.evaluate(SUMS, image.flatten().tolist()).items():
        values = wanted[name]
        shown = torch.tensor(found, dtype=torch.float32)
        assert torch.allclose(shown, values.flatten(1) if values.dim() == 3 else values, atol=1e-4), name


@pytest.mark.parametrize(("down", "right"), [(0, 0), (3, -2), (-5, 5)])
def test_the_picture_is_the_moved_scene(opened, drifting, down, right):
    figure = opened("drift", f"drift.letter=q&drift.down={down}&drift.right={right}")
    wanted = letters.view(drifting[letters.LETTERS.index("q")], down, right)[0]
    assert torch.allclose(canvas_pixels(figure.locator("canvas")), wanted, atol=1e-3)


def row_of(nets, scene: torch.Tensor, down: int = 0) -> dict[str, tuple[list[str], torch.Tensor]]:
    """For each network what it reads at each shift to the right, and all probabilities."""
    views = torch.stack([letters.view(scene, down, right) for right in range(-letters.MARGIN, letters.MARGIN + 1)])
    found = {way: letter_network.probabilities(net, views) for way, net in nets.items()}
    return {way: ([letters.LETTERS[i] for i in rows.argmax(1)], rows) for way, rows in found.items()}


# Each trace: its answers from left to right, those in grey boxes, and the heights of its dots as probabilities.
TRACES = """svg => {
    const dots = [...svg.querySelectorAll('circle')], words = [...svg.querySelectorAll('text')];
    const boxes = [...svg.querySelectorAll('rect')].map(rect => rect.getBBox());
    const lines = [...svg.querySelectorAll('polyline')].map(line => line.getAttribute('points').split(' ').length);
    const read = boxes.map(({x, y, width, height}) => words.map(node => [node, node.getBBox()])
        .filter(([, b]) => b.x > x && b.x < x + width && b.y + b.height / 2 > y && b.y + b.height / 2 < y + height)
        .map(([node]) => node.textContent));
    return {lines, read: read.flat(), runs: boxes.length, heights: dots.map(dot => dot.cy.baseVal.value)};
}"""


@pytest.mark.parametrize(("letter", "down", "right"), [("d", 0, 0), ("b", 0, 3), ("u", -2, -5), ("e", 5, 1)])
def test_the_traces_are_what_the_networks_read(opened, nets, drifting, letter, down, right):
    figure = opened("drift", f"drift.letter={letter}&drift.down={down}&drift.right={right}")
    at = letters.LETTERS.index(letter)
    wanted = row_of(nets, drifting[at], down)
    answers = [f"{way} “{read[right + FIRST]}”".replace("max", "max reads") for way, (read, _) in wanted.items()]
    flips = [sum(a != b for a, b in pairwise(read)) for read, _ in wanted.values()]
    assert f"{', '.join(answers[:-1])} and {answers[-1]}." in said(figure)
    assert f"flip {', '.join(map(str, flips[:-1]))} and {flips[-1]} times." in said(figure)
    shown = figure.locator("svg").evaluate(TRACES)
    assert shown["read"] == [word for read, _ in wanted.values() for word in read]
    assert shown["runs"] == sum(flips) + len(nets) and shown["lines"] == [2 * letters.MARGIN + 1] * len(nets)
    heights = torch.tensor(shown["heights"]).reshape(len(nets), -1)
    for (_, rows), line in zip(wanted.values(), heights):
        change = (line[0] - line) / 46  # pixels of a probability of 1
        assert torch.allclose(change, rows[:, at] - rows[0, at], atol=1e-3)


def test_the_first_traces_are_those_of_the_still_picture(opened, html):
    page = BeautifulSoup((html / "book" / "02-pooling-shifts.html").read_text(), "html.parser")
    still = BeautifulSoup((html / "book" / page.select_one("figure.live-drift img")["src"]).read_text(), "html.parser")
    drawn = [text.get_text().strip() for text in still.find_all("text")]
    shown = opened("drift").locator("svg text").all_text_contents()
    assert sum("reads" in words for words in shown) == len(letter_network.WAYS)
    assert sorted([*shown, "not moved"]) == sorted([*drawn, "shift to the right, in pixels"])


def answers_at_all_shifts(net, scene: torch.Tensor) -> dict[tuple[int, int], str]:
    shifts = [(down, right) for down in range(-5, 6) for right in range(-5, 6)]
    seen = letter_network.probabilities(net, torch.stack([letters.view(scene, *shift) for shift in shifts]))
    return {shift: letters.LETTERS[i] for shift, i in zip(shifts, seen.argmax(1))}


@pytest.fixture(scope="module")
def fates(nets, drifting) -> dict[bool, list[tuple]]:
    """Letters and networks whose answer another shift changes, and those where none does: (letter, way, answers)."""
    found: dict[bool, list[tuple]] = {True: [], False: []}
    for at, letter in enumerate(letters.LETTERS):
        for way, net in nets.items():
            answers = answers_at_all_shifts(net, drifting[at])
            found[len(set(answers.values())) > 1].append((letter, way, answers))
    return found


def test_the_button_finds_the_nearest_shift_that_flips_the_answer(opened, fates):
    assert len(fates[True]) > 5
    for letter, way, answers in some_of(fates[True], 2):
        figure = opened("drift", f"drift.letter={letter}&drift.way={way}")
        figure.get_by_role("button", name="find the shift").click()
        down, right = [int(figure.get_by_role("slider", name=name).input_value()) for name in ("down", "to the right")]
        was, now = answers[0, 0], answers[down, right]
        nearest = min(abs(d) + abs(r) for (d, r), read in answers.items() if read != was)
        assert was != now and abs(down) + abs(right) == nearest
        assert said(figure).startswith(f"The nearest shift that flips the answer of {way} is {nearest} pixel") or (
            down and right
        )
        assert f"It read “{was}”, and here it reads “{now}”." in said(figure)
        again = opened("drift", shared(figure))
        assert said(again) == said(figure)


def test_the_button_says_so_where_no_shift_flips_the_answer(opened, fates):
    assert fates[False]
    letter, way, answers = fates[False][0]
    figure = opened("drift", f"drift.letter={letter}&drift.way={way}")
    figure.get_by_role("button", name="find the shift").click()
    assert said(figure).startswith(f"No shift flips the answer of {way}. It reads “{answers[0, 0]}” at all 121 shifts")


def test_the_hand_moves_the_letter_by_single_pixels(opened):
    figure = opened("drift")
    canvas = figure.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x, y, pixel = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"] / letters.SIZE
    drag_by_mouse(figure.page, (x, y), (x + 3 * pixel, y - pixel))
    assert said(figure).startswith("The letter is moved by 3 pixels to the right and 1 pixel up.")
    canvas.press("ArrowLeft")
    canvas.press("ArrowDown")
    assert said(figure).startswith("The letter is moved by 2 pixels to the right.")


def numbers_of(sentence: str) -> tuple[list[float], float]:
    """The terms of the sum in a sentence, and what it says that they make."""
    terms, total = re.search(r": (.*?) = (−?[\d.]+?)\. ", sentence).groups()
    signed = re.findall(r"(^−|^|[+−]) ?([\d.]+) \(", terms)
    return [number(f"{'−' if sign == '−' else ''}{value}") for sign, value in signed], number(total)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_maps_sentence_is_its_sum_in_pytorch(opened, nets, standing, level):
    for letter, t in [("b", 0), ("s", 3), ("n", 7)]:
        figure = opened("strip", f"strip.letter={letter}&strip.level={level}&strip.map={t}")
        image = letters.view(standing[letters.LETTERS.index(letter)])
        seen = {step.name: step.output for step in network_pictures.steps(nets["max"], image)}
        kept = 2 * seen[f"pool{level}"].shape[1]
        terms, total = numbers_of(said(figure))
        largest = seen[f"conv{level}"][t, :kept, :kept].max().item()
        assert total == pytest.approx(largest, abs=0.006) and sum(terms) == pytest.approx(largest, abs=0.005 * 8)
        assert terms[-1] == pytest.approx(nets["max"].get_submodule(f"conv{level}").bias[t].item(), abs=0.006)
        assert len(terms) == (2 if level == 1 else 6)
        assert ("The ReLU keeps it" in said(figure)) == (largest > 0)


def test_a_class_is_the_sum_of_means_times_weights(opened, nets, standing):
    figure = opened("strip", "strip.letter=q&strip.level=4&strip.map=0&strip.down=2&strip.right=-3")
    classes = figure.locator("svg").first
    seen = {}
    for step in network_pictures.steps(nets["max"], letters.view(standing[letters.LETTERS.index("q")], 2, -3)):
        seen[step.name] = step.output
    for c, letter in enumerate(letters.LETTERS[:3]):
        terms, total = numbers_of(said(figure))
        logit, products = seen["classify"][c].item(), seen["flat"] * nets["max"].classify.weight[c].detach()
        strongest = products[products.abs().argsort(descending=True)[:4]].tolist()
        assert total == pytest.approx(logit, abs=0.006) and terms[:4] == pytest.approx(strongest, abs=0.006)
        assert said(figure).startswith(f"Logit of “{letter}”")
        assert f"{seen['classify'].softmax(0)[c].item():.2f}".rstrip("0").rstrip(".") in said(figure)
        classes.press("ArrowDown")


def test_maps_are_chosen_by_hand_and_by_keys(opened):
    figure = opened("strip")
    maps = figure.get_by_role("application", name="The maps after pooling 3")
    maps.scroll_into_view_if_needed()
    maps.click(position={"x": 3 + 27 * 4 + 12, "y": 3 + 27 * 1 + 12})  # the fifth in the second of rows of six
    assert said(figure).startswith("Map 10 of conv3,")
    maps.press("ArrowUp")
    maps.press("ArrowRight")
    assert said(figure).startswith("Map 5 of conv3,")
    figure.get_by_role("application", name="The maps after pooling 1").press("ArrowDown")
    assert said(figure).startswith("Map 0 of conv1,")
