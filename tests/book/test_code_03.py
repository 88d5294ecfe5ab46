"""Chapter 3's helpers: costs, receptive fields, drawings and networks are what PyTorch and the text say."""

import math

import matplotlib.pyplot as plt
import pytest
import torch
from _code import blocks, contestants, counting, fields, letters, zoo
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from test_code import words
from torch import nn
from torchvision import models
from torchvision.models.resnet import BasicBlock, Bottleneck

stacks = st.lists(
    st.tuples(st.booleans(), st.integers(1, 4), st.integers(1, 3), st.integers(1, 2)), min_size=1, max_size=4
)


def stack(plan) -> nn.Sequential:
    """Convolutions with positive weights and average poolings, so that no gradient is 0 by accident."""
    layers = []
    for pool, kernel_size, stride, dilation in plan:
        if pool:
            layers.append(nn.AvgPool2d(kernel_size, stride))
            continue
        conv = nn.Conv2d(1, 1, kernel_size, stride, dilation=dilation)
        nn.init.constant_(conv.weight, 1 / kernel_size**2)
        layers.append(conv)
    return nn.Sequential(*layers)


@settings(max_examples=60, deadline=None)
@given(stacks)
def test_sizes_and_jumps_are_those_of_the_gradient(plan):
    net = stack(plan)
    *_, (_, size, jump) = fields.reaches(net)
    side = size + 2 * jump  # a map of 3 × 3
    image = torch.rand(1, 1, side, side, dtype=torch.float64, requires_grad=True)
    out = net.double()(image)
    assert out.shape[2:] == (3, 3)
    found = [torch.autograd.grad(out[0, 0, at, at], image, retain_graph=True)[0][0, 0] for at in (0, 1)]
    assert all(fields.extent(gradient) == (size, size) for gradient in found)
    first = [int((gradient != 0).any(1).nonzero().min()) for gradient in found]
    assert first == [0, jump]


def test_an_influence_lies_in_the_field_and_most_of_it_in_the_middle():
    torch.manual_seed(0)
    layers = [layer for at in range(6) for layer in (nn.Conv2d(8 if at else 1, 8, 3, padding=1), nn.ReLU())]
    found = fields.influence(fields.he(nn.Sequential(*layers)), torch.randn(8, 1, 31, 31))
    assert found.shape == (31, 31) and fields.extent(found) == (13, 13)
    assert 5 <= fields.effective(found) <= 11
    assert fields.effective(found, 0.5) < fields.effective(found, 0.99) <= 13


def test_the_effective_side_of_known_influences():
    spot, square = torch.zeros(21, 21), torch.zeros(21, 21)
    spot[4, 7] = 3.0
    square[5:16, 5:16] = 1.0  # 11 × 11 around (10, 10), of which 9 × 9 hold 67 per cent
    assert fields.effective(spot) == 1
    assert [fields.effective(square, share) for share in (0.5, 0.66, 0.68, 1.0)] == [9, 9, 11, 11]


def test_he_keeps_the_spread_and_sets_biases_to_zero():
    torch.manual_seed(0)
    conv = fields.he(nn.Sequential(nn.Conv2d(64, 128, 3)))[0]
    assert conv.weight.std().item() == pytest.approx(math.sqrt(2 / (64 * 9)), rel=0.02)
    assert not conv.bias.any()


def test_features_end_before_the_last_pooling():
    for name in ("vgg", "vgg + norm", "inception", "resnet"):
        cut = fields.features(contestants.network(name))
        out = cut(torch.rand(2, 1, letters.SIZE, letters.SIZE))
        assert out.ndim == 4 and out.shape[2] > 1
        assert not isinstance(cut[-1], nn.MaxPool2d | nn.AdaptiveAvgPool2d)


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "resnet18"])
def test_the_layers_account_for_all_multiplications(name):
    net = zoo.skeleton(name)
    found = counting.layers(net, (3, 224, 224))
    assert sum(layer.multiplications for layer in found) == counting.multiplications(net, (3, 224, 224))
    norms = sum(p.numel() for m in net.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters())
    assert sum(layer.parameters for layer in found) + norms == counting.parameters(net)
    assert found[0].shape[0] == 64 and found[-1].shape == (1000,)


def test_costs_of_single_layers():
    net = nn.Sequential(nn.Conv2d(3, 8, 5, stride=2, padding=2), nn.Flatten(), nn.Linear(8 * 5 * 4, 7, bias=False))
    conv, linear = counting.layers(net, (3, 10, 8))
    assert (conv.shape, conv.parameters, conv.multiplications) == ((8, 5, 4), 8 * 76, 8 * 75 * 20)
    assert (linear.shape, linear.parameters, linear.multiplications) == ((7,), 1120, 1120)


def test_the_known_networks_are_counted_as_torchvision_states():
    rows = zoo.networks()
    assert len(rows) == len(zoo.KNOWN) == len({row.title for row in rows})
    for (name, title, *_), row in zip(zoo.KNOWN, rows):
        stated = models.get_model_weights(name)["IMAGENET1K_V1"].meta
        assert round(row.multiplications / 1e9, 3) == stated["_ops"], title
        if name != "inception_v3":  # whose figure counts a branch that only training uses
            assert row.parameters == stated["num_params"], title
        assert row.accuracy == stated["_metrics"]["ImageNet-1K"]["acc@1"] <= row.best


def test_a_skeleton_has_no_numbers():
    assert {p.device.type for p in zoo.skeleton("googlenet").parameters()} == {"meta"}


def test_the_table_and_the_plot_name_every_network():
    rows = zoo.networks()
    page = BeautifulSoup(zoo.table(rows).data, "html.parser")
    assert [line.td.get_text().replace("\xad", "") for line in page.tbody.select("tr")] == [row.title for row in rows]
    assert {len(line.select("th, td")) for line in page.select("tr")} == {6}
    _, ax = plt.subplots()
    zoo.draw(ax, rows)
    assert {text.get_text() for text in ax.texts} == {row.title for row in rows}
    plt.close()


def test_the_contests_networks_have_one_budget_and_one_task():
    costs = []
    for name in (*contestants.NAMES, *contestants.VARIANTS):
        torch.manual_seed(0)
        net = contestants.network(name)
        assert net.eval()(torch.rand(2, 1, letters.SIZE, letters.SIZE)).shape == (2, len(letters.LETTERS))
        costs.append(counting.multiplications(net, (1, letters.SIZE, letters.SIZE)))
    assert max(costs) < 1.2 * min(costs)


def test_first_weights_suit_the_activation():
    for name, variance in (("ReLU", 2 / 1176), ("tanh", 2 / (1176 + 192))):
        torch.manual_seed(0)
        linear = next(layer for layer in contestants.network(name) if isinstance(layer, nn.Linear))
        assert linear.weight.shape == (192, 1176) and not linear.bias.any()
        assert linear.weight.var().item() == pytest.approx(variance, rel=0.02)


def test_only_the_named_variants_differ_in_dropout_and_activation():
    kinds = {name: [type(layer) for layer in contestants.network(name)] for name in contestants.VARIANTS}
    assert kinds["dropout"] == kinds["ReLU"] == [nn.ReLU if kind is nn.Tanh else kind for kind in kinds["tanh"]]
    dropped = {name: {m.p for m in contestants.network(name) if isinstance(m, nn.Dropout)} for name in kinds}
    assert dropped == {"dropout": {0.5}, "ReLU": {0.0}, "tanh": {0.0}}


def test_branches_are_concatenated_and_shortcuts_are_added():
    x = torch.randn(2, 3, 5, 5)
    assert torch.equal(contestants.Beside([nn.Identity(), nn.ReLU()])(x), torch.cat([x, x.relu()], 1))
    assert torch.equal(contestants.Added([nn.Identity(), nn.ReLU()])(x), (x + x.relu()).relu())


def test_a_training_tells_each_epoch():
    scenes, labels = letters.scenes(60, letters.SEEN, seed=0)
    torch.manual_seed(0)
    shown = letters.view(scenes), labels
    found = contestants.train(contestants.network("resnet"), shown, shown, epochs=2, seed=0)
    assert len(found["loss"]) == len(found["right"]) == 2
    assert found["right"][-1] == found["seen"] and 0 <= found["seen"] <= 1


def test_an_inception_module_is_drawn_with_its_channels():
    towers = [[("1 × 1", 8)], [("1 × 1", 4), ("3 × 3", 16)], [("max, 3 × 3", None), ("1 × 1", 2)]]
    shown = words(blocks.branches(24, towers))
    assert shown[0] == "concatenated, 26 channels" and shown[-1] == "input, 24 channels"
    assert sorted(shown[1:-1]) == sorted(["1 × 1 → 8", "1 × 1 → 4", "3 × 3 → 16", "max, 3 × 3", "1 × 1 → 2"])


@pytest.mark.parametrize("block", [BasicBlock(16, 16), Bottleneck(64, 16)])
def test_a_residual_block_is_drawn_from_the_module(block):
    shown = words(blocks.residual({"block": block}))
    convs = [m for m in block.modules() if isinstance(m, nn.Conv2d)]
    written = [f"{m.kernel_size[0]} × {m.kernel_size[0]}, {m.in_channels} → {m.out_channels}" for m in convs]
    assert [word for word in shown if "→" in word] == written[::-1]
    assert shown.count("batch norm") == shown.count("ReLU") == len(convs)
    assert shown[:2] == ["ReLU", "+"] and "x" in shown
