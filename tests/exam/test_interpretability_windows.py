"""What holds for top_patches, grad_cam and integrated_gradients beyond their verdicts: cases leave no doubt about what
is right, whatever the seed, and references are what a second way of computing gives."""

import pytest
import torch
from torch import nn

from autograder.exam.draw import Draw
from autograder.exam.interpretability import cams, classes, fields, patch_cases, ways
from autograder.exam.interpretability.classes import grad_cam
from autograder.exam.interpretability.models import built, evaluated
from autograder.exam.interpretability.patches import top_patches
from autograder.exam_tables.examining import Quiet, setting

SEEDS = range(8)
WINDOWED = {
    name: getattr(patch_cases, name)
    for name in ("PLAIN", "STRIDES", "PADDED", "POOLED", "DILATED", "PAIRS", "WHOLE", "DEEP")
} | {"MIXED": [one for one, _ in patch_cases.MIXED]}
RANKED = patch_cases.squares, patch_cases.several, patch_cases.below_zero, patch_cases.later


def maps_of(case):
    (images,), given = case.args, case.kwargs
    _, outputs = fields.run(given["model"], images)
    return outputs[int(given["layer"]) + 1][:, given["channel"]]


def seen_pixels(layers, unit, image):
    """By a gradient: the box of the pixels of the image that a unit sees, all weights being positive."""
    x = plane = torch.ones(1, 1, *image, requires_grad=True)
    for one in layers:
        extent = [d * (k - 1) + 1 for k, d in zip(one.kernel, one.dilation, strict=True)]
        x = nn.functional.conv2d(x, torch.ones(1, 1, *extent) / 9, stride=one.stride, padding=one.padding)
    (gradient,) = torch.autograd.grad(x[0, 0, unit[0], unit[1]], plane)
    rows, columns = gradient[0, 0].nonzero().T
    return int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1


@pytest.mark.parametrize("group", WINDOWED)
def test_windows_are_what_units_see(group):
    """The window is the box of the pixels that reach the unit, so whoever finds it by asking the layers is right, too;
    and one unit of each image, or several of one value, are the best by far."""
    for seed in SEEDS:
        for cases in WINDOWED[group]:
            for case in cases(Draw(seed)):
                (images,), given = case.args, case.kwargs
                layers = fields.moving(list(built(given["model"]))[: int(given["layer"]) + 1])
                told = fields.patches(images, **given)
                for (index, windows, value), plane in zip(sorted(told), maps_of(case), strict=True):
                    units = [tuple(place) for place in (plane == plane.max()).nonzero().tolist()]
                    found = {seen_pixels(layers, unit, images.shape[2:]) for unit in units}
                    assert found == set(windows.answers), (group, index)
                    others = plane[plane < plane.max()]
                    assert value - float(others.max()) > 1e-3 * abs(value), (group, seed)


@pytest.mark.parametrize("cases", RANKED)
def test_values_of_different_images_differ(cases):
    for seed in SEEDS:
        for case in cases(Draw(seed)):
            values = maps_of(case).amax((1, 2)).sort().values
            assert (values.diff() > 1e-2).all()


def test_ranking_is_not_that_of_the_images():
    """No brightness, no mean of image or map orders all images as the detector does."""
    for seed in SEEDS:
        alike = []
        for case in patch_cases.squares(Draw(seed)):
            (images,) = case.args
            right = [index for index, _, _ in fields.patches(images, **case.kwargs)]
            scores = images.amax((1, 2, 3)), images.mean((1, 2, 3)), maps_of(case).mean((1, 2))
            alike.append([score.argsort(descending=True).tolist() == right for score in scores])
        assert not any(map(all, zip(*alike, strict=True)))


@pytest.mark.parametrize("make", [classes.PLAINEST, classes.maps(classes.body(3, classes.RELU), classes.MIXED, "1")])
def test_maps_are_one_at_most_before_they_are_divided(make):
    for seed in SEEDS:
        for case in make(Draw(seed)):
            raw = cams.cam(*case.args, **case.kwargs, way=classes.RAW)
            assert abs(float(raw.max()) - 1) < 1e-4 and float(raw.min()) == 0


def test_a_map_follows_from_finite_differences():
    """The weight of a channel is what the logit gains where all its positions gain a little, by their number."""
    (case,) = classes.maps(classes.body(3, classes.RELU), classes.placed(0.6, 1.2, 2.0), "1")(Draw(1))
    (image,), given = case.args, case.kwargs
    with evaluated(built(given["model"]).double()) as model, torch.no_grad():
        maps = model[:2](image[None].double())
        rest = model[2:]
        alpha = [
            (rest(maps + 1e-4 * (torch.arange(3) == c).reshape(3, 1, 1)) - rest(maps))[0, given["target"]] / 1e-4
            for c in range(3)
        ]
    plane = sum(a * m for a, m in zip(alpha, maps[0], strict=True)).relu()
    torch.testing.assert_close(cams.cam(image, **given), (plane / plane.max()).float(), rtol=1e-4, atol=1e-4)


def test_integrated_gradients_add_up_to_the_logit():
    """Their sum is what the logit gains from a black image on: completeness, in the paper's words."""
    for case in ways.shapes(ways.SOME, ways.bent)(Draw(2)):
        (image,), given = case.args, case.kwargs
        with evaluated(built(given["model"])) as model, torch.no_grad():
            gained = model(torch.stack([image, 0 * image]))[:, given["target"]]
        found = ways.integrated(image, **given, steps=400).sum()
        assert abs(float(found - (gained[0] - gained[1]))) < 1e-3


@pytest.mark.parametrize("part", [top_patches, grad_cam, ways.bonus], ids=lambda part: part.graded_name)
def test_a_part_is_8_points_or_a_bonus_of_2(part):
    assert part.points == (2 if part.bonus else 8) and not any(criterion.slow for criterion in part.criteria)
    with setting(Quiet({})):
        assert not any(outcome.earned for outcome in part.examine(lambda *args, **kwargs: None))
