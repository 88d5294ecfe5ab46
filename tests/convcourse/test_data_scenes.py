"""Scenes: the same for the same seed, exact masks, and as hard as the chapter says."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from convcourse import data
from convcourse.data import scenes


@pytest.fixture(scope="module")
def many():
    found = data.ShapeScenes(seed=3)
    return [found.scene(i) for i in range(60)]


def test_an_item_is_an_image_and_its_mask(many):
    image, mask = data.ShapeScenes(seed=3)[5]
    assert torch.equal(image, many[5].image) and torch.equal(mask, many[5].mask)
    assert (image.shape, image.dtype, mask.shape, mask.dtype) == ((3, 64, 64), torch.float32, (64, 64), torch.int64)
    assert image.min() >= 0 and image.max() <= 1


def test_scenes_are_the_same_again_and_others_for_another_seed_or_index():
    first, again, other = data.ShapeScenes(seed=1), data.ShapeScenes(seed=1), data.ShapeScenes(seed=2)
    for index in (0, 7, 10**9):
        for one, two in zip(first.scene(index), again.scene(index)):
            assert torch.equal(one, two)
        assert not torch.equal(first.scene(index).image, other.scene(index).image)
    assert not torch.equal(first.scene(0).image, first.scene(1).image)


def test_drawing_leaves_the_global_random_numbers_alone():
    torch.manual_seed(0)
    np.random.seed(0)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    data.ShapeScenes().scene(0)
    assert torch.equal(before[0], torch.get_rng_state()) and (before[1] == np.random.get_state()[1]).all()


@pytest.mark.parametrize("size", [16, 33, 128])
def test_any_size(size):
    scene = data.ShapeScenes(size=size).scene(0)
    assert scene.image.shape == (3, size, size) and scene.mask.shape == scene.instances.shape == (size, size)


def test_a_data_set_ends_where_it_says_and_can_be_listed():
    found = data.ShapeScenes(length=3, size=16)
    assert len(found) == len(list(found)) == 3
    for index in (3, -1):
        with pytest.raises(IndexError, match="there are 3"):
            found[index]


def test_too_small_a_size_is_refused():
    with pytest.raises(ValueError, match="at least 16"):
        data.ShapeScenes(size=15)


def test_instances_are_numbered_without_gaps_and_have_one_class_each(many):
    hidden = 0
    for scene in many:
        numbers = scene.instances.unique().tolist()
        assert numbers == list(range(len(numbers)))
        assert torch.equal(scene.instances == 0, scene.mask == 0)
        for number in numbers[1:]:
            assert len(scene.mask[scene.instances == number].unique()) == 1
        hidden += len(numbers) - 1 < scenes.OBJECTS[0]
    assert hidden < len(many) / 2


def test_every_class_is_there_in_every_few_scenes(many):
    counts = torch.stack([torch.bincount(scene.mask.flatten(), minlength=len(data.CLASSES)) for scene in many]).sum(0)
    share = counts / counts.sum()
    assert 0.5 < share[0] < 0.8  # a network that says "ground" everywhere is right here
    assert (share[1:] > 0.02).all()


def test_wires_are_thin_and_some_shapes_small(many):
    wire = data.CLASSES.index("wire")
    widths = [ndimage.distance_transform_edt(scene.mask == wire).max() for scene in many if (scene.mask == wire).any()]
    assert np.median(widths) <= 2
    sizes = [int((scene.instances == n).sum()) for scene in many for n in range(1, int(scene.instances.max()) + 1)]
    assert sum(size < 64 for size in sizes) > len(sizes) / 20  # below 8 × 8 pixels


def test_shapes_hide_one_another(many):
    parts = [
        ndimage.label((scene.instances == number).numpy(), np.ones((3, 3)))[1]
        for scene in many
        for number in range(1, int(scene.instances.max()) + 1)
    ]
    assert sum(count > 1 for count in parts) > len(parts) / 20


def test_the_mask_is_where_the_shape_is_seen():
    """Where light, noise and neighbours leave a picture alone, its colour changes at the mask's edge."""
    scene = data.ShapeScenes(size=96, seed=1).scene(2)
    inner = [
        scene.image[:, torch.from_numpy(ndimage.binary_erosion(scene.instances == n, iterations=2))].mean(1)
        for n in range(int(scene.instances.max()) + 1)
        if ndimage.binary_erosion(scene.instances == n, iterations=2).sum() > 20
    ]
    assert all((shape - inner[0]).abs().max() > 0.1 for shape in inner[1:])


def test_no_shape_is_cut_by_the_window_it_is_painted_in(monkeypatch):
    usual = [data.ShapeScenes(seed=8).scene(i) for i in range(12)]
    monkeypatch.setattr(scenes._Placed, "window", lambda self, margin: (slice(None), slice(None)))
    for index, scene in enumerate(usual):
        whole = data.ShapeScenes(seed=8).scene(index)
        assert torch.equal(scene.mask, whole.mask)
        torch.testing.assert_close(scene.image, whole.image, atol=1e-5, rtol=0)


def test_colour_alone_does_not_tell_the_class(many):
    """The best that a guess from a pixel's colour (in 8 × 8 × 8 bins) can do, told what every bin holds."""
    colours = torch.cat([(scene.image * 7.99).long().flatten(1) for scene in many], dim=1)
    labels = torch.cat([scene.mask.flatten() for scene in many])
    shapes = labels > 0
    bins = (colours[0] * 64 + colours[1] * 8 + colours[2])[shapes]
    table = torch.zeros(512, len(data.CLASSES)).index_put(
        (bins, labels[shapes]), torch.ones(len(bins)), accumulate=True
    )
    right = table.max(1).values.sum() / len(bins)
    chance = labels[shapes].bincount().max() / shapes.sum()
    assert chance + 0.1 < right < 0.9
