"""Photographs: shapes, ranges, and that none of them is fetched; masks that lie where the borders are."""

import json
from pathlib import Path

import pytest
import skimage
import torch
import torch.nn.functional as F

from convcourse import data
from convcourse.data.photographs import NAMES, OUTLINES


@pytest.mark.parametrize("name", NAMES)
def test_every_photograph_lies_in_the_installed_package(name):
    folder = Path(skimage.__file__).parent / "data"
    assert any((folder / f"{name}{suffix}").is_file() for suffix in (".png", ".jpg"))


@pytest.mark.parametrize("name", NAMES)
def test_a_photograph_is_an_image(name):
    image = data.photograph(name, 64)
    assert image.dtype == torch.float32 and image.shape[0] == 3 and min(image.shape[1:]) == 64
    assert image.min() >= 0 and image.max() <= 1 and image.std() > 0.05


def test_the_other_side_follows_and_no_size_means_its_own():
    assert data.photograph("coffee").shape == (3, 400, 600)
    assert data.photograph("coffee", 128).shape == (3, 128, 192)
    assert data.photograph("coins", 30).shape == (3, 30, 38)


def test_grey_is_one_channel_of_the_same_brightness():
    grey, camera = data.photograph("coffee", 50, grey=True), data.photograph("camera", 50)
    assert grey.shape == (1, 50, 75)
    assert torch.equal(camera[0], camera[2])
    torch.testing.assert_close(data.photograph("camera", 50, grey=True)[0], camera[0])


def test_a_smaller_photograph_is_an_average_and_not_a_sample():
    large, small = data.photograph("camera", grey=True), data.photograph("camera", 32, grey=True)
    blocks = F.avg_pool2d(large, 16)
    assert (small - blocks).abs().mean() < 0.02 < (large[:, 8::16, 8::16] - blocks).abs().mean()


@pytest.mark.parametrize("arguments, words", [(("cofee",), "chelsea"), (("coffee", 0), "at least 1")])
def test_what_cannot_be_had_says_what_can(arguments, words):
    with pytest.raises(ValueError, match=words):
        data.photograph(*arguments)


def test_masks_are_of_photographs_that_are_there():
    assert len(data.MASKED) == 4 and set(data.MASKED) <= set(NAMES)
    assert set(json.loads(OUTLINES.read_text())) == set(data.MASKED)
    assert OUTLINES.stat().st_size < 10_000


@pytest.mark.parametrize("size", [None, 96, 301])
@pytest.mark.parametrize("name", data.MASKED)
def test_a_mask_is_as_large_as_its_photograph(name, size):
    mask = data.photograph_mask(name, size)
    assert mask.dtype == torch.int64 and mask.shape == data.photograph(name, size).shape[1:]
    assert mask.unique().tolist() == [0, 1] and 0.1 < mask.double().mean() < 0.9


@pytest.mark.parametrize("name", data.MASKED)
def test_a_smaller_mask_is_the_mask_made_smaller(name):
    """Against the share of each small pixel that lies in the object."""
    small, whole = data.photograph_mask(name, 75), data.photograph_mask(name).float()
    share = F.interpolate(whole[None, None], small.shape, mode="area")[0, 0]
    clear = (share < 0.2) | (share > 0.8)
    assert clear.float().mean() > 0.9 and torch.equal(small[clear], share[clear].round().long())


# Pixels (column, row) that everybody would call the object, and pixels beside it that nobody would.
SEEN = {
    "astronaut": ([(220, 110), (160, 80), (60, 400), (240, 250), (320, 270)], [(380, 450), (60, 200), (220, 8)]),
    "camera": ([(210, 140), (60, 400), (110, 490), (320, 200), (300, 262)], [(290, 160), (293, 250), (252, 225)]),
    "chelsea": ([(170, 110), (310, 130), (10, 250), (380, 10)], [(15, 60), (420, 100), (430, 280), (360, 215)]),
    "coffee": ([(280, 150), (210, 280), (300, 275), (178, 120)], [(366, 290), (410, 80), (150, 150), (300, 330)]),
}


@pytest.mark.parametrize("name", data.MASKED)
def test_the_object_is_where_one_sees_it(name):
    mask, (inside, outside) = data.photograph_mask(name), SEEN[name]
    assert all(mask[y, x] == 1 for x, y in inside)
    assert all(mask[y, x] == 0 for x, y in outside)


@pytest.mark.parametrize("name, least", [("astronaut", 1.4), ("camera", 1.5), ("coffee", 1.5), ("chelsea", 1.15)])
def test_outlines_lie_on_borders(name, least):
    """The photograph changes more along an outline than along the same moved by eight pixels; at fur a little more."""
    image, mask = F.avg_pool2d(data.photograph(name), 3, 1, 1), data.photograph_mask(name)
    across = [(image.roll(2, axis) - image.roll(-2, axis)).abs().sum(0) for axis in (1, 2)]
    change = F.max_pool2d(torch.maximum(*across)[None], 5, 1, 2)[0]  # two pixels off is near enough
    outline = (mask != mask.roll(1, 0)) | (mask != mask.roll(1, 1))
    inner = torch.zeros_like(outline)
    inner[14:-14, 14:-14] = True
    outline &= inner
    moves = [(8, 0), (-8, 0), (0, 8), (0, -8)]
    beside = torch.stack([change[outline.roll(move, (0, 1))].mean() for move in moves])
    assert change[outline].mean() > least * beside.mean()


def test_parts_of_one_object_are_filled_each():
    """The tripod stands in front of the arm and cuts it in two."""
    row = data.photograph_mask("camera")[265, 280:303]
    assert row[:8].all() and not row[9:18].any() and row[19:22].all()


@pytest.mark.parametrize("arguments, words", [(("coins",), "astronaut"), (("coffee", 0), "at least 1")])
def test_what_has_no_mask_says_what_has(arguments, words):
    with pytest.raises(ValueError, match=words):
        data.photograph_mask(*arguments)
