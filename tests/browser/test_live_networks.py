"""What the browser computes of chapter 6's network is what PyTorch computes: sizes, scenes, outputs, influence."""

import random
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from _code import networks, placing
from networking import FIRST

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]


def result_size(n: int, depth: int, padding: str) -> int | None:
    """What comes out of a U-Net, or None where a pooling would find an odd side or nothing is left."""
    lost = 4 if padding == "valid" else 0
    sides = [n]
    for _ in range(depth):
        after = sides[-1] - lost
        if after < 2 or after % 2:
            return None
        sides.append(after // 2)
    side = sides[-1] - lost
    for _ in range(depth):
        side = 2 * side - lost
    return side if side > 0 else None


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_sizes_inside_a_unet(importing, padding):
    cases = [(n, depth) for depth in (1, 3, 4) for n in (40, 61, 64, 140, 188, 300, 572)]
    found = importing.evaluate(
        """async ([cases, padding]) => {
            const {walk} = await import('/_static/unet.mjs');
            const results = cases.map(([n, depth]) => walk(n, depth, padding));
            return results.map(({fault, out}) => (fault ? null : out));
        }""",
        [cases, padding],
    )
    assert found == [result_size(n, depth, padding) for n, depth in cases]
    assert padding == "same" or found[cases.index((572, 4))] == 388


def test_what_each_level_sees(importing):
    """The receptive field, by following gradients through ones."""
    found = importing.evaluate("async () => [1, 2, 3].map((await import('/_static/unet.mjs')).field)")
    for depth, field in zip((1, 2, 3), found):
        x = torch.ones(1, 1, 256, 256, requires_grad=True)
        y = x
        for level in range(depth + 1):
            for _ in range(2):
                y = F.conv2d(y, torch.ones(1, 1, 3, 3), padding=1)
            y = F.avg_pool2d(y, 2) if level < depth else y
        y[0, 0, y.shape[2] // 2, y.shape[3] // 2].backward()
        rows = (x.grad[0, 0] > 0).any(1).nonzero()
        assert int(rows.max() - rows.min()) + 1 == field


ONES = torch.ones(1, 1, 3, 3, dtype=torch.float64)


def twice(y: torch.Tensor) -> torch.Tensor:
    """Two 3 × 3 convolutions with ones."""
    return F.conv2d(F.conv2d(y, ONES, padding=1), ONES, padding=1)


@pytest.mark.parametrize(("size", "depth"), [(64, 1), (64, 3), (64, 4)])
def test_what_an_output_reads_through_each_skip(importing, size, depth):
    """By gradients through ones, of which only one level's map is told."""
    draw = random.Random(size + depth)
    places = [0, size - 1, *(draw.randrange(size) for _ in range(6))]
    found = importing.evaluate(
        """async ([places, depth]) => {
            const {readThrough} = await import('/_static/unet.mjs');
            return places.map(place => Array.from({length: depth + 1}, (_, level) => readThrough(place, level, depth)));
        }""",
        [places, depth],
    )
    for level in range(depth + 1):
        x = torch.ones(1, 1, size, size, dtype=torch.float64, requires_grad=True)
        y = twice(x)
        for _ in range(level):
            y = twice(F.avg_pool2d(y, 2))
        for above in range(level, -1, -1):
            if above < level:
                y = F.conv_transpose2d(y, ONES[..., :2, :2], stride=2)
            if above < depth:
                y = twice(y)
        for place, reads in zip(places, found):
            (gradient,) = torch.autograd.grad(y[0, 0, place, size // 2], x, retain_graph=True)
            rows = gradient[0, 0].any(1).nonzero()
            first, last = reads[level]
            assert [int(rows.min()), int(rows.max())] == [max(first, 0), min(last, size - 1)]


SCENE = """async ([words, noise, ground]) => {
    const scenes = await import('/_static/scenes.mjs');
    const shapes = scenes.read(words), {image, mask} = scenes.drawScene(shapes, noise, ground);
    return {image: [...image], mask: [...mask], words: scenes.words(shapes)};
}"""


def test_scenes_are_drawn_as_on_the_page(importing):
    cases = importing.evaluate(
        """async () => {
            const {FIRST, NOISE, randomScene, words} = await import('/_static/scenes.mjs');
            const random = [1, 2, 3, 4, 5].map(randomScene).map(({shapes, ground}) => [words(shapes), 0.1, ground]);
            return [[FIRST, NOISE, 0], ['', 0.3, 7], ...random];
        }"""
    )
    assert cases[0][0] == FIRST, "the live figure begins with another scene than the still picture"
    for words, noise, ground in cases:
        found = importing.evaluate(SCENE, [words, noise, ground])
        image, mask = placing.scene(words, noise, ground)
        assert found["words"] == words
        assert torch.allclose(torch.tensor(found["image"]), image.flatten(), atol=1e-6)
        assert found["mask"] == mask.flatten().tolist()


@pytest.mark.parametrize("words", ["x1-1-8-0-1-1", "d1-1-8-0-9-1", "d1-1", "d-1-1-8-0-1-1", "d1-1-8-0-1-1_e", "%"])
def test_what_is_no_scene_is_not_read(importing, words):
    found = importing.evaluate("async words => (await import('/_static/scenes.mjs')).read(words) ?? null", words)
    assert found is None


def test_a_network_in_the_browser_is_pytorchs(importing, shapes_net):
    """All outputs, for random images and gates, with the weights that stand in the file."""
    net = networks.Unplugged(shapes_net).eval()
    torch.manual_seed(0)
    for gates in ([[1.0, 1, 1]], [[0.0, 1, 1], [1, 0, 0.5]], [[1.0, 1, 0]], [[0.0, 0, 0]]):
        x, gates = torch.rand(len(gates), 3, 64, 64), torch.tensor(gates)
        with torch.no_grad():
            wanted = net(x, gates)
        found = importing.evaluate(
            """async ([name, x, xs, gates, gs, wanted]) => {
                const {network} = await import('/_static/networks.mjs');
                const run = await network(name);
                const input = (dims, values) => ({dims, data: Float32Array.from(values)});
                const feeds = {image: input(xs, x), gates: input(gs, gates)};
                const found = await run(feeds, wanted);
                const told = Object.entries(found).map(([key, {dims, data}]) => [key, [dims, [...data]]]);
                return Object.fromEntries(told);
            }""",
            ["shapes", x.flatten().tolist(), list(x.shape), gates.flatten().tolist(), list(gates.shape), list(wanted)],
        )
        assert found.keys() == wanted.keys()
        for name, values in wanted.items():
            dims, data = found[name]
            assert dims == list(values.shape)
            assert torch.allclose(torch.tensor(data), values.flatten(), atol=1e-4, rtol=1e-4), name


def test_readers_are_told_how_much_they_load(importing, html):
    """Of what is served; ImageNet's network is no file of this repository."""
    told = importing.evaluate("async () => (await import('/_static/networks.mjs')).MEGABYTES")
    runtime = (ROOT / "book" / "_static" / "vendor" / "ort").glob("ort*")
    first = sum(path.stat().st_size for path in runtime)
    nets = {path.stem: path.stat().st_size for path in (html / "_static" / "networks").glob("*.onnx")}
    assert told == {name: round((first + size) / 1e6) for name, size in nets.items()}
    assert sum(nets.values()) < 20e6


def test_influence_is_the_change_when_a_square_is_covered(importing, shapes_net):
    image, _ = placing.scene(FIRST)
    row, column = 44, 32
    found = importing.evaluate(
        """async ([image, at]) => {
            const {network} = await import('/_static/networks.mjs');
            const {decide, influence} = await import('/_static/segmenting.mjs');
            const run = await network('shapes'), changes = new Float32Array(64 * 64);
            const segment = async (data) => {
                const count = data.length / image.length;
                const gates = {dims: [count, 3], data: new Float32Array(3 * count).fill(1)};
                return (await run({image: {dims: [count, 3, 64, 64], data}, gates}, ['logits'])).logits.data;
            };
            const data = Float32Array.from(image), {labels, sure} = decide(await segment(data));
            for await (const most of influence(segment, data, at, labels, sure, changes));
            return [...changes];
        }""",
        [image.flatten().tolist(), [row, column]],
    )
    covered = image.repeat(256, 1, 1, 1)
    for square in range(256):
        top, left = 4 * (square // 16), 4 * (square % 16)
        covered[square, :, top : top + 4, left : left + 4] = image.mean((1, 2))[:, None, None]
    p = networks.predict(shapes_net, image[None]).softmax(1)[0, :, row, column]
    after = networks.predict(shapes_net, covered).softmax(1)[:, p.argmax(), row, column]
    wanted = (after - p.max()).abs().reshape(16, 16).repeat_interleave(4, 0).repeat_interleave(4, 1)
    assert torch.allclose(torch.tensor(found), wanted.flatten(), atol=1e-3)
