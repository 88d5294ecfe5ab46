"""Chapter 4's two networks, their pictures and changes; and the file that the browser loads is the experiment's."""

import base64
import io
import json
import re

import pytest
import torch
import torch.nn.functional as F
from _code import onnx_files, records, tolerance, tolerance_pictures
from experiments import running
from experiments import tolerance as experiment
from PIL import Image
from torchvision.transforms.v2 import functional as change


@pytest.fixture(scope="module")
def grounds():
    torch.manual_seed(0)
    return tolerance.pieces(tolerance.GROUNDS, 18)


def test_views_are_squares_with_an_object_and_something_else():
    for image, mask in tolerance.views().values():
        assert image.shape == (3, tolerance.SIZE, tolerance.SIZE) and mask.shape == image.shape[1:]
        assert 0.1 < mask.float().mean() < 0.9 and mask.unique().tolist() == [0, 1]


def test_backgrounds_are_pieces_of_pictures(grounds):
    assert grounds.shape == (18, 3, tolerance.SIZE, tolerance.SIZE)
    assert grounds.min() >= 0 and grounds.max() <= 1 and (grounds.std((1, 2, 3)) > 0.01).all()
    assert not set(tolerance.GROUNDS) & set(tolerance.NEW_GROUNDS)


def test_shuffled_tiles_are_the_same_tiles():
    torch.manual_seed(0)
    images = torch.rand(4, 3, tolerance.SIZE, tolerance.SIZE)
    tiles = lambda x: F.unfold(x, tolerance.SIZE // tolerance.TILES, stride=tolerance.SIZE // tolerance.TILES)
    before, after = tiles(images), tiles(tolerance.shuffled(images))
    for one, other in zip(before, after):
        same = (one[:, :, None] == other[:, None, :]).all(0)
        assert same.sum(0).tolist() == [1] * tolerance.TILES**2 == same.sum(1).tolist()
    assert not torch.equal(before, after)


def test_an_object_stands_where_its_photograph_has_it(grounds):
    torch.manual_seed(1)
    images, labels = tolerance.scenes(grounds, 300)
    counts = labels.bincount(minlength=len(tolerance.CLASSES))
    assert (counts - 60).abs().max() < 30
    for label, (image, mask) in enumerate(tolerance.views().values()):
        mine = images[labels == label]
        assert all(torch.equal(each[:, mask == 1], image[:, mask == 1]) for each in mine)
        own = torch.stack([torch.equal(each, image) * torch.ones(()) for each in mine]).mean()
        assert 0.05 < own < 0.5
        for each in images[labels == len(tolerance.OBJECTS)]:
            assert not torch.equal(each[:, mask == 1], image[:, mask == 1])


def test_augmented_pictures_stay_in_range_and_differ(grounds):
    torch.manual_seed(2)
    images = grounds[:1].expand(20, -1, -1, -1)
    found = tolerance.augmented(images)
    assert found.shape == images.shape and found.min() >= 0 and found.max() <= 1
    assert len({round(each.mean().item(), 5) for each in found}) == 20


def test_moves_are_those_of_the_page():
    image = torch.rand(1, 3, tolerance.SIZE, tolerance.SIZE, generator=torch.Generator().manual_seed(0))
    at = lambda **moves: (torch.tensor([{**tolerance.NEUTRAL, **moves}[name]]) for name in tolerance.MOVES)
    assert torch.allclose(tolerance.moved(image, *at(angle=90)), torch.rot90(image, 1, (2, 3)), atol=1e-4)
    assert torch.allclose(tolerance.moved(image, *at(mirrored=True)), image.flip(3), atol=1e-4)
    shifted = tolerance.moved(image, *at(right=5, down=-3))
    assert torch.allclose(shifted[..., :-3, 5:], image[..., 3:, :-5], atol=1e-4)
    assert shifted[..., -3:, :].abs().max() < 1e-4 and shifted[..., :5].abs().max() < 1e-4
    tilted = tolerance.moved(image, *at(angle=20))
    assert torch.allclose(tilted, change.rotate(image, 20, change.InterpolationMode.BILINEAR), atol=1e-4)
    reflected = tolerance.moved(image, *at(right=5), outside="reflection")
    assert torch.allclose(reflected[..., :5], image[..., :5].flip(3), atol=1e-4)


def test_without_a_change_nothing_changes():
    image, _ = tolerance.views()["coffee"]
    assert torch.allclose(tolerance.changed(image), image, atol=1e-4)


def test_until_reads_off_between_two_points():
    settings = torch.tensor(tolerance.settings("angle"))
    values = (1 - (settings.abs() / 100)).clamp(0, 1)
    assert tolerance.until("angle", values.tolist()) == pytest.approx((-50, 50))
    again = torch.where(settings > 120, 1.0, values)  # what comes after the first fall does not count
    assert tolerance.until("angle", again.tolist()) == pytest.approx((-50, 50))
    assert tolerance.until("noise", [1.0] * tolerance.POINTS) == (0, 0.48)


def test_the_file_holds_both_networks_of_the_first_seed():
    first = json.loads(running.record("tolerance").read_text())["runs"][0]
    nets = experiment.load()
    torch.manual_seed(1)
    images, labels = tolerance.scenes(tolerance.pieces(tolerance.NEW_GROUNDS, 90), experiment.NEW_SCENES)
    for way, net in nets.items():
        right = (tolerance.probabilities(net, images).argmax(1) == labels).float().mean().item()
        assert right == pytest.approx(first[way]["new"], abs=5e-3)
        for name in ("angle", "noise"):
            assert tolerance.curve(net, name) == pytest.approx(first[way]["curve"][name], abs=5e-3)


def test_a_pair_is_written_and_read(tmp_path, monkeypatch):
    torch.manual_seed(0)
    nets = {name: tolerance.network().eval() for name in tolerance.NAMES}
    monkeypatch.setattr(experiment, "PATH", tmp_path / "pair.onnx")
    onnx_files.write(experiment.Pair(nets), (torch.zeros(2, 3, 96, 96),), ["image"], experiment.PATH)
    x = torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        assert all(torch.equal(nets[name](x), net(x)) for name, net in experiment.load().items())
    assert experiment.PATH.stat().st_size < 1e6


def test_the_still_picture_brings_photographs_and_masks_in_their_order():
    flat = {way: [0.5] * tolerance.POINTS for way in tolerance.NAMES}
    drawn = tolerance_pictures.picture(flat).data
    found = [Image.open(io.BytesIO(base64.b64decode(data))) for data in re.findall(r"base64,([\w+/=]+)", drawn)]
    assert len(found) == 2 * len(tolerance.OBJECTS)
    for (image, mask), photograph, labels in zip(tolerance.views().values(), found[::2], found[1::2]):
        assert torch.equal(change.pil_to_tensor(photograph), (255 * image).round().byte())
        assert torch.equal(change.pil_to_tensor(labels)[0], 255 * mask.byte())


def test_what_the_table_says():
    told = records.Record("tolerance.json")
    for way in tolerance.NAMES:
        ends = [tolerance.until("contrast", values)[0] for values in told(way, "curve", "contrast")]
        assert tolerance_pictures.reach(told, way, "contrast", 0).tolist() == ends
    assert (tolerance_pictures.reach(told, "plain", "angle", 0) > 0).all()
