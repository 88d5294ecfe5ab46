"""A mistake is named where it and nothing simpler explains what was seen, and what is right keeps its points."""

import numpy as np
import pytest
import torch

from autograder.exam import calls, convolution, segmentation, words
from autograder.exam.compare import kind
from autograder.exam_tables.examining import Quiet, Task, examine, setting
from autograder.exam_tables.implementations import implementation
from autograder.objects import operations


def told(exam, id):
    """The mistakes that are named, by criterion, of one wrong implementation, and what it keeps of its points."""
    outcomes = examine(Task(exam, implementation(exam, f"wrong/{id}")))
    lost = {outcome.id: outcome.finding.mistake for outcome in outcomes if outcome.finding}
    return lost, sum(outcome.earned for outcome in outcomes) / sum(outcome.points for outcome in outcomes)


def earned(part, program):
    with setting(Quiet({})):
        return sum(outcome.earned for outcome in part.examine(program))


@pytest.mark.parametrize(
    ("exam", "id", "mistake"),
    [
        ("convolution", "conv_bias_none", "bias-none"),
        ("convolution", "naive_bias_none", "bias-none"),
        ("segmentation", "transposed_padding_cut_by_a_slice", "padding-slice-empty"),
    ],
)
def test_a_mistake_that_leaves_nothing_of_the_plainest_calls_is_judged_by_the_others(exam, id, mistake):
    lost, kept = told(exam, id)
    assert set(lost.values()) == {mistake} and 0.5 < kept < 1


def nothing(x, weight, *args, **kwargs):
    return x.new_zeros(len(x), len(weight), 0, 0)


def nothing_but_refusals(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    steps = [max(v) if isinstance(v, tuple) else v for v in (output_padding, stride, dilation)]
    if steps[0] >= max(steps[1:]) or x.shape[1] != len(weight):
        raise ValueError("it cannot be")
    return x.new_zeros(len(x), weight.shape[1] * groups, 0, 0)


def only_with_a_bias(x, weight, bias=None, **kwargs):
    return x.mean() + bias.mean() + weight.mean()


@pytest.mark.parametrize("program", [nothing, nothing_but_refusals, only_with_a_bias])
def test_who_answers_nothing_earns_nothing(program):
    assert earned(segmentation.conv_transpose2d, program) == earned(convolution.conv2d, program) == 0


def test_a_leaf_that_is_filled_is_no_argument_that_is_changed():
    assert told("convolution", "conv_result_is_a_leaf")[0] == {"gradients": "leaf-filled"}
    assert told("segmentation", "transposed_result_is_a_leaf")[0] == {"gradients": "leaf-filled"}
    assert "input-changed" in told("convolution", "conv_bias_unsqueezed_in_place")[0].values()


def test_two_mistakes_are_named_as_two_and_a_refusal_is_compared_with_nothing():
    assert told("segmentation", "dice_smooth_1_fixed_mean")[0] == {
        "values": "dice-smoothed",
        "reduction": "dice-reduction",
    }
    assert set(told("segmentation", "dice_smooth_1_over_batch")[0].values()) == {"dice-smoothed", "dice-over-batch"}


def test_errors_name_a_mistake_where_all_of_them_and_no_others_are_its_own():
    assert set(told("convolution", "conv_square_einsum")[0].values()) == {"square-kernel"}
    assert set(told("convolution", "backward_square_einsum")[0].values()) == {"square-kernel"}
    assert set(told("convolution", "backward_ints_only")[0].values()) == {"tuples-refused"}
    assert set(told("convolution", "conv_pairs_only")[0].values()) == {None}
    assert set(told("convolution", "layer_valid_is_unknown")[0].values()) == {None}


def test_a_layer_that_is_wrong_in_both_modes_is_not_told_that_they_differ():
    right = implementation("convolution", "right/layer_on_windows").load().Conv2d

    class Conv2d(right):
        def forward(self, x):
            return super().forward(x.flip(1))

    with setting(Quiet({})):
        found = {outcome.id: outcome.finding for outcome in convolution.Conv2d.examine(Conv2d)}
    assert found["steady"] is not None and found["steady"].mistake is None
    assert "channel" in found["values"].sentence


def test_what_came_back_is_called_by_its_name():
    assert operations.describe(np.ones(2)) == "array" and kind(np.ones(2)) == "a NumPy array"
    assert operations.describe(np.array(2.0)) == "value" and kind(object()) == "an object of another type"
    assert [kind(one) for one in (None, 2, torch.nn.ReLU(), torch.ones(2))] == [
        "nothing (None)", "an int", "a module", "a tensor of float32",
    ]  # fmt: skip


def test_a_ban_says_what_was_called():
    said = words.banned("conv2d", "torch.conv2d: Write it yourself.")
    assert said == "`conv2d` uses `torch.conv2d`, which is forbidden here. Write it yourself."
    assert words.banned("f", "<b>: no") == "`f` makes a call that is forbidden here."


def test_two_mistakes_are_looked_for_without_asking_all_of_each_pair(monkeypatch):
    """A grader of 05 took half a minute for one function: each pair was asked all calls, and each asks a network."""
    asked = []
    result_of = calls.result_of
    monkeypatch.setattr(
        calls, "result_of", lambda function, case: asked.append((function, case)) or result_of(function, case)
    )
    assert set(told("interpretability", "occlusion_first_class")[0].values()) == {"target-ignored"}
    functions, cases = ({id(one) for one in some} for some in zip(*asked))
    assert len(functions) > 300 and len(asked) < 0.2 * len(functions) * len(cases)  # it was a third
