"""The stack that the reader builds: fields, jumps and units are those of PyTorch's layers, and its sentence says so."""

import random
import re

import pytest
import torch
import torch.nn.functional as F
import torchvision
from _code import receptive
from _code.receptive import Window
from drawings import set_sliders
from live_figures import drag_by_mouse, said, shared
from torch import nn

from autograder.exam.architectures import questions as architectures
from autograder.exam.segmentation import questions as segmentation

pytestmark = pytest.mark.browser

FIELDS = """async ([stacks, n]) => {
    const {fields, padded, receptiveField} = await import('/_static/receptive.mjs');
    return stacks.map(layers => {
        const stack = layers.map(layer => padded(...layer)), found = fields(stack, n);
        return {found, middle: receptiveField(stack, Math.floor(found.at(-1).count / 2))};
    });
}"""


def measured(layers: list[Window], pixels: int = 1200) -> tuple[int, int]:
    """Size and jump: the pixels that a unit in the middle sees, and from its first pixel to that of the next unit."""
    middle = len(receptive.units(layers, torch.zeros(pixels))) // 2
    (first, last), (after, _) = (receptive.reached(layers, unit, pixels) for unit in (middle, middle + 1))
    return last - first + 1, after - first


def random_stack(draw: random.Random) -> list[Window]:
    """Small enough that the field of a unit in the middle of 1200 pixels does not reach the border."""
    layers = [Window(draw.randint(1, 5), draw.choice([1, 1, 2, 3]), draw.choice([1, 1, 2, 3])) for _ in range(5)]
    return layers[: draw.randint(1, 5)] if sum(layer.stride for layer in layers) < 9 else layers[:3]


def test_fields_jumps_and_counts_are_those_of_pytorchs_layers(importing):
    """By the gradients of two neighbours through layers of ones, after each layer of random stacks."""
    draw, pixels = random.Random(0), 1200
    stacks = [random_stack(draw) for _ in range(40)]
    for layers, told in zip(stacks, importing.evaluate(FIELDS, [stacks, pixels])):
        for at, each in enumerate(told["found"], 1):
            size, jump = measured(layers[:at])
            count = len(receptive.units(layers[:at], torch.zeros(pixels)))
            assert each == {"size": size, "jump": jump, "count": count}, layers[:at]
        assert tuple(told["middle"]) == receptive.reached(layers, count // 2, pixels)


def test_the_field_of_an_image_is_the_same_along_both_axes():
    """The still picture asks along one axis only."""
    layers = [Window(3, 2), Window(5, 1, 2), Window(2, 2)]
    x = torch.zeros(1, 1, 60, 60, dtype=torch.float64, requires_grad=True)
    y = x
    for each in layers:
        ones = torch.ones(1, 1, each.kernel, each.kernel, dtype=y.dtype)
        y = F.conv2d(y, ones, None, each.stride, each.padding, each.dilation)
    y[0, 0, 3, 4].backward()
    rows, columns = x.grad[0, 0].nonzero().unbind(1)
    assert (int(rows.min()), int(rows.max())) == receptive.reached(layers, 3, 60)
    assert (int(columns.min()), int(columns.max())) == receptive.reached(layers, 4, 60)


def windows_of(net: nn.Module, size: int = 224) -> list[tuple[int, int, int, int]]:
    """Kernel, stride, dilation and padding of each convolution and max pooling on the main path, in the order in which
    they run."""
    found = []

    def note(name: str):
        def hook(layer: nn.Module, *_) -> None:
            if "downsample" not in name:
                values = (layer.kernel_size, layer.stride, layer.dilation, layer.padding)
                found.append(tuple(each if isinstance(each, int) else each[0] for each in values))

        return hook

    for name, layer in net.named_modules():
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            layer.register_forward_hook(note(name))
    net.eval()(torch.zeros(1, 3, size, size, device="meta"))
    return found


@pytest.mark.parametrize(("name", "build"), [("vgg16", "vgg16"), ("resnet50", "resnet50")])
def test_known_stacks_are_those_of_torchvisions_modules(importing, name, build):
    with torch.device("meta"):
        wanted = windows_of(torchvision.models.get_model(build, weights=None))
    known = """async name => (await import('/_static/receptive.mjs')).STACKS[name]
        .map(({k, stride, dilation, padding}) => [k, stride, dilation, padding])"""
    assert [tuple(layer) for layer in importing.evaluate(known, name)] == wanted


def test_the_unet_is_that_of_chapter_6(importing):
    from _code import unet

    with torch.device("meta"):
        net = unet.SegmentationNet(3, 6, width=8, depth=3)
    convolutions = [conv for block in net.encoder for conv in block if isinstance(conv, nn.Conv2d)]
    stack = importing.evaluate("async () => (await import('/_static/receptive.mjs')).STACKS.unet")
    assert [each["k"] for each in stack if each["stride"] == 1] == [conv.kernel_size[0] for conv in convolutions]
    assert [at for at, each in enumerate(stack) if each["stride"] == 2] == [2, 5, 8]  # one pooling between two blocks
    assert all((each["k"], each["padding"]) == (2, 0) for each in stack if each["stride"] == 2)


def test_no_known_stack_and_no_level_shows_what_a_question_asks_for(importing):
    """The book gives methods, not answers: neither at the end of a known stack nor on the way there."""
    sizes = """async () => {
        const {STACKS, encoder, fields, padded} = await import('/_static/receptive.mjs');
        const levels = encoder(3).map(({k, stride, padding}) => ({k, stride, dilation: 1, padding}));
        return [...Object.values(STACKS), levels].flatMap(stack => fields(stack, 224).map(({size}) => size));
    }"""
    asked = {architectures.seen(architectures.resnet101(True)), segmentation.SEEN_AT_BOTTOM}
    assert not asked & set(importing.evaluate(sizes))


def words_of(stack: list[Window]) -> str:
    return "_".join(".".join(map(str, layer)) for layer in stack)


def test_the_sentence_says_what_pytorch_finds(opened):
    draw = random.Random(1)
    for _ in range(4):
        stack = random_stack(draw)
        size, jump = measured(stack)
        figure = opened("stack", f"stack.stack={words_of(stack)}&stack.layer={len(stack)}")
        told = said(figure)
        count = len(receptive.units(stack, torch.zeros(224)))
        assert f"has {count} × {count} units." in told and f"sees {size} × {size} pixels" in told
        assert f"the same {jump} pixel" in told
        first, last = receptive.reached(stack, unit_of(figure)[0], 224)
        assert first <= 112 <= last + jump, "the unit is not the one at the position"


def test_layers_are_added_changed_and_removed(opened):
    figure = opened("stack")
    figure.get_by_role("button", name="add a layer").click()
    set_sliders(figure, {"kernel": 5, "stride": 2, "dilation": 3})
    stack = [*receptive.FIVE, Window(5, 2, 3)]
    size, jump = measured(stack)
    assert f"sees {size} × {size} pixels" in said(figure) and f"the same {jump} pixels" in said(figure)
    assert f"stack.stack={words_of(stack)}&stack.layer=6" in shared(figure)
    figure.locator("svg").nth(1).press("Shift+ArrowLeft")
    assert said(figure).startswith("Layer 1 ")
    figure.get_by_role("button", name="remove this layer").click()
    assert figure.get_by_text("layer 1 of 5").is_visible()
    for _ in range(4):
        figure.get_by_role("button", name="remove this layer").click()
    assert figure.get_by_role("button", name="remove this layer").is_disabled()


def test_what_no_stack_can_be_is_no_address(opened):
    first = said(opened("stack"))
    for words in ("3.1", "3.1.1.1", "12.1.1", "3.0.1", "3.1.x", "", "_".join(["2.2.1"] * 8), "_".join(["3.1.1"] * 51)):
        assert said(opened("stack", f"stack.stack={words}")) == first, words


def test_a_stack_that_leaves_no_unit_says_so(opened):
    figure = opened("stack", f"stack.stack={'_'.join(['2.2.1'] * 7 + ['2.1.1'] * 2)}&stack.layer=9")
    assert said(figure) == "Layer 9 has no unit left, because nothing is as large as its kernel."


def test_the_first_picture_says_what_the_still_one_says(opened):
    figure = opened("stack")
    bars = figure.locator("svg").nth(1).locator("text").all_text_contents()
    for values in zip(*(measured(receptive.FIVE[:count]) for count in range(1, 6))):
        assert ",".join(map(str, values)) in ",".join(bars)


def unit_of(figure) -> tuple[int, int]:
    """Row and column of the unit that the sentence speaks of."""
    row, column = re.search(r"in row (\d+) and column (\d+) ", said(figure)).groups()
    return int(row), int(column)


def test_the_hand_moves_the_unit(opened):
    figure = opened("stack")
    view, page = figure.locator("svg").first, figure.page
    view.scroll_into_view_if_needed()
    box = view.bounding_box()
    point = lambda across, down: (box["x"] + across * box["width"], box["y"] + down * box["height"])
    drag_by_mouse(page, point(0.5, 0.5), point(0.25, 0.75))
    row, column = unit_of(figure)
    middles = [sum(receptive.reached(receptive.FIVE, unit, 224)) / 2 for unit in (row, column)]
    assert abs(middles[0] - 168) <= 2 and abs(middles[1] - 56) <= 2
    view.press("ArrowRight")
    view.press("Shift+ArrowUp")
    assert unit_of(figure) == (row - 10, column + 1)
