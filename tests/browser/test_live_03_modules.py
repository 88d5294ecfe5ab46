"""The drawn architectures are torchvision's own: shapes, parameters and multiplications, and what the sentence says."""

import copy
import json
import random
import re

import pytest
import torch
import torchvision
from _code import modules
from bs4 import BeautifulSoup
from live_figures import said, shared
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def architectures() -> dict[str, list[modules.Block]]:
    return modules.all_blocks()


@pytest.mark.parametrize("name", modules.ARCHITECTURES)
def test_the_sums_are_those_that_torchvision_publishes(architectures, name):
    """In its own documentation, of the weights; the operations in thousands of millions, with three decimals."""
    published = next(iter(torchvision.models.get_model_weights(modules.ARCHITECTURES[name]))).meta
    found = architectures[name]
    assert sum(block.parameters for block in found) == published["num_params"]
    assert sum(block.operations for block in found) / 1e9 == pytest.approx(published["_ops"], abs=5e-4)


@pytest.mark.parametrize("name", modules.ARCHITECTURES)
def test_each_block_begins_where_the_one_before_ends(architectures, name):
    found = architectures[name]
    assert [block.given for block in found] == [(3, 224, 224), *(block.shape for block in found[:-1])]
    assert found[-1].shape == (1000,) and all(block.layers for block in found)
    assert len({block.name for block in found}) == len(found)
    assert all(len(block.shape) != 3 or block.shape[1] == block.shape[2] for block in found)  # the table writes 7²


def test_blocks_are_as_chapters_name_them(architectures):
    count = lambda name, word: sum(word in block.name for block in architectures[name])
    assert count("ResNet-18", "layer") == 8 and count("ResNet-50", "layer") == 16
    assert count("GoogLeNet", "inception") == 9
    convolutions = lambda name: sum("×" in layer.kind and "pooling" not in layer.kind for layer in layers_of(name))
    layers_of = lambda name: [layer for block in architectures[name] for layer in block.layers]
    assert [convolutions(name) for name in ("AlexNet", "VGG-11", "VGG-16")] == [5, 8, 13]


def random_network(draw: random.Random) -> tuple[nn.Module, int]:
    """Convolutions with norms, poolings and a linear layer, and the size of its images."""
    layers, channels, size = [], 3, draw.randint(20, 40)
    for _ in range(draw.randint(1, 4)):
        groups, out = draw.choice([1, channels]), channels * draw.randint(1, 3)
        layers.append(nn.Conv2d(channels, out, draw.choice([1, 3, 5]), draw.choice([1, 2]), 2, groups=groups))
        layers += [nn.BatchNorm2d(out), nn.ReLU()] + [nn.MaxPool2d(2)] * draw.randint(0, 1)
        channels = out
    return nn.Sequential(
        nn.Sequential(*layers), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * channels, 7)
    ), size


def keep(outputs: dict[str, torch.Size], name: str):
    """A hook that notes a layer's shape."""
    return lambda layer, given, output: outputs.__setitem__(name, output.shape[1:])


def test_shapes_and_costs_of_random_networks_are_pytorchs():
    """Of real numbers and PyTorch's own counter, which counts a multiplication and its addition apart."""
    draw = random.Random(0)
    for _ in range(25):
        net, size = random_network(draw)
        found = modules.blocks(copy.deepcopy(net).to("meta"), size)
        outputs: dict[str, torch.Size] = {}
        for name, layer in net.named_modules():
            layer.register_forward_hook(keep(outputs, name))
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            net.eval()(torch.randn(1, 3, size, size))
        assert 2 * sum(block.operations for block in found) == counter.get_total_flops()
        assert sum(block.parameters for block in found) == sum(p.numel() for p in net.parameters())
        for layer in (layer for block in found for layer in block.layers):
            assert layer.shape == tuple(outputs[layer.name]), layer.name


def test_the_figure_holds_what_the_modules_say(html, architectures):
    page = next(path for path in (html / "book").glob("*.html") if "live-modules" in path.read_text())
    picture = BeautifulSoup(page.read_text(), "html.parser").select_one("figure.live-modules img")["src"]
    held = BeautifulSoup((page.parent / picture).read_text(), "html.parser").find("metadata").string
    assert json.loads(held) == json.loads(modules.brought_along(architectures)) and len(held) < 60_000


def whole(words: str) -> int:
    return int(words.replace(",", ""))


TOLD = re.compile(
    r"Its block (\S+) turns (.*) numbers into (.*)\. It has ([\d,]+) parameters \((\S+?)\s%\) and needs ([\d,]+) multip"
)


def test_the_sentence_and_the_table_say_what_the_modules_say(opened, architectures):
    draw = random.Random(2)
    for name in draw.sample(sorted(architectures), 3):
        at = draw.randrange(len(architectures[name]))
        block = architectures[name][at]
        figure = opened("modules", f"modules.net={name}&modules.block={at + 1}")
        told = TOLD.search(said(figure))
        assert told[1] == block.name
        assert [told[2], told[3]] == [modules.words(shape) for shape in (block.given, block.shape)]
        assert (whole(told[4]), whole(told[6])) == (block.parameters, block.operations)
        total = sum(each.parameters for each in architectures[name])
        assert float(told[5]) == pytest.approx(100 * block.parameters / total, abs=0.5)
        rows = figure.locator("tbody tr").all()
        assert len(rows) == len(block.layers)
        for row, layer in zip(rows, block.layers):
            cells = row.locator("th, td").all_inner_texts()
            assert layer.name.endswith(cells[0].split()[0]) and layer.kind in cells[0].replace("\n", " ")
            assert cells[2:] == [modules.short(layer.parameters), modules.short(layer.operations)]


def test_words_for_counts_are_those_of_the_still_picture(importing):
    draw = random.Random(3)
    counts = [draw.randrange(10 ** draw.randint(1, 11)) for _ in range(200)] + [0, 999, 1000, 102_764_544]
    found = importing.evaluate(
        "async counts => { const m = await import('/_static/modules.mjs'); return counts.map(m.shortCount); }", counts
    )
    assert found == [modules.short(count) for count in counts]


def test_it_is_drawn_to_scale(opened, architectures):
    """Of the outputs the height and the width, of the bars the height."""
    figure = opened("modules", "modules.net=ResNet-50")
    boxes = figure.locator("svg rect").evaluate_all(
        "all => all.slice(1).map(r => [r.width.baseVal.value, r.height.baseVal.value])"
    )
    found = architectures["ResNet-50"]
    outputs, parameters, multiplications = (boxes[at : at + len(found)] for at in range(0, 3 * len(found), len(found)))
    for drawn, block in zip(outputs[:-1], found):
        assert drawn[1] / outputs[0][1] == pytest.approx(block.shape[1] / found[0].shape[1])
        if drawn[0] > 1.5:
            assert drawn[0] / outputs[-2][0] == pytest.approx(block.shape[0] / found[-2].shape[0])
    for bars, counts in [
        (parameters, [block.parameters for block in found]),
        (multiplications, [block.operations for block in found]),
    ]:
        assert all(bar[1] / bars[1][1] == pytest.approx(count / counts[1]) for bar, count in zip(bars, counts))


def test_a_block_is_chosen_by_touch_and_keys(opened, architectures):
    figure = opened("modules", width=390, has_touch=True)
    figure.get_by_role("button", name="ResNet-18").tap()
    assert "block conv1 " in said(figure)
    view = figure.locator("svg")
    view.scroll_into_view_if_needed()
    box = view.bounding_box()
    figure.page.touchscreen.tap(box["x"] + box["width"] * 0.45, box["y"] + box["height"] / 2)
    assert f"block {architectures['ResNet-18'][4].name} " in said(figure)
    view.press("ArrowLeft")
    assert "modules.net=ResNet-18&modules.block=4" in shared(figure)
    view.press("Shift+ArrowRight")
    assert "block fc " in said(figure)


def test_a_block_that_is_not_there_is_the_last_one(opened):
    assert "block classifier.6 " in said(opened("modules", "modules.net=AlexNet&modules.block=19"))
