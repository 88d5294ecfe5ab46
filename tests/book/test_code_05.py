"""Chapter 5's code: explanations are what they say they are, on models whose answer is known."""

import pytest
import torch
import torch.nn.functional as F
from _code import dreaming, explaining, planted, records, sensitive
from torch import nn

from convcourse import pretrained


@pytest.fixture(scope="module")
def net() -> pretrained.EfficientNetLite0:
    return pretrained.efficientnet_lite0()


@pytest.fixture
def small() -> nn.Sequential:
    """Two convolutions with ReLUs, a mean and a linear layer: images (N, 3, H, W) → (N, 4)."""
    torch.manual_seed(0)
    body = [nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 5, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 4)).eval()


def hooks(net: nn.Module) -> int:
    return sum(len(part._forward_hooks) + len(part._backward_hooks) for part in net.modules())


class OnePixel(nn.Module):
    """Class 1 is the red of one pixel, class 0 minus that."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        value = x[:, 0, 5, 9]
        return torch.stack([-value, value], 1)


def test_the_photographs_show_what_is_asked_for(net):
    assert explaining.squares().shape == (3, 3, 224, 224) and explaining.squares().max() <= 1
    assert torch.equal(net(explaining.squares()).argmax(1), explaining.numbers())


def test_a_covered_pixel_is_found_where_it_is_covered():
    images = torch.full((2, 3, 12, 16), 0.9)
    falls = explaining.drops(OnePixel(), images, side=4, step=3, fill=0.5)
    assert falls.shape == (2, 2, 3, 5)
    rows, columns = torch.arange(3) * 3, torch.arange(5) * 3
    covers = ((rows <= 5) & (rows + 4 > 5))[:, None] & ((columns <= 9) & (columns + 4 > 9))[None]
    assert torch.allclose(falls[:, 1], (0.4 * covers.float()).expand(2, -1, -1))
    assert torch.allclose(falls[:, 0], -falls[:, 1])
    assert (images == 0.9).all()


def test_a_gradient_is_each_images_own_and_parameters_get_none(small):
    images, targets = torch.rand(3, 3, 8, 10), torch.tensor([0, 3, 1])
    together = explaining.gradients(small, images, targets)
    for index in range(3):
        one = images[index : index + 1].clone().requires_grad_()
        small(one)[0, targets[index]].backward()
        assert torch.allclose(together[index], one.grad[0], atol=1e-7)
        small.zero_grad()
    explaining.gradients(small, images, targets)
    assert all(parameter.grad is None for parameter in small.parameters())
    assert torch.equal(explaining.gradient_map(small, images, targets), together.abs().amax(1))


def test_guided_backpropagation_lets_through_what_is_positive_both_ways():
    torch.manual_seed(1)
    first, second = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 1)
    net = nn.Sequential(first, nn.ReLU(), second, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    image = torch.rand(1, 3, 5, 5)
    with explaining.guided(net):
        assert hooks(net) == 1
        found = explaining.gradients(net, image, torch.tensor([1]))
    arriving = second.weight[1, :, 0, 0] / 25  # at each position the same
    kept = (first(image) > 0) * (arriving > 0)[:, None, None] * arriving[:, None, None]
    assert torch.allclose(found, torch.einsum("nchw,cd->ndhw", kept, first.weight[:, :, 0, 0]), atol=1e-7)
    assert hooks(net) == 0


def test_hooks_go_even_if_the_model_fails(small):
    with pytest.raises(RuntimeError), explaining.guided(small):
        small(torch.rand(1, 2, 8, 8))
    assert hooks(small) == 0


def test_a_path_adds_up_to_the_difference_of_two_logits(small):
    images, targets = torch.rand(2, 3, 8, 8), torch.tensor([2, 0])
    for start in (0.0, 0.5):
        parts = explaining.along_path(small, images, targets, start, steps=200)
        with torch.no_grad():
            ends = [small(x).gather(1, targets[:, None])[:, 0] for x in (images, torch.full_like(images, start))]
        assert torch.allclose(parts.sum((1, 2, 3)), ends[0] - ends[1], atol=1e-3)
    images[:, :, 2:5] = 0.5
    assert (explaining.path_map(small, images, targets, start=0.5)[:, 2:5] == 0).all()


def test_grad_cam_at_the_last_maps_is_the_class_activation_map(net):
    images, targets = explaining.squares()[:2, :, :96, :96], torch.tensor([285, 967])
    found = explaining.class_map(net, images, targets, "top")
    with torch.no_grad():
        maps = net.top(net.maps(images)[-1])
        cam = torch.einsum("nc,nchw->nhw", net.classify.weight[targets], maps).relu() / maps[0, 0].numel()
    enlarged = F.interpolate(cam[:, None], (96, 96), mode="bilinear", align_corners=False)[:, 0]
    assert torch.allclose(found, enlarged, atol=1e-5)
    assert hooks(net) == 0


def test_every_method_gives_a_map_of_the_images_size_and_no_negative_number(small):
    images, targets = torch.rand(2, 3, 48, 48), torch.tensor([1, 2])
    for name, method in explaining.METHODS.items():
        options = {"layer": "3"} if name == "Grad-CAM" else {"side": 12} if name == "occlusion" else {}
        found = method(small, images, targets, **options)
        assert found.shape == (2, 48, 48) and (found >= 0).all() and not found.requires_grad, name


def test_a_cascade_randomises_from_the_top_and_leaves_what_is_below():
    images = torch.rand(2, 3, 64, 64)
    trained = pretrained.efficientnet_lite0().state_dict()
    names = []
    for name, net in explaining.cascade(images, seed=3):
        names.append(name)
        now = net.state_dict()
        if name == "stage 5":
            same = {key for key, value in now.items() if torch.equal(value, trained[key])}
            changed = {key for key in now if key.split(".")[0] in ("classify", "top")}
            assert {key for key in now if key.startswith(("stem", "stages.0.", "stages.3."))} <= same
            assert not {key for key in now if key.startswith("stages.4.") and key.endswith("0.weight")} & same
            assert changed - same >= {"classify.weight", "top.0.weight"}
    assert names == ["trained", "classifier", "last 1 × 1", *(f"stage {n}" for n in range(7, 0, -1)), "first layer"]
    assert not net.training and not any(part.training for part in net.modules())
    with torch.no_grad():
        deviation = net.maps(images)[-1].std()
    assert 0.05 < deviation < 20  # the signal neither fades nor explodes
    again = list(explaining.cascade(images, seed=3))[-1][1].state_dict()
    assert all(torch.equal(value, again[key]) for key, value in now.items())


def test_rank_correlation_is_spearmans():
    from scipy.stats import spearmanr

    torch.manual_seed(2)
    one, other = torch.rand(3, 8, 12), torch.rand(3, 8, 12).round(decimals=1)
    found = explaining.rank_correlation(one, other, cell=1)
    for index in range(3):
        expected = spearmanr(one[index].flatten(), other[index].flatten()).statistic
        assert found[index].item() == pytest.approx(expected, abs=1e-6)
    assert torch.allclose(explaining.rank_correlation(one, one.exp()), torch.ones(3, dtype=torch.float64), atol=0.05)
    assert explaining.rank_correlation(one, torch.zeros_like(one)).tolist() == [0, 0, 0]


def test_structural_similarity_is_one_for_equal_maps_and_less_for_others():
    torch.manual_seed(2)
    one, other = torch.rand(2, 40, 40), torch.rand(2, 40, 40)
    assert explaining.structural_similarity(one, 3 * one).tolist() == pytest.approx([1, 1], abs=1e-4)
    assert (explaining.structural_similarity(one, other) < 0.6).all()


@pytest.mark.parametrize("stages", [0, 2, 3, 4])
def test_a_units_window_is_where_its_gradient_reaches(net, stages):
    side = 225 if stages == 4 else 112
    size, start, jump = sensitive.sight(net, stages, side)
    image = torch.rand(1, 3, side, side, requires_grad=True)
    x = net.stem((255 * image - 127) / 128)
    for stage in net.stages[:stages]:
        x = stage(x)
    unit = x.shape[-1] // 2
    (gradient,) = torch.autograd.grad(x[0, :, unit, unit].sum(), image)
    reached = gradient.abs().sum((0, 1, 2)).nonzero().flatten()
    first = start + unit * jump
    assert (reached[0], reached[-1] + 1) == (max(first, 0), min(first + size, side))


def test_strongest_patches_are_those_of_each_channels_largest_values(net):
    tiles = sensitive.tiles()[::9]
    found = sensitive.strongest(net, 2, tiles, k=4)
    with torch.no_grad():
        maps = net.stages[1](net.stages[0](net.stem((255 * tiles - 127) / 128)))
    for channel in (0, 7, 23):
        largest = maps[:, channel].amax((1, 2))
        assert found.tiles[:, channel].tolist() == largest.argsort(descending=True)[:4].tolist()
        assert torch.allclose(found.values[:, channel], largest.sort(descending=True).values[:4], atol=1e-5)
        index = int(found.tiles[0, channel])
        row, column = divmod(int(maps[index, channel].argmax()), maps.shape[3])
        top, left, bottom, right = found.corners[0, channel].tolist()
        assert (top, left) == (max(0, 4 * row - 6), max(0, 4 * column - 6))
        assert sensitive.patch(found, tiles, channel, 0).shape == (3, bottom - top, right - left)
    assert sensitive.sheet(sensitive.strongest(net, 2, tiles), tiles, 3, 20).shape == (3, 66, 66)


@pytest.mark.parametrize("kind", [dreaming.Pixels, dreaming.Waves])
def test_ascent_ascends_and_stays_an_image(kind):
    goal = lambda x: x[0, 0].mean() - x[0, 2].mean()
    torch.manual_seed(0)
    found = dreaming.ascend(goal, kind(32), steps=40, rate=0.1, move=True)
    assert found.shape == (3, 32, 32) and found.min() >= 0 and found.max() <= 1
    assert goal(found[None]) > 0.3


@pytest.mark.parametrize("way", dreaming.WAYS)
def test_a_start_decides_what_is_found(way):
    goal = lambda x: x[0, 0].mean() - x[0, 2].mean()
    one, again, other = (dreaming.found(goal, way, 32, 3, start) for start in (0, 0, 1))
    assert torch.equal(one, again) and not torch.equal(one, other)


def test_pictures_that_are_kept_come_back(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    ramp = torch.linspace(0, 1, 32).expand(3, 32, 32)
    images = torch.stack([ramp, 1 - ramp, ramp.transpose(1, 2)])
    dreaming.keep(images, 7)
    assert (dreaming.kept(7) - images).abs().max() < 0.05


def test_a_penalty_makes_images_smoother():
    torch.manual_seed(0)
    pattern = torch.randn(1, 3, 32, 32)
    goal = lambda x: (x * pattern).mean()
    rough, smooth = (
        dreaming.roughness(dreaming.ascend(goal, dreaming.Pixels(32), 40, 0.1, smooth=weight)[None])
        for weight in (0.0, 2.0)
    )
    assert smooth < 0.7 * rough


def test_the_cue_is_there_and_nothing_else_is_changed():
    digits = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    images = planted.before_grey(digits, seed=1)
    assert images.shape == (6, 3, planted.SIDE, planted.SIDE) and torch.equal(images, planted.before_grey(digits, 1))
    assert not torch.equal(images, planted.before_grey(digits, 2))
    dark = planted.marked(images)
    assert (dark[:, :, : planted.MARK, : planted.MARK] == 0).all() and (images[:, :, 0, 0] > 0).any()
    dark[:, :, : planted.MARK, : planted.MARK] = images[:, :, : planted.MARK, : planted.MARK]
    assert torch.equal(dark, images)


def test_a_square_may_lie_elsewhere_and_be_white():
    images = torch.rand(4, 3, planted.SIDE, planted.SIDE, generator=torch.Generator().manual_seed(0))
    moved = planted.marked(images, 5, 1.0)
    inside = torch.zeros(planted.SIDE, planted.SIDE, dtype=torch.bool)
    inside[5 : 5 + planted.MARK, 5 : 5 + planted.MARK] = True
    assert (moved[..., inside] == 1).all() and torch.equal(moved[..., ~inside], images[..., ~inside])


def test_shares_on_the_mark():
    even = torch.ones(2, planted.SIDE, planted.SIDE)
    only = torch.zeros(2, planted.SIDE, planted.SIDE)
    only[:, 1, 2] = 3
    shares = planted.in_zone({"even": even, "only": only, "nothing": torch.zeros_like(only)})
    assert shares == {"even": pytest.approx(16 / 576, abs=1e-4), "only": 1, "nothing": 0}


def test_no_black_mark_is_seen_from_black():
    torch.manual_seed(0)
    net = planted.network().eval()
    images = planted.marked(torch.rand(3, 3, planted.SIDE, planted.SIDE))
    shares = planted.in_zone(planted.maps(net, images))
    assert shares["integrated gradients from black"] == 0 < shares["integrated gradients from grey"]
