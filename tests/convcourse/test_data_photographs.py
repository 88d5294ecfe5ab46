"""Photographs: shapes, ranges, and that none of them is fetched."""

from pathlib import Path

import pytest
import skimage
import torch

from convcourse import data
from convcourse.data.photographs import NAMES


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
    blocks = torch.nn.functional.avg_pool2d(large, 16)
    assert (small - blocks).abs().mean() < 0.02 < (large[:, 8::16, 8::16] - blocks).abs().mean()


@pytest.mark.parametrize("arguments, words", [(("cofee",), "chelsea"), (("coffee", 0), "at least 1")])
def test_what_cannot_be_had_says_what_can(arguments, words):
    with pytest.raises(ValueError, match=words):
        data.photograph(*arguments)
