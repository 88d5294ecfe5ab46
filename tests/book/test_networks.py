"""The network that the live figures run: its skips can be unplugged, and its file is the experiment's."""

import json
from pathlib import Path

import pytest
import torch
from _code import networks, onnx_files, placing, segmenting, unet
from experiments import running, unplugged

from convcourse.data import CLASSES


@pytest.fixture
def net():
    torch.manual_seed(0)
    return unet.SegmentationNet(3, 4, width=2, depth=2).eval()


@torch.no_grad()
def test_with_all_gates_open_it_is_the_network_and_shows_its_maps(net):
    x = torch.rand(3, 3, 16, 16)
    found = networks.Unplugged(net)(x, torch.ones(3, 2))
    assert torch.equal(found.pop("logits"), net(x))
    assert torch.equal(found["encoder.2"], net.encode(x)[2])
    after = {stage.name: stage.after for stage in unet.stages(net, 16) if stage.name != "head"}
    assert {name: tuple(maps.shape[1:]) for name, maps in found.items()} == after


@torch.no_grad()
@pytest.mark.parametrize("level", [0, 1])
def test_a_closed_gate_replaces_the_skip_of_its_level_by_zeros(net, level):
    x, gates = torch.rand(2, 3, 16, 16), torch.ones(2, 2)
    gates[1, level] = 0
    found = networks.Unplugged(net)(x, gates)["logits"]
    levels = net.encode(x)
    levels[level] = torch.stack([levels[level][0], torch.zeros_like(levels[level][1])])
    assert torch.equal(found, net.decode(levels)) and not torch.allclose(found, net(x))
    alone = networks.predict(net, x, tuple(gates[1].tolist()))
    assert torch.allclose(alone[1], found[1], atol=1e-6)


def test_a_file_holds_the_weights_and_nothing_of_the_machine(net, tmp_path):
    first, second = tmp_path / "first.onnx", tmp_path / "deeper" / "second.onnx"
    for path in (first, second):
        networks.save(net, path, size=16)
    assert first.read_bytes() == second.read_bytes()
    assert not any(
        word in first.read_bytes() for word in (b"site-packages", b".py", b"_code", str(Path.home()).encode())
    )
    again = networks.load(first)
    assert all(torch.equal(a, b) for a, b in zip(again.state_dict().values(), net.state_dict().values(), strict=True))


def test_the_file_is_the_network_of_the_first_seed_and_as_good_as_its_record_says():
    net = networks.load(onnx_files.FOLDER / "shapes.onnx")
    first = json.loads(running.record("unplugged").read_text())["runs"][0]
    images, masks = segmenting.scenes(unplugged.NEW_SCENES, seed=1)
    for name, gates in unplugged.GATES.items():
        labels = networks.predict(net, images, gates).argmax(1)
        assert (labels == masks).float().mean().item() == pytest.approx(first["right"][name], abs=1e-3)
        iou = segmenting.overlaps(segmenting.confusion(labels, masks))
        assert iou.tolist() == pytest.approx(first["iou"][name], abs=5e-3)


def test_a_scene_is_placed_as_its_words_say():
    image, mask = placing.scene("d20-30-8-0-1-37_s50-10-10-45-2-5", noise=0.0)
    assert image.shape == (3, 64, 64) and image.min() >= 0 and image.max() <= 1
    assert mask[30, 20] == CLASSES.index("disc") and mask[10, 50] == CLASSES.index("square") and mask[60, 60] == 0
    assert (mask == 1).sum() == pytest.approx(torch.pi * 7.2**2, rel=0.05)
    assert (mask == 2).sum() == pytest.approx(16**2, rel=0.05)
    assert placing.scene("")[1].max() == 0
    noise = placing.scene("", noise=0.02)[0] - placing.scene("", noise=0.0)[0]
    assert noise.std() == pytest.approx(0.02, rel=0.05)
    assert not torch.equal(placing.scene("", ground=1)[0], placing.scene("")[0])


def test_numbers_at_random_are_spread_evenly():
    numbers = torch.tensor([next(placing.uniforms(seed)) for seed in range(4000)])
    assert numbers.min() >= 0 and numbers.max() < 1
    assert torch.histc(numbers, 4, 0, 1).tolist() == pytest.approx([1000] * 4, rel=0.1)
    normals = placing.normals(3, 4000)
    assert abs(normals.mean()) < 0.05 and normals.std() == pytest.approx(1, rel=0.05)
