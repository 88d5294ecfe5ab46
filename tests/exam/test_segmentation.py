"""What holds for the exam of assignment 06 beyond the table: it learns, 40 points, enough networks."""

from importlib import import_module

import pytest

from autograder import exam_table as table
from autograder.exam import segmentation
from autograder.exam.core import exams_of

IMPLEMENTATIONS = {one.path.stem: one for one in table.implementations("segmentation")}
NOT_LEARNING = ["fit_no_step", "fit_tiny_steps", "fit_huge_steps", "fit_uphill", "fit_copy"]


def learns(name: str) -> bool:
    outcomes = table.examine(IMPLEMENTATIONS[name], import_module("autograder.exam.segmentation"), slow=True)["fit"]
    return next(o for o in outcomes if o.id == "learns").finding is None


def test_a_right_network_learns():
    assert learns("plain")


@pytest.mark.parametrize("name", NOT_LEARNING)
def test_a_wrong_training_does_not(name):
    assert not learns(name)


def test_points():
    exams = exams_of(segmentation)
    assert sum(exam.points for exam in exams if not exam.bonus) == 40
    assert max(exam.points for exam in exams) == 8
    assert all(criterion.points % 0.5 == 0 for exam in exams for criterion in exam.criteria)


def test_configurations_of_the_transposed_convolution():
    from autograder.exam.segmentation import transposed as t

    parts = [t.PLAIN, t.STRIDE, t.PADDING, t.DILATION, t.OUTPUT_PADDING, t.GROUPS, t.TOGETHER]
    assert sum(map(len, parts)) >= 200


def test_there_are_enough_networks():
    wrong = [one for one in IMPLEMENTATIONS.values() if one.wrong]
    assert len(wrong) >= 90
    assert len([one for one in wrong if "UNet" in one.names]) >= 40
    assert len(IMPLEMENTATIONS) - len(wrong) >= 25


def test_the_papers_network():
    from autograder.exam.segmentation.closed_form import unet_parameters, valid_size, vgg_parameters

    assert valid_size(572) == 388
    assert unet_parameters(1, 2, 64, 4) == 31_030_658
    assert [vgg_parameters(1, blocks) for blocks in (3, 4)] == [2_067_649, 8_557_505]
