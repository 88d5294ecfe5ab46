"""Chapter 2's helpers: windows, overhang, indices, bins and drifts are what PyTorch and their names say."""

import re

import pytest
import torch
import torch.nn.functional as F
from _code import letter_network, letters, network_pictures, pools, records
from experiments import drifts
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_code import words

poolings = st.builds(
    pools.Pooling,
    n=st.integers(1, 14),
    kernel_size=st.integers(1, 5),
    stride=st.integers(1, 5),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 3),
    ceil_mode=st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(poolings)
def test_a_pooling_has_the_windows_of_pytorchs(case):
    assume(2 * case.padding <= case.kernel_size and case.n + 2 * case.padding >= case.reach)
    line = torch.zeros(1, 1, case.n)
    out = F.max_pool1d(line, case.kernel_size, case.stride, case.padding, case.dilation, ceil_mode=case.ceil_mode)
    assert len(case.starts) == out.shape[2]
    rounded_up = -(-(case.n + 2 * case.padding - case.reach) // case.stride) + 1
    assert len(case.starts) + len(case.dropped) == (rounded_up if case.ceil_mode else out.shape[2])


def test_maxima_and_means_are_written_beside_the_image():
    shown = words(pools.largest_and_mean(pools.EXAMPLE, 0, 1))
    assert "max(2, 0, 7, 1) = 7" in shown and "(2 + 0 + 7 + 1) / 4 = 2.5" in shown
    x = pools.EXAMPLE[None, None].float()
    for found in (F.max_pool2d(x, 2), F.avg_pool2d(x, 2)):
        assert {f"{value:g}" for value in found.flatten().tolist()} <= set(shown)


def test_zeros_outside_win_against_negative_pixels():
    shown = words(pools.border_values((-5, -2, -7)))
    first = shown.index("as in PyTorch")
    assert shown[first + 1 :][:8] == ["−∞", "−5", "−2", "−7", "−∞", "−2", "−2", "−2"]
    assert shown[-3:] == ["0", "−2", "0"]


def test_the_divisors_are_those_that_pytorch_divides_by():
    shown = words(pools.divisors())
    assert [shown[shown.index(f"count_include_pad={mode}") + 3] for mode in (True, False)] == ["3/2 = 1.5", "3/1 = 3"]
    assert shown[-3:] == ["12/1 = 12", "19/1 = 19", "3/1 = 3"]


def test_unpooling_puts_back_what_the_arrows_show():
    torch.manual_seed(0)
    image = torch.randperm(20).reshape(4, 5)
    svg = pools.there_and_back(image, (4, 5))
    assert svg.data.count('class="head"') == 8
    numbers = [int(word) for word in words(svg) if word.isdigit()]
    x = image[None, None].float()
    values, indices = F.max_pool2d(x, 2, return_indices=True)
    back = F.max_unpool2d(values, indices, 2, output_size=(4, 5))
    wanted = [*image.flatten().tolist(), *values.flatten().int().tolist(), *back.flatten().int().tolist()]
    assert sorted(numbers) == sorted(wanted)


@pytest.mark.parametrize(("n", "m"), [(7, 3), (10, 4), (2, 3)])
def test_bins_are_told_with_their_means(n, m):
    means = F.adaptive_avg_pool1d(torch.arange(float(n))[None, None], m)[0, 0]
    line = next(word for word in words(pools.bins([(n, m)])) if "means" in word)
    assert [float(value) for value in re.findall(r"[\d.]+", line.split("means")[1])] == means.tolist()


def test_letters_lie_within_the_image_and_come_back_with_their_seed():
    scenes, labels = letters.scenes(40, letters.SEEN, seed=3)
    again = letters.scenes.__wrapped__(40, letters.SEEN, seed=3)
    assert torch.equal(scenes, again[0]) and torch.equal(labels, again[1])
    assert scenes.shape == (40, 1, letters.SIZE + 2 * letters.MARGIN, letters.SIZE + 2 * letters.MARGIN)
    assert not set(letters.SEEN) & set(letters.NEW)
    for letter in letters.LETTERS:
        for face in (*letters.SEEN, *letters.NEW):
            assert max(letters.glyph(letter, face, 21, 10).shape) <= letters.SIZE


def test_a_view_moves_what_it_shows():
    scenes, _ = letters.scenes(2, letters.SEEN, seed=0)
    first, moved = letters.view(scenes), letters.view(scenes, down=2, right=3)
    assert moved.shape == (2, 1, letters.SIZE, letters.SIZE)
    assert torch.equal(moved[..., 2:, 3:], first[..., :-2, :-3])


def test_the_ways_have_equally_many_weights_and_equally_large_maps():
    x = torch.rand(2, 1, letters.SIZE, letters.SIZE)
    sizes, maps = set(), set()
    for way in letter_network.WAYS:
        net = letter_network.network(way)
        sizes.add(sum(p.numel() for p in net.parameters()))
        maps.add(net[: list(dict(net.named_children())).index("mean")](x).shape)
        assert net(x).shape == (2, len(letters.LETTERS))
    assert len(sizes) == 1
    assert {tuple(shape[:2]) for shape in maps} == {(2, letter_network.WIDTHS[-1])}
    assert {shape[2] for shape in maps} <= {3, 4}


def test_a_blur_keeps_the_mean_and_follows_shifts_better_than_sampling():
    torch.manual_seed(0)
    x = torch.rand(1, 3, 32, 32)
    blur = letter_network.Blur()
    flat = blur(torch.full((1, 3, 32, 32), 0.7))
    assert torch.allclose(flat[..., 1:-1, 1:-1], torch.tensor(0.7))
    change = lambda pool: (pool(x.roll(1, 3)) - pool(x))[..., 2:-2, 2:-2].std() / pool(x)[..., 2:-2, 2:-2].std()
    assert change(blur) < change(lambda x: x[..., ::2, ::2])


def test_a_drift_by_nothing_is_the_picture_itself():
    net = letter_network.network()
    scenes, _ = letters.scenes(5, letters.NEW, seed=0, anywhere=False)
    seen = letter_network.drift(net, scenes)
    assert seen.shape == (2 * letters.MARGIN + 1, 5, len(letters.LETTERS))
    assert torch.allclose(seen[letters.MARGIN], letter_network.probabilities(net, letters.view(scenes)))
    assert torch.allclose(seen.sum(2), torch.ones(seen.shape[:2]))


@pytest.mark.parametrize("way", letter_network.WAYS)
def test_the_browsers_networks_are_those_of_the_experiments_first_seed(way):
    """They read as many new letters right, and flip as often, as the record says."""
    found = records.Record("drifts.json").runs[0][way]
    net = letter_network.load(way)
    new, truth = letters.scenes(drifts.NEW_SCENES, letters.NEW, seed=1)
    drifting, _ = letters.scenes(drifts.NEW_SCENES, letters.NEW, seed=2, anywhere=False)
    right = (letter_network.probabilities(net, letters.view(new)).argmax(1) == truth).float().mean()
    answers = letter_network.drift(net, drifting).argmax(2)
    assert right.item() == pytest.approx(found["right"], abs=0.003)  # one letter of 500, which rounding may change
    assert (answers[1:] != answers[:-1]).float().mean().item() == pytest.approx(found["flips"], abs=0.003)


def test_what_is_saved_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr(letter_network, "FILE", tmp_path / "letters.json")
    nets = {way: letter_network.network(way) for way in letter_network.WAYS}
    letter_network.save(nets)
    written = letter_network.FILE.read_bytes()
    letter_network.save({way: letter_network.load(way) for way in nets})
    assert letter_network.FILE.read_bytes() == written
    x = torch.rand(2, 1, letters.SIZE, letters.SIZE)
    assert all(torch.equal(letter_network.load(way)(x), net(x)) for way, net in nets.items())


def test_the_scenes_of_a_figure_are_the_first_of_each_letter():
    scenes, labels = letters.scenes(200, letters.NEW, seed=3)
    chosen = network_pictures.first_of_each(scenes, labels)
    first = [labels.tolist().index(letter) for letter in range(len(letters.LETTERS))]
    assert torch.allclose(chosen, scenes[first], atol=0.5 / 255 + 1e-6)
    assert torch.equal((255 * chosen).round() / 255, chosen)
