"""Assignment 04 asked across the wall: callables and folders are made where the student's code runs."""

import pytest
from test_values_through_a_candidate import examined  # noqa: F401 - a fixture

from autograder.exam import augmentation
from autograder.exam_tables.implementations import implementation

PARTS = {part.graded_name: part for part in augmentation.EXAMS}


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("cutout", "with_loops"),
        ("gaussian_noise", "with_numpy"),
        ("Compose", "with_grid_sample"),
        ("RandomApply", "with_grid_sample"),
        ("SegmentationTransform", "with_grid_sample"),
        ("SegmentationDataset", "with_numpy"),
    ],
)
def test_right_work_gets_all_points(examined, name, stem):  # noqa: F811
    outcomes = examined(PARTS[name], implementation("augmentation", f"right/{stem}").source())
    assert [(one.id, one.finding) for one in outcomes if not one.earned] == []


@pytest.mark.parametrize(
    ("id", "name", "lost"),
    [
        ("cutout_shares", "cutout", {"cutout-shares"}),
        ("noise_from_a_copy", "gaussian_noise", {"noise-generator-stands"}),
        ("noise_moves_the_global_one", "gaussian_noise", {"noise-global"}),
        ("random_by_python", "RandomApply", {"random-other-generator"}),
        ("pair_moved_apart", "SegmentationTransform", {"pair-moved-apart"}),
        ("pair_mask_without_channel", "SegmentationTransform", {"pair-mask-without-channel"}),
        ("files_luminance", "SegmentationDataset", {"files-palette"}),
        ("files_first_only", "SegmentationDataset", {"files-partners-unnamed"}),
    ],
)
def test_mistakes_have_the_same_names(examined, id, name, lost):  # noqa: F811
    outcomes = examined(PARTS[name], implementation("augmentation", f"wrong/{id}").source())
    assert {one.finding.mistake for one in outcomes if one.finding} == lost
