"""Chapter 6's encoder for photographs: its columns hold every level, and its reader learns what they tell."""

import pytest
import torch
from _code import photographs
from torch import nn

from convcourse import data, pretrained


@pytest.fixture(scope="module")
def net() -> pretrained.EfficientNetLite0:
    return pretrained.efficientnet_lite0()


def test_columns_hold_every_level(net):
    image = data.photograph("coffee", 64)
    columns = photographs.columns(net, image)
    assert columns.shape == (512, 16, 24)
    with torch.no_grad():
        assert torch.equal(columns[16:40], net.maps(image[None])[1][0])  # which has this size already
    assert torch.allclose(photographs.quartered(image)[:, 1, 2], image[:, 4:8, 8:12].mean((1, 2)))


def test_random_weights_are_others_and_of_the_same_seed_the_same(net):
    image = data.photograph("coffee", 64)[None]
    one, same, other = (photographs.columns(photographs.untrained(image, seed), image[0]) for seed in (0, 0, 1))
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert 0.1 < one.std() < 10  # the signal neither fades nor explodes


def test_clicks_are_positions_with_their_labels():
    mask = data.photograph_mask("camera", 80)
    chosen, labels = photographs.clicked(mask, 60, seed=3)
    assert len(set(chosen.tolist())) == 60 and set(labels.tolist()) == {0, 1}
    for position, label in zip(chosen.tolist(), labels.tolist()):
        row, column = 4 * (position // 20), 4 * (position % 20)
        assert (mask[row : row + 4, column : column + 4].float().mean() > 0.5) == (label > 0.5)


def test_a_reader_finds_what_two_numbers_tell():
    torch.manual_seed(0)
    columns = 100 + 10 * torch.randn(3, 20, 30)
    mask = (columns[0] > columns[1]).long().repeat_interleave(4, 0).repeat_interleave(4, 1)
    chosen, labels = photographs.clicked(mask, 200, seed=0)
    layer = photographs.reader(columns.flatten(1).T[chosen], labels, decay=1e-4)
    assert isinstance(layer, nn.Conv2d) and layer.weight.shape == (1, 3, 1, 1)
    found, iou = photographs.segment(layer, columns, mask)
    middle = found[2::4, 2::4] == (mask[2::4, 2::4] > 0)
    assert middle.float().mean() > 0.9 and 0.7 < iou < 1
    assert iou == pytest.approx((found & (mask > 0)).sum().item() / (found | (mask > 0)).sum().item())
