"""Chapter 6's helpers: sizes, borders, overlaps, losses and objects are what their names say."""

import base64
import io
import itertools
import json
import re
from html import unescape

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from _code import confusion_pictures, encoder_levels, instances, segmenting, unet, upsampling
from PIL import Image
from torch import nn

from convcourse.data import ShapeScenes


def test_the_papers_network_has_the_papers_sizes():
    with torch.device("meta"):
        net = unet.SegmentationNet(1, 2, width=64, depth=4, padding="valid")
    assert sum(p.numel() for p in net.parameters()) == 31_030_658
    seen = {stage.name: stage for stage in unet.stages(net, 572)}
    assert seen["head"].after == (2, 388, 388)
    assert seen["encoder.4"].before == (512, 32, 32) and seen["encoder.4"].after == (1024, 28, 28)
    assert seen["decoder.0"].before == (1024, 56, 56)
    assert sum(stage.parameters for stage in seen.values()) == 31_030_658


@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize("depth", [1, 3])
def test_with_padding_the_size_stays(depth, skips):
    net = unet.SegmentationNet(3, 5, width=2, depth=depth, skips=skips)
    assert net(torch.rand(2, 3, 16, 32)).shape == (2, 5, 16, 32)
    assert unet.drawing(net, 16).data.count("skip") == (depth if skips else 0)


def test_the_crop_is_in_the_middle():
    x = torch.arange(49.0).reshape(1, 1, 7, 7)
    assert torch.equal(unet.crop_to(x, torch.zeros(1, 1, 3, 5)), x[..., 2:5, 1:6])


def test_a_pixel_reaches_further_through_deeper_levels():
    torch.manual_seed(0)
    net = unet.SegmentationNet(3, 2, width=4, depth=2)
    reach = [unet.reach_through(net, level, size=48) for level in range(3)]
    assert reach == sorted(reach) and reach[0] <= 9 < reach[2]
    plain = unet.SegmentationNet(3, 2, width=4, depth=2, skips=False)
    with torch.no_grad():
        levels = plain.encode(torch.rand(1, 3, 16, 16))
        assert torch.equal(plain.decode(levels), plain.decode([levels[0] + 1, levels[1] - 1, levels[2]]))


@pytest.mark.parametrize("stride", [1, 2])
def test_the_last_stamp_completes_the_transposed_convolution(stride):
    image, kernel = torch.randn(2, 2), torch.randn(3, 3)
    full = F.conv_transpose2d(image[None, None], kernel[None, None], stride=stride)[0, 0]
    assert torch.equal(upsampling._stamp(image, kernel, stride, range(4)), full)
    first = upsampling._stamp(image, kernel, stride, range(1))
    assert torch.equal(first[:3, :3], image[0, 0] * kernel) and not first[3:].any()


@pytest.mark.parametrize("name", upsampling.enlargers())
def test_enlargers_double_and_a_resized_map_stays_even(name):
    net = upsampling.decoder(upsampling.enlargers()[name])
    assert net(torch.rand(1, 16, 4, 4)).shape == (1, 1, 32, 32)
    assert (upsampling.ripple(net)[1] < 1e-3) == ("then" in name)


def test_packed_pictures_hold_the_half_sized_pixels():
    images = torch.rand(2, 1, 16, 16)
    small = F.avg_pool2d(images, 2)
    packed = upsampling.packed(images)
    assert packed.shape == (2, 16, 2, 2)
    assert torch.equal(packed[1, :, 0, 1], small[1, 0, 0:4, 4:8].flatten())


def test_pixels_near_a_border_by_looking_at_each():
    torch.manual_seed(0)
    masks = torch.randint(0, 2, (2, 3, 3)).repeat_interleave(3, 1).repeat_interleave(3, 2)
    for reach in (1, 2):
        found = segmenting.near_border(masks, reach)
        for n, x, y in itertools.product(range(2), range(9), range(9)):
            window = masks[n, max(0, x - reach) : x + reach + 1, max(0, y - reach) : y + reach + 1]
            assert found[n, x, y] == (window != masks[n, x, y]).any()


def test_each_pixel_lies_at_one_distance_from_a_border():
    mask = torch.zeros(1, 9, 9, dtype=torch.int64)
    mask[:, :, 6:] = 1
    rings = segmenting.by_distance(mask, 4)
    assert (rings.sum(0) == 1).all()
    assert rings[:, 0, 4].long().argmax(0).tolist() == [3, 3, 3, 2, 1, 0, 0, 1, 2]  # of columns, from 0


def test_a_label_of_a_neighbour_is_nearly_right():
    truth = torch.tensor([[[0, 0, 0], [0, 1, 0], [0, 0, 0], [2, 0, 0]]])
    said = torch.tensor([[[1, 2, 1], [0, 2, 2], [2, 2, 1], [2, 0, 2]]])
    assert segmenting.nearly_right(said, truth, classes=3)[0].tolist() == [
        [True, False, True],
        [True, False, False],
        [True, True, True],
        [True, True, False],
    ]


def words_of(picture) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", picture.data)


def test_a_confusion_matrix_shows_counts_and_darker_errors():
    picture = confusion_pictures.picture([[90, 8, 2], [0, 99, 1], [4, 0, 96]], "abc", "true", "said")
    numbers = ["90", "8", "2", "99", "1", "4", "96"]
    assert sorted(words_of(picture)) == sorted([*numbers, *"aabbcc", "said", "true"])
    shades = [picture.data.count(f'class="{kind}"') for kind in ("cell", "b")]
    assert shades == [9, 4 + 1 + 1 + 2]  # per error a quarter of the most frequent one, rounded up


def test_a_confusion_matrix_of_several_networks_shows_mean_and_range():
    tables = np.array([[[90, 10], [30, 70]], [[80, 20], [30, 70]]])
    words = words_of(confusion_pictures.picture(tables, ("disc", "ring"), "true", "said"))
    assert words[:8] == ["85", "80–90", "15", "10–20", "30", "30", "70", "70"]


def test_one_label_a_cell_is_the_most_frequent():
    mask = torch.tensor([[[1, 1, 0, 0], [1, 2, 0, 3], [4, 4, 4, 4], [4, 4, 4, 4]]])
    assert segmenting.best_in_cells(mask, 2)[0].tolist() == [[1, 1, 0, 0]] * 2 + [[4] * 4] * 2


def test_pure_cells_hold_one_object():
    mask = torch.tensor([[[1, 1, 0, 0], [1, 1, 0, 0], [4, 4, 2, 2], [4, 3, 2, 2]]])
    assert (
        segmenting.pure_cells(mask, 2)[0].tolist()
        == [[True, True, False, False]] * 2 + [[False, False, True, True]] * 2
    )


def test_confusion_and_overlaps_by_hand():
    truth, said = torch.tensor([0, 0, 1, 1, 1]), torch.tensor([0, 1, 1, 1, 0])
    table = segmenting.confusion(said, truth, classes=3)
    assert table.tolist() == [[1, 1, 0], [1, 2, 0], [0, 0, 0]]
    values = segmenting.overlaps(table.double())
    assert values[:2].tolist() == [1 / 3, 2 / 4] and values[2].isnan()


def test_a_reader_reads_what_is_there():
    """Maps that hold the class, one channel each, at half the size: what is read is the cell's class."""
    torch.manual_seed(0)
    cells = torch.randint(0, 6, (20, 4, 4))
    maps = F.one_hot(cells, 6).permute(0, 3, 1, 2).float()
    masks = cells.repeat_interleave(2, 1).repeat_interleave(2, 2)
    assert torch.equal(segmenting.read_out(maps[:10], masks[:10], maps[10:]), masks[10:])


def test_losses_by_their_formulas():
    torch.manual_seed(0)
    logits, target = torch.randn(3, 2, 5, 5), torch.randint(0, 2, (3, 5, 5))
    q = logits.softmax(1).gather(1, target[:, None])[:, 0]
    assert torch.allclose(segmenting.focal(0)(logits, target), F.cross_entropy(logits, target))
    assert torch.allclose(segmenting.focal(2)(logits, target), -((1 - q) ** 2 * q.log()).mean())
    w = 1 + 9 * target
    assert torch.allclose(segmenting.weighted(10.0)(logits, target), -(w * q.log()).sum() / w.sum())
    sure = torch.stack([-50.0 * target, 50.0 * target], 1) + torch.tensor([10.0, -10.0]).reshape(1, 2, 1, 1)
    assert segmenting.batch_dice(sure, target).item() == pytest.approx(0, abs=1e-4)
    p = logits.softmax(1)[:, 1]
    over = lambda p, t: 1 - 2 * (p * t).sum() / (p.sum() + t.sum())
    each = torch.stack([over(a, b) for a, b in zip(p, target)])
    assert torch.allclose(segmenting.dice(logits, target), each.mean())
    assert torch.allclose(segmenting.batch_dice(logits, target), over(p, target))


def test_an_empty_mask_pulls_at_nothing_unless_the_batch_is_one():
    torch.manual_seed(0)
    target = torch.zeros(2, 5, 5, dtype=torch.int64)
    target[0, 2] = 1
    for loss, pulls in ((segmenting.dice, False), (segmenting.batch_dice, True)):
        logits = torch.randn(2, 2, 5, 5, requires_grad=True)
        loss(logits, target).backward()
        assert logits.grad[0].any() and bool(logits.grad[1].any()) == pulls


def test_what_backward_keeps_is_counted_once():
    net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 2, 1))
    kept = segmenting.kept_for_backward(net, torch.zeros(1, 1, 8, 8))
    assert kept == 4 * 64 * (1 + 4)  # the picture, and the map after the ReLU, which two layers share


def test_training_moves_the_network_and_repeats_itself():
    images, masks = segmenting.scenes(16, seed=3, size=32)
    histories = []
    for _ in range(2):
        torch.manual_seed(0)
        net = unet.SegmentationNet(3, 6, width=4, depth=1)
        histories.append(segmenting.train(net, images, masks, epochs=2))
    assert histories[0] == histories[1] and histories[0][1] < histories[0][0]
    logits = segmenting.predict(net, images)
    assert logits.shape == (16, 6, 32, 32) and not logits.requires_grad


def test_a_window_decides_as_far_as_it_sees():
    seen, square, distance = segmenting.glimpses(500, 9, seed=0)
    assert seen.shape == (500, 81) and 0.4 < square.mean() < 0.6
    middle = seen.reshape(500, 9, 9)[distance > 7].mean()
    assert middle == pytest.approx(0.5, abs=0.02)  # far inside all is even, whatever the shape


def test_touching_discs_are_one_part_and_two_floods():
    y, x = torch.meshgrid(torch.arange(60.0), torch.arange(100.0), indexing="ij")
    discs = torch.hypot(y - 30, x - 30) < 20
    discs |= torch.hypot(y - 30, x - 66) < 20
    discs[0, 0] = True
    assert instances.components(discs).max() == 2
    assert instances.components(discs, least=5).max() == 1
    halves = instances.split(discs, least=5)
    assert halves.max() == 2 and halves[30, 30] != halves[30, 66] and halves[0, 0] == 0
    assert instances.components(instances.grow(discs, -10), least=5).max() == 2


def test_whole_instances_are_counted():
    mask = torch.zeros(6, 6, dtype=torch.int64)
    numbers = torch.zeros_like(mask)
    mask[:2, :2], numbers[:2, :2] = 1, 1
    mask[4:, :3], numbers[4:, :2], numbers[4:, 2] = 2, 2, 3  # two that touch
    assert instances.whole(mask, numbers) == (1, 3)
    scene = ShapeScenes(size=32, seed=1).scene(0)
    assert instances.whole(scene.mask, scene.instances)[1] == int(scene.instances.max())


def test_painted_numbers_have_their_colours():
    shown = instances.painted(torch.tensor([[0, 1], [2, 1]]))
    assert shown.shape == (3, 2, 2) and torch.equal(shown[:, 0, 1], shown[:, 1, 1])
    assert not torch.equal(shown[:, 0, 1], shown[:, 1, 0]) and 0 <= shown.min() <= shown.max() <= 1


def test_the_picture_of_levels_holds_their_maps():
    """Each channel that it holds is one of the level's, to 8 bits, and none that it leaves out varies more."""
    images, masks = segmenting.scenes(2, seed=3)
    maps = [torch.rand(2, 6, 64 >> level, 64 >> level) * torch.arange(1.0, 7)[:, None, None] for level in range(4)]
    labels = [segmenting.best_in_cells(masks, 2**level) for level in range(4)]
    svg = encoder_levels.picture(images, masks, maps, labels).data
    data = json.loads(unescape(re.search(r"<metadata>(.*?)</metadata>", svg)[1]))
    for n, scene in enumerate(data["scenes"]):
        pixels = {name: pixels_of(scene[name]) for name in ("image", "labels", "sprite")}
        assert torch.equal(pixels["image"].permute(2, 0, 1), (255 * images[n]).round().byte())
        assert torch.equal(pixels["labels"].long(), masks[n])
        top = 0
        for level, (whole, step) in enumerate(zip(maps, (1, 2, 4, 8))):
            side = 64 // step
            held = [pixels["sprite"][top : top + side, 64 * kind : 64 * kind + side] for kind in range(6)]
            assert all(torch.equal(part.long(), labels[level][n, ::step, ::step]) for part in held[:2])
            for part, peak, channel in zip(held[2:], data["peaks"][level], (5, 4, 3, 2)):
                assert torch.allclose(part / 255 * peak, whole[n, channel], atol=peak / 250)
            top += side


def pixels_of(address: str) -> torch.Tensor:
    """A picture that is written as a data address."""
    return torch.tensor(np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1])))))
