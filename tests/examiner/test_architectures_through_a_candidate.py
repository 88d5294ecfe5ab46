"""Networks of assignment 03 are judged through a candidate as they are beside it, and within its limits."""

import pytest
from drawing import some_of
from test_values_through_a_candidate import examined  # noqa: F401 - a fixture

from autograder.exam import architectures
from autograder.exam_tables.implementations import implementation

PARTS = {part.graded_name: part for part in architectures.EXAMS}
WHOLE = {
    "AlexNet": "alexnet_sequential",
    "VGG": "vgg_by_numbers",
    "Inception": "inception_branches",
    "BasicBlock": "blocks_of_one_base",
    "Bottleneck": "blocks_by_hand",
    "ResNet": "resnet_in_a_loop",
    "SqueezeExcitation": "excitation_by_convolutions",
    "receptive_field": "field_by_numpy",
}


@pytest.mark.parametrize("name", WHOLE)
def test_right_work_gets_all_points(examined, name):  # noqa: F811
    outcomes = examined(PARTS[name], implementation("architectures", f"right/{WHOLE[name]}").source())
    assert [(one.id, one.finding) for one in outcomes if not one.earned] == []


MISTAKES = [
    ("alexnet_library", "AlexNet", {"banned-call"}),
    ("alexnet_layers_of_a_ready_one", "AlexNet", {"banned-call", None}),
    ("basic_library", "BasicBlock", {"banned-call", None}),
    ("resnet_shortcut_without_norm", "ResNet", {"resnet-shortcut-norm"}),
    ("vgg_rate", "VGG", {"dropout-rate"}),
    ("basic_norms_frozen", "BasicBlock", {"block-norm-other"}),
    ("inception_three_by_three", "Inception", {"inception-3x3"}),
]


@pytest.mark.parametrize(("id", "name", "lost"), some_of(MISTAKES, 3))
def test_mistakes_have_the_same_names(examined, id, name, lost):  # noqa: F811
    outcomes = examined(PARTS[name], implementation("architectures", f"wrong/{id}").source())
    assert {one.finding.mistake for one in outcomes if one.finding} == lost
