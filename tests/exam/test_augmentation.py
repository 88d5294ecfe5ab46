"""What holds for the exam of assignment 04 beyond its verdicts: references are torchvision's, and chance is fair."""

import math
from itertools import product

import pytest
import torch
from torchvision.transforms.v2 import functional as change

from autograder.exam.augmentation import blur, contrast, noise, pipelines, rotation, shifts, turning
from autograder.exam.augmentation.questions import IMAGES, TRANSFORMS
from autograder.exam.draw import Draw
from autograder.exam.statistics import is_normal
from autograder.exam.subject import LocalSubject
from autograder.exam_tables.implementations import implementation


def image(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("angle", [0, 15, 90, -40, 180, 222.5, 400])
@pytest.mark.parametrize("shape", [(1, 9, 9), (3, 8, 8), (1, 7, 13)])
def test_rotation_is_torchvisions(shape, angle):
    """But for the nearest of two equally near pixels, which rounding decides."""
    x = image(*shape)
    theirs, ours = change.rotate(x, angle), turning.rotated(x, angle)
    rows, columns = turning.sources(shape, angle)
    sure = ((rows % 1 - 0.5).abs() > 0.01) & ((columns % 1 - 0.5).abs() > 0.01)
    assert torch.equal(ours[:, sure], theirs[:, sure])


def test_smooth_images_do_not_tell_nearest_from_bilinear():
    draw = Draw(3)
    for shapes, angles, share in (
        (rotation.LARGE + rotation.WIDE, rotation.ANGLES, 0.3),
        (rotation.NARROW, rotation.STEEP, 0.1),
    ):
        for shape, angle in product(shapes, angles):
            x = rotation.smooth(draw, *shape)
            rows, columns = turning.sources(shape, angle)
            counted = rotation.inner(shape, angle)
            off = (turning.nearest(x, rows, columns) - turning.bilinear(x, rows, columns))[:, counted].abs().max()
            assert counted.float().mean() > share and off < rotation.CLOSE / 1.3


@pytest.mark.parametrize(("dx", "dy"), [(2, 1), (-3, 4), (0, 0), (9, 0), (-20, 20)])
def test_shift_is_torchvisions(dx, dy):
    x = image(3, 6, 9)
    assert torch.equal(shifts.moved(x, dx, dy), change.affine(x, 0, [dx, dy], 1.0, [0.0, 0.0]))


@pytest.mark.parametrize("factor", [0, 0.4, 1, 2.5])
@pytest.mark.parametrize("channels", [1, 3])
def test_contrast_is_torchvisions(channels, factor):
    x = image(channels, 6, 7)
    torch.testing.assert_close(contrast.contrasted(x, factor), change.adjust_contrast(x, factor))


@pytest.mark.parametrize(("size", "sigma"), [(1, 1.0), (3, 0.3), (5, 2.0), (9, 1.3), (11, 30.0)])
def test_blur_is_torchvisions(size, sigma):
    x = image(3, 8, 7)
    torch.testing.assert_close(blur.blurred(x, size, sigma), change.gaussian_blur(x, [size, size], [sigma, sigma]))


def test_a_frame_shows_no_border():
    """Whatever follows behind the edge, a framed image is blurred alike."""
    draw = Draw(1)
    for size in (3, 5, 7, 9):
        x = blur.framed(draw, (3, 5, 6), size)
        results = [
            blur.separably(x, blur.gaussian(size, 1.0), mode)
            for mode in ("reflect", "zeros", "replicate", "circular", "symmetric")
        ]
        assert all(torch.allclose(results[0], one) for one in results)


def test_normal_numbers_are_told_from_others():
    generator = torch.Generator().manual_seed(0)
    normal = torch.randn(30_000, dtype=torch.float64, generator=generator)
    uniform = (torch.rand(30_000, dtype=torch.float64, generator=generator) - 0.5) * math.sqrt(12)
    assert is_normal(normal) and not is_normal(uniform) and not is_normal(1.2 * normal)


def test_right_work_does_not_fail_by_chance():
    """Noise and decisions of the same right work, with many seeds."""
    right = implementation("augmentation", "right/as_in_the_notebook").load()
    for seed in range(5):
        torch.manual_seed(seed)
        for check, subject in (
            *((check, right.gaussian_noise) for check in (noise.strength, noise.each_pixel, noise.clamped)),
            *((check, right.RandomApply) for check in (pipelines.rate, pipelines.anew, pipelines.repeatable)),
        ):
            check(LocalSubject(subject), Draw(seed))


def test_the_answers_to_the_questions():
    assert implementation("augmentation", "right/as_in_the_notebook").load().answer_2 == IMAGES * 0.5**TRANSFORMS
    labels = torch.tensor([[[0.0, 2.0]]])
    between = torch.nn.functional.interpolate(labels[None], size=(1, 3), mode="bilinear", align_corners=True)
    assert between.round().flatten().tolist() == [0, 1, 2]
