"""Pictures of networks show the numbers that the assignment's text states, and tell a wrong one from a right one."""

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn
from torchvision import models

from convcourse import pictures


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.mark.parametrize(
    ("made", "parameters", "multiplications", "rows"),
    [
        (models.alexnet, "61.1 M", "714 M", 8),
        (models.vgg16, "138 M", "15.5 G", 16),
        (models.resnet18, "11.7 M", "1.81 G", 10),
    ],
)
def test_costs_are_those_of_the_text(made, parameters, multiplications, rows):
    with torch.device("meta"):
        network = made()
    panels = pictures.costs(network, (1, 3, 224, 224)).axes
    titles = [panel.get_title(loc="left") for panel in panels]
    assert titles == ["numbers in the output", f"parameters: {parameters}", f"multiplications: {multiplications}"]
    assert len(panels[0].get_yticklabels()) == rows
    assert not any(module._forward_hooks for module in network.modules())


def test_costs_of_a_grouped_convolution_count_each_weight_once_a_position():
    grouped = nn.Sequential(nn.Conv2d(4, 6, 3, groups=2))
    titles = [panel.get_title(loc="left") for panel in pictures.costs(grouped, (2, 4, 5, 5)).axes]
    assert titles[1:] == [f"parameters: {6 * 2 * 9 + 6}", f"multiplications: {2 * 9 * 6 * 2 * 9 / 1000:.3g} k"]


def test_the_square_fits_where_the_field_is_right():
    layers = [(3, 2, 1), (3, 1, 2), (2, 1, 1)]
    for size, fits in ((13, True), (12, False), (14, False)):
        (axes,) = pictures.fields({"stack": layers}, [(size, 2)]).axes
        rows = (axes.images[0].get_array().sum(1) > 0).nonzero()[0]
        solid, dashed = axes.patches
        seen = rows[0] - 0.5, rows[-1] + 0.5
        assert (solid.get_y(), solid.get_y() + solid.get_height()) == seen if fits else solid.get_height() != len(rows)
        assert dashed.get_x() - solid.get_x() == 2


def test_branches_show_what_each_sees():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.five = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 5, 5, padding=2)

        def forward(self, x):
            return torch.cat([self.one(x), self.five(x)], dim=1)

    with torch.no_grad():  # a notebook may have left it so
        drawn = pictures.branches(Two(), 3, {"1×1": 4, "5×5": 5}).axes
    assert [int(axes.images[0].get_array().sum()) for axes in drawn] == [1, 25]


def test_logits_say_how_far_they_are_apart():
    (axes,) = pictures.logits(torch.tensor([1.0, 3, 2]), torch.tensor([1.0, 3, 2.5])).axes
    assert axes.get_title(loc="left") == "largest difference 0.5"
    assert [line.get_ydata().tolist() for line in axes.lines] == [[1, 2, 3], [1, 2.5, 3]]


def test_heat_is_orange_where_a_map_says_most():
    image, heat = torch.full((3, 4, 5), 0.5), torch.zeros(4, 5)
    heat[1, 2] = 3
    shown = pictures.heated(image, heat)
    assert shown.shape == (3, 4, 5) and torch.equal(shown[:, 0, 0], image[:, 0, 0])
    assert shown[0, 1, 2] > shown[1, 1, 2] > shown[2, 1, 2]
    assert torch.equal(pictures.heated(image, torch.ones(4, 5)), image)


def test_a_pixel_has_the_mean_of_the_squares_that_cover_it():
    values = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    shown = pictures.spread(values, 3, 2, (6, 5))
    assert shown.shape == (6, 5)
    assert shown[0, 0] == 1 and shown[0, 2] == 1.5 and shown[2, 2] == 3 and shown[4, 4] == 6
    assert shown[5, 0] == 3  # which no square covers
    apart = pictures.spread(values, 1, 3, (4, 4))
    assert apart[3, 3] == 6 and apart[1, 1] == 3
