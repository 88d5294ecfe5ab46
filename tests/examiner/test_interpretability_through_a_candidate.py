"""Assignment 05 asked across the wall: models are built where the student's code runs, and looked at afterwards."""

from itertools import product

import pytest
from drawing import some_of
from test_values_through_a_candidate import examined  # noqa: F401 - a fixture

from autograder.exam import interpretability
from autograder.exam_tables.implementations import implementation

PARTS = {part.graded_name: part for part in interpretability.EXAMS}
NAMES = "occlusion_map", "activations", "saliency"
STEMS = "as_in_the_notebook", "in_batches", "with_numpy", "functional", "with_care"


@pytest.mark.parametrize(("name", "stem"), some_of(product(NAMES, STEMS), 6))
def test_right_work_gets_all_points(examined, name, stem):  # noqa: F811
    outcomes = examined(PARTS[name], implementation("interpretability", f"right/{stem}").source())
    assert [(one.id, one.finding) for one in outcomes if not one.earned] == []


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        *((stem, "top_patches") for stem in ("patches_by_hook", "patches_by_probing", "patches_with_numpy")),
        *((stem, "grad_cam") for stem in ("cam_by_hooks", "cam_by_a_change", "cam_by_backward")),
        *((stem, "integrated_gradients") for stem in ("integrated_in_one_batch", "integrated_by_torch_func")),
    ],
)
def test_right_parts_get_all_points(examined, stem, name):  # noqa: F811
    outcomes = examined(PARTS[name], implementation("interpretability", f"right/{stem}").source())
    assert [(one.id, one.finding) for one in outcomes if not one.earned] == []


MISTAKES = [
    ("patches_without_padding", "top_patches", {"padding": "patches-padding"}),
    ("patches_in_its_mode", "top_patches", {"eval": "eval-missing"}),
    ("patches_hook_left", "top_patches", {"left": "hook-left"}),
    ("cam_probability", "grad_cam", {"logit": "cam-probability"}),
    ("cam_in_place", "grad_cam", {"layer": "cam-in-place"}),
    ("cam_gradients_left", "grad_cam", {"left": "gradients-left"}),
    ("integrated_left", "integrated_gradients", {"curved": "integrated-points"}),
    ("occlusion_train_mode", "occlusion_map", {"eval": "eval-missing"}),
    ("occlusion_on_the_image", "occlusion_map", {"values": "occlusion-patches-stay", "kept": "input-changed"}),
    ("occlusion_flags_on", "occlusion_map", {"left": "flags-left"}),
    ("activations_seen_in_place", "activations", {"in_place": "activations-in-place"}),
    ("activations_attached", "activations", {"detached": "activations-attached"}),
    ("activations_hook_left", "activations", {"left": "hook-left"}),
    ("activations_forward_left", "activations", {"left": "hook-left"}),
    ("activations_hooks_cleared", "activations", {"left": "hooks-removed"}),
    ("activations_hook_left_after_error", "activations", {"error": "hook-left-after-error"}),
    ("saliency_backward", "saliency", {"left": "gradients-left"}),
    ("saliency_on_the_image", "saliency", {"left": "image-left"}),
    ("saliency_mode_not_put_back", "saliency", {"left": "mode-left"}),
]


@pytest.mark.parametrize(("id", "name", "lost"), some_of(MISTAKES, 8))
def test_mistakes_have_the_same_names(examined, id, name, lost):  # noqa: F811
    outcomes = examined(PARTS[name], implementation("interpretability", f"wrong/{id}").source())
    assert {one.id: one.finding.mistake for one in outcomes if one.finding} == lost


# A footprint goes through a model's modules: now it finds none, before and afterwards.
LYING = """
from torch import nn
nn.Module.named_modules = lambda *args, **kwargs: iter(())
"""


@pytest.mark.parametrize(
    ("id", "name"), [("saliency_mode_not_put_back", "saliency"), ("activations_mode_not_put_back", "activations")]
)
def test_who_lies_about_the_model_is_given_away_by_its_outputs(examined, id, name):  # noqa: F811
    """What the candidate says of itself is not all that is asked: the model's own answers show its mode."""
    lie = LYING + implementation("interpretability", f"wrong/{id}").source().split('"""', 2)[2]
    outcomes = {one.id: one for one in examined(PARTS[name], lie)}
    assert not outcomes["left"].earned and outcomes["values"].earned
