"""How far until it is no cat: pictures and masks change as torchvision changes them, and the networks are PyTorch's."""

import random
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from _code import tolerance
from drawings import set_sliders
from experiments import tolerance as experiment
from live_figures import OWN, choose_own_picture, said, shared
from networking import in_the_address
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as change
from visiting import assert_axe_finds_nothing, query_of

pytestmark = pytest.mark.browser

PAGE = "book/04-augmentation-effect.html"
OUTSIDE = {"black": "zeros", "reflected": "reflection"}


def test_both_sides_have_the_same_settings(importing):
    found = importing.evaluate(
        """async () => {
            const {CLASSES, POINTS, RANGES, SEEN, SIZE, settingsOf} = await import('/_static/changes.mjs');
            const settings = Object.fromEntries(Object.keys(RANGES).map(name => [name, settingsOf(name)]));
            return {CLASSES, POINTS, RANGES, SEEN, SIZE, settings};
        }"""
    )
    assert found["CLASSES"] == list(tolerance.CLASSES)
    assert (found["POINTS"], found["SIZE"]) == (tolerance.POINTS, tolerance.SIZE)
    assert found["RANGES"] == {name: list(bounds) for name, bounds in tolerance.RANGES.items()}
    assert found["SEEN"] == {name: list(bounds) for name, bounds in tolerance.SEEN.items()}
    for name, settings in found["settings"].items():
        assert settings == pytest.approx(tolerance.settings(name), abs=1e-6)


def random_settings(draw: random.Random) -> dict[str, float]:
    """Each change with probability 2/3, to a setting of its slider."""
    found = dict(tolerance.NEUTRAL)
    for name, (_, low, high, step) in tolerance.RANGES.items():
        if draw.random() < 2 / 3:
            found[name] = round(low + step * draw.randrange(round((high - low) / step) + 1), 6)
    found["down"] = draw.randint(-40, 40)
    found["mirrored"] = draw.random() < 0.5
    return found


def random_cases(seed: int, count: int) -> list[tuple[torch.Tensor, dict, str]]:
    """Pictures, smooth in parts and noisy in others, with settings and what is outside."""
    draw, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    cases = []
    for n in range(count):
        coarse = torch.rand(1, 3, 6, 6, generator=generator)
        image = F.interpolate(coarse, (tolerance.SIZE, tolerance.SIZE), mode="bilinear")[0]
        image[:, :, 60:] = torch.rand(3, tolerance.SIZE, 36, generator=generator)
        cases.append((image, random_settings(draw), ("black", "reflected")[n % 2]))
    return cases


CHANGED = """async ([pixels, side, settings]) => {
    const {changed} = await import('/_static/changes.mjs');
    const plane = channel => Float64Array.from(pixels.slice(channel * side ** 2, (channel + 1) * side ** 2));
    const planes = [0, 1, 2].map(plane);
    return changed({height: side, width: side, planes}, settings).planes.flatMap(values => [...values]);
}"""


def in_browser(page, image: torch.Tensor, settings: dict, outside: str) -> torch.Tensor:
    found = page.evaluate(CHANGED, [image.flatten().tolist(), tolerance.SIZE, {**settings, "outside": outside}])
    return torch.tensor(found, dtype=torch.float32).reshape(image.shape)


def test_pictures_are_changed_as_in_the_experiment(importing):
    for image, settings, outside in random_cases(seed=0, count=14):
        wanted = tolerance.changed(image, OUTSIDE[outside], **settings)
        assert torch.allclose(in_browser(importing, image, settings, outside), wanted, atol=2e-4), settings


def test_pictures_are_changed_as_by_torchvision(importing):
    """Its own functions one after the other, with black outside."""
    for image, at, _ in random_cases(seed=1, count=10):
        x = change.horizontal_flip(image) if at["mirrored"] else image
        x = change.affine(x, -at["angle"], [at["right"], at["down"]], 1.0, [0.0, 0.0], InterpolationMode.BILINEAR)
        first, side = 48 - at["cutout"] // 2, at["cutout"]
        x = change.erase(x, first, first, side, side, torch.zeros(1))
        x = change.adjust_contrast(change.adjust_brightness(x, at["brightness"]), at["contrast"])
        if at["blur"]:
            x = change.gaussian_blur(x, 2 * int(np.ceil(3 * at["blur"])) + 1, at["blur"])
        found = in_browser(importing, image, {**at, "noise": 0}, "black")
        assert torch.allclose(found, x, atol=2e-4), at


def test_the_noise_is_normal_and_has_this_spread(importing):
    grey = torch.full((3, tolerance.SIZE, tolerance.SIZE), 0.5)
    found = in_browser(importing, grey, {**tolerance.NEUTRAL, "noise": 0.1}, "black") - 0.5
    assert found.mean().abs() < 0.002 and found.std() == pytest.approx(0.1, rel=0.02)
    assert (found.abs() < 0.1).float().mean() == pytest.approx(0.683, abs=0.01)
    assert (found[0] * found[1]).mean().abs() < 3e-4  # the channels are independent


def test_masks_move_with_their_pictures(importing):
    """Label 0 or 1 of the nearest pixel, as torchvision's; a rounding of its own is allowed at two pixels."""
    _, mask = tolerance.views()["astronaut"]
    draw = random.Random(2)
    for n in range(12):
        at, outside = random_settings(draw), ("black", "reflected")[n % 2]
        found = importing.evaluate(
            """async ([labels, side, settings]) => {
                const {movedMask} = await import('/_static/changes.mjs');
                return [...movedMask({height: side, width: side, labels: Uint8Array.from(labels)}, settings).labels];
            }""",
            [mask.flatten().tolist(), tolerance.SIZE, {**at, "outside": outside}],
        )
        labels = mask[None].float()
        if at["mirrored"]:
            labels = labels.flip(2)
        if outside == "reflected":  # three copies of the mask each way, every second one mirrored
            row = torch.cat([labels.flip(2), labels, labels.flip(2)], 2)
            labels = torch.cat([row.flip(1), row, row.flip(1)], 1)
        wanted = change.affine(labels, -at["angle"], [at["right"], at["down"]], 1.0, [0.0, 0.0])
        wanted = change.center_crop(wanted, [tolerance.SIZE, tolerance.SIZE])[0]
        assert (torch.tensor(found) != wanted.flatten()).sum() <= 2, at


def test_where_a_curve_falls_below_one_half(importing):
    generator = torch.Generator().manual_seed(3)
    for name in tolerance.RANGES:
        neutral, low, high, _ = tolerance.RANGES[name]
        far = torch.tensor(tolerance.settings(name)) - neutral
        width = 0.1 + torch.rand((), generator=generator)
        values = (torch.exp(-((far / (width * (high - low))) ** 2)) * 0.999).tolist()
        found = importing.evaluate(
            """async ([name, values]) => {
                const {until} = await import('/_static/changes.mjs');
                return until(name, values).map(end => end ?? null);
            }""",
            [name, values],
        )
        wanted = tolerance.until(name, values)
        assert [low if found[0] is None else found[0], high if found[1] is None else found[1]] == pytest.approx(wanted)
    low = importing.evaluate(
        "async count => (await import('/_static/changes.mjs')).until('angle', Array(count).fill(0.4)) ?? null",
        tolerance.POINTS,
    )
    assert low is None


def test_a_picture_of_ones_own_becomes_a_square(importing):
    image = torch.rand(3, 200, 300, generator=torch.Generator().manual_seed(4))
    found = importing.evaluate(
        """async ([pixels, height, width, side]) => {
            const {squared} = await import('/_static/changes.mjs');
            const count = height * width, planes = [0, 1, 2].map(at => pixels.slice(at * count, (at + 1) * count));
            return squared({height, width, planes}, side).planes.flatMap(values => [...values]);
        }""",
        [image.flatten().tolist(), 200, 300, 50],
    )
    assert torch.allclose(torch.tensor(found), F.avg_pool2d(image[:, :, 50:250], 4).flatten(), atol=1e-6)


def test_both_networks_in_the_browser_are_pytorchs(importing):
    images = torch.stack([image for image, _, _ in random_cases(seed=5, count=2)] + [tolerance.views()["chelsea"][0]])
    found = importing.evaluate(
        """async ([data, dims]) => {
            const {network} = await import('/_static/networks.mjs');
            const found = await (await network('tolerance'))({image: {dims, data: Float32Array.from(data)}});
            return Object.fromEntries(Object.entries(found).map(([key, {dims, data}]) => [key, [dims, [...data]]]));
        }""",
        [images.flatten().tolist(), list(images.shape)],
    )
    nets = experiment.load()
    assert found.keys() == nets.keys()
    for name, net in nets.items():
        dims, logits = found[name]
        with torch.no_grad():
            wanted = net(images)
        assert dims == list(wanted.shape)
        assert torch.allclose(torch.tensor(logits), wanted.flatten(), atol=1e-4, rtol=1e-4)


def asked(tab):
    """The figure of a tab, with the networks' answers."""
    figure = tab.locator("figure.live-cat")
    if figure.locator(".live-start").count():
        figure.locator(".live-start").click()
        figure.locator(".live-start").wait_for(state="detached", timeout=60_000)
    settle(figure)
    return figure


def settle(figure) -> None:
    figure.page.wait_for_function(
        "figure => figure.querySelector('.live-box').ariaBusy === 'false'", arg=figure.element_handle()
    )


def as_bytes(image: torch.Tensor) -> torch.Tensor:
    """A photograph as the still picture holds it."""
    return (255 * image).round() / 255


QUERIES = [
    ("", {}, "chelsea"),
    ("cat.angle=35&cat.inHand=angle", {"angle": 35}, "chelsea"),
    ("cat.photo=cup&cat.brightness=0.4&cat.noise=0.08&cat.mirrored=1&cat.down=7", None, "coffee"),
]


@pytest.mark.parametrize(("query", "settings", "photograph"), QUERIES)
def test_bars_and_sentence_say_what_pytorch_says(tab_on, query, settings, photograph):
    if settings is None:
        settings = {"brightness": 0.4, "noise": 0.08, "mirrored": True, "down": 7}
    figure = asked(tab_on(f"{PAGE}?{query}"))
    image = tolerance.changed(as_bytes(tolerance.views()[photograph][0]), **settings)
    told = figure.locator("svg").first.get_attribute("aria-label")
    for (name, net), words in zip(experiment.load().items(), told.split("; ")):
        wanted = tolerance.probabilities(net, image[None])[0]
        shares = [float(share) for share in re.findall(r"\d\.\d\d", words)]
        assert shares == pytest.approx(wanted.tolist(), abs=0.006)
        assert {"plain": "without", "augmented": "with"}[name] == words.split()[0]
        assert f"says “{tolerance.CLASSES[wanted.argmax()]}”" in said(figure)


def test_the_curve_belongs_to_the_slider_in_hand_and_marks_where_it_falls(tab_on):
    figure = asked(tab_on(PAGE))
    nets, image = experiment.load(), as_bytes(tolerance.views()["chelsea"][0])
    for name, title in (("angle", "angle"), ("noise", "noise"), ("cutout", "cutout")):
        neutral, low, high, step = tolerance.RANGES[name]
        set_sliders(figure, {title: neutral + 2 * step})
        settle(figure)
        chart = figure.locator("svg").nth(1)
        x = lambda at, low=low, high=high: 26 + (at - low) / (high - low) * 262
        pictures = torch.stack([tolerance.changed(image, **{name: at}) for at in tolerance.settings(name)])
        ends = []
        for net, line in zip(nets.values(), chart.locator("polyline").all()):
            values = tolerance.probabilities(net, pictures)[:, 0].tolist()
            drawn = [tuple(map(float, point.split(","))) for point in line.get_attribute("points").split()]
            assert [across for across, _ in drawn] == pytest.approx(
                [x(at) for at in tolerance.settings(name)], abs=0.01
            )
            assert [(150 - down) / 140 for _, down in drawn] == pytest.approx(values, abs=0.02)
            ends += [x(end) for end in tolerance.until(name, values) if low < end < high and end != neutral]
        dots = [float(dot.get_attribute("cx")) for dot in chart.locator("circle").all()]
        assert dots == pytest.approx(ends, abs=2)
        set_sliders(figure, {title: neutral})
        settle(figure)
    assert in_the_address(figure.page, "inHand", "cat") == "cutout"


def test_the_mask_and_its_outline_follow_the_photograph(opened):
    figure = opened("cat", "cat.angle=90&cat.photo=astronaut")
    canvas = figure.locator("canvas").nth(1)
    shown = canvas.evaluate(
        """canvas => {
            const context = canvas.getContext('2d'), zoom = canvas.width / 96;
            return Array.from({length: 96 * 96}, (_, i) => {
                const [red] = context.getImageData(zoom * (i % 96 + 0.5), zoom * (Math.floor(i / 96) + 0.5), 1, 1).data;
                return Number(red > 60);
            });
        }"""
    )
    wanted = torch.rot90(tolerance.views()["astronaut"][1])
    assert shown == wanted.flatten().tolist()
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    set_sliders(figure, {"brightness": 0.5, "blur": 2})
    assert canvas.evaluate("canvas => canvas.toDataURL()") == before  # no label changes with the light


def test_the_photograph_is_dragged(opened):
    figure = opened("cat")
    canvas = figure.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box, mouse = canvas.bounding_box(), figure.page.mouse
    at = lambda across, down: (box["x"] + across * box["width"] / 96, box["y"] + down * box["height"] / 96)
    mouse.move(*at(40.5, 40.5))
    mouse.down()
    mouse.move(*at(52.5, 35.5), steps=4)
    mouse.up()
    assert "cat.right=12" in shared(figure) and "cat.down=-5" in shared(figure)
    assert "shift to the right 12 px" in said(figure) and "shift down −5 px" in said(figure)
    canvas.focus()
    figure.page.keyboard.press("ArrowDown")
    figure.page.keyboard.press("Shift+ArrowLeft")
    assert "cat.right=2" in shared(figure) and "cat.down=-4" in shared(figure)


def test_presets_change_one_thing(opened):
    figure = opened("cat", "cat.blur=2&cat.mirrored=1")
    figure.get_by_role("button", name="upside down").click()
    query = shared(figure)
    assert "cat.angle=180" in query and "blur" not in query and "mirrored" not in query
    figure.get_by_role("button", name="as it is").click()
    assert said(figure).startswith("The photograph is as it is.")


def test_the_networks_are_loaded_by_a_button_only_and_pass_axe(tab_on):
    tab = tab_on(PAGE)
    heavy = lambda: [url for url in tab.asked if re.search(r"/vendor/ort/|\.onnx", url)]
    assert not heavy() and tab.locator("figure.live-cat canvas").count() == 2
    figure = asked(tab)
    assert len(heavy()) == 3
    assert_axe_finds_nothing(tab, lambda: settle(figure))
    assert not tab.seen.errors and not tab.seen.foreign


def test_a_picture_of_ones_own_stays_here(tab_on):
    tab = tab_on(PAGE)
    figure, before = asked(tab), len(tab.asked)
    choose_own_picture(figure)
    figure.locator("canvas").nth(1).wait_for(state="hidden")
    settle(figure)
    assert figure.locator("canvas").first.evaluate("c => [...c.getContext('2d').getImageData(9, 9, 1, 1).data]") == [
        *OWN,
        255,
    ]
    assert "probability of “cat”" in figure.inner_text()
    assert [url for url in tab.asked[before:] if not url.startswith(("blob:", "data:"))] == []
    assert "own" not in query_of(tab)
