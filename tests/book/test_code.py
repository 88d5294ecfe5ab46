"""Chapter 1's helpers say what PyTorch says: sizes, costs, matrices and shifts that pictures and prose rest on."""

import math
import re

import pytest
import torch
import torch.nn.functional as F
from _code import diagrams, kernels, matrices, measure, pictures
from _code.drawing import number
from hypothesis import given, settings
from hypothesis import strategies as st

scans = st.builds(
    diagrams.Scan,
    n=st.integers(1, 14),
    kernel_size=st.integers(1, 5),
    stride=st.integers(1, 4),
    padding=st.integers(0, 3),
    dilation=st.integers(1, 3),
)


@settings(max_examples=150, deadline=None)
@given(scans)
def test_a_scan_reads_what_a_convolution_reads(scan):
    if scan.n + 2 * scan.padding < scan.reach:
        assert not len(scan.starts)
        return
    padded = torch.zeros(1, 1, scan.n + 2 * scan.padding, requires_grad=True)
    taps = torch.ones(1, 1, scan.kernel_size)
    out = F.conv1d(padded, taps, stride=scan.stride, dilation=scan.dilation)
    assert out.shape[2] == len(scan.starts)
    out.sum().backward()
    assert scan.lost == set((padded.grad.flatten() == 0).nonzero().flatten().tolist())


def words(svg) -> list[str]:
    """The words of a drawing as one reads them: row by row, from left to right."""
    texts = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>', svg.data)
    return [word.strip() for _, _, word in sorted(texts, key=lambda text: (float(text[1]), float(text[0])))]


def test_the_sum_below_the_first_figure_is_the_marked_number():
    torch.manual_seed(0)
    image, kernel = torch.randint(0, 4, (5, 6)), torch.randint(-3, 4, (3, 3))
    line = words(diagrams.one_sum(image, kernel, 2, 1))[-1]
    terms, total = line.replace("−", "-").split(" = ")
    pairs = re.findall(r"(-?\d+)·\(?(-?\d+)\)?", terms)
    assert len(pairs) == int((kernel != 0).sum())
    assert int(total) == sum(int(a) * int(b) for a, b in pairs) == int((image[2:5, 1:4] * kernel).sum())


def test_the_matrix_in_the_picture_is_the_convolutions():
    letters = [w for w in words(matrices.banded()) if len(w) == 1 and w in matrices.TAPS]
    assert len(letters) == 36 and sorted(set(letters)) == list(matrices.TAPS)
    assert letters[:9] == list(matrices.TAPS), "the first output reads the taps in their order"


def test_the_marked_pixel_is_read_through_the_turned_kernel():
    letters = [w for w in words(matrices.who_uses()) if w in list(matrices.TAPS)]
    kernel, turned = ("abc", "def", "ghi"), ("ihg", "fed", "cba")  # side by side
    assert "".join(letters) == "".join(left + right for left, right in zip(kernel, turned))


def test_padding_modes_are_asked_of_pytorch():
    shown = words(diagrams.padding_modes((1, 2, 3), padding=1))
    assert shown == [*"01230", "zeros", *"21232", "reflect", *"11233", "replicate", *"31231", "circular"]


@pytest.mark.parametrize("name", kernels.names())
def test_kernels_of_the_lectures_table(name):
    """Sums and symmetries that the text reads off them."""
    table = kernels.kernel(name)
    assert table.shape == (3, 3) and table.dtype == torch.float32
    keeps = name in ("identity", "sharpen", "box_blur", "gaussian_blur")
    assert table.sum().item() == pytest.approx(1.0 if keeps else 0.0, abs=1e-6)
    shown = kernels.to_show(kernels.respond(torch.rand(9, 7), name), name)
    assert shown.shape == (9, 7) and shown.min() >= 0 and shown.max() <= 1
    even = kernels.respond(torch.full((6, 6), 0.25), name)
    assert torch.allclose(even, torch.tensor(0.25 if keeps else 0.0), atol=1e-6)


def test_sharpen_is_the_picture_less_its_laplacian():
    assert torch.equal(kernels.kernel("sharpen"), kernels.kernel("identity") - kernels.kernel("edge2"))


def test_multiplications_are_those_of_the_sum():
    conv = torch.nn.Conv2d(6, 4, (3, 5), groups=2, padding="same")
    height, width = 7, 8
    by_hand = height * width * 4 * (6 // 2) * 3 * 5
    assert measure.multiplications(conv, height, width) == by_hand


def test_costs_of_the_fourier_way():
    assert measure.direct_cost(10, 3) == 900
    points = 12**2
    assert measure.fourier_cost(10, 3) == pytest.approx(3 * points * math.log2(points) + 2 * points)
    assert measure.fourier_cost(10, 3, transforms=0) == 2 * points


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_the_difference_after_a_shift_lies_in_the_frame(mode):
    torch.manual_seed(0)
    error = measure.shift_error(measure.stack(3, mode), torch.rand(40, 40), crop=32, shift=5)
    assert error.shape == (27, 27)
    profile = measure.by_distance(error)
    assert profile[0] > 0.01 and profile[3:].max() == 0
    assert profile.max() == error.max() and len(profile) == 14


def test_networks_of_all_modes_have_the_same_weights():
    one, other = (list(measure.stack(3, mode).parameters()) for mode in ("zeros", "circular"))
    assert all(torch.equal(a, b) for a, b in zip(one, other))


def test_pictures_hold_their_photographs():
    photo = torch.rand(12, 18)
    assert pictures.gallery([photo, photo], "sobel_x").data.count("<image") == 4
    assert pictures.equation([photo.expand(3, -1, -1)] * 3, "box_blur").data.count("<image") == 6
    assert pictures.examples([photo] * 3, kernels.kernel("edge1"), "sobel_x").data.count("<image") == 9
    assert pictures.kernel_cards(photo).data.count("<image") == 10
    assert pictures.shift_maps(photo[:12, :12], 8, {"zeros": torch.rand(4, 4)}).data.count("<image") == 2


def test_numbers_are_written_as_people_write_them():
    assert [number(v) for v in (1.0, -2.5, 0.0)] == ["1", "−2.5", "0"]
