"""Features: what is special about a call, found in its arguments."""

import pytest
import torch

from autograder.exam.cases import Case
from autograder.exam.convolution.backward import BACK
from autograder.exam.convolution.kernels import APPLY
from autograder.exam.convolution.sums import CONV
from autograder.exam.feature_words import CALLS, PROPERTIES, is_known
from autograder.exam.segmentation.dice import DICE
from autograder.exam.segmentation.measures import MEASURE, WEIGHTS
from autograder.exam.segmentation.transposed import STAMPS
from autograder.exam.segmentation.upsampling import MIXED

LABELS = torch.tensor([[[0, 1], [2, 0]]])


def ones(*shape, dtype=torch.float32):
    return torch.ones(shape, dtype=dtype)


@pytest.mark.parametrize(
    ("part", "args", "options", "found", "absent"),
    [
        (CONV, (ones(2, 4, 5, 5), ones(4, 2, 3, 3)), {"groups": 2}, "groups batch channels outputs", "kernel+larger"),
        (CONV, (ones(1, 2, 5, 5), ones(2, 1, 3, 3)), {"groups": 2}, "groups", "batch channels outputs"),
        (CONV, (ones(1, 2, 3, 5), ones(1, 2, 4, 4)), {"padding": 1}, "channels kernel+larger", "outputs"),
        (STAMPS, (ones(1, 2, 5, 5), ones(2, 1, 3, 3)), {}, "channels", "outputs"),
        (STAMPS, (ones(1, 2, 5, 5), ones(2, 1, 3, 3)), {"groups": 2}, "groups", "channels outputs"),
        (STAMPS, (ones(1, 1, 5, 5), ones(1, 2, 3, 3)), {}, "outputs", "channels"),
        (APPLY, (ones(4, 4), ones(3, 3)), {}, "plane", "channels batch kernel+larger"),
        (APPLY, (ones(3, 4, 4), ones(3, 7)), {}, "channels kernel+larger kernel+not+square", "plane batch"),
        # The image of a step back is what went in, not what comes back to the output.
        (
            BACK, (ones(1, 1, 1, 2), ones(1, 1, 3, 4), ones(1, 1, 3, 3)), {"result": "grad_x"},
            "grad_x image+not+square", "kernel+larger one-pixel+side grad_bias",
        ),
        (MIXED, (ones(1, 1, 4, 4), 5), {}, "", "smaller one-pixel+side"),
        (MIXED, (ones(1, 1, 4, 4), (5, 3)), {}, "smaller pair unequal+pair", "one-pixel+side"),
        (MIXED, (ones(1, 1, 4, 4), 1), {"align_corners": True}, "smaller one-pixel+side align_corners", "pair"),
        (MIXED, (ones(1, 1, 1, 4), 7), {}, "one-pixel+side", "smaller"),
        (MEASURE, (LABELS, LABELS, 3), {}, "", "absent ignored batch channels plane"),
        (MEASURE, (LABELS, LABELS, 4), {}, "absent", "ignored"),
        (MEASURE, (LABELS, 0 * LABELS, 3), {}, "absent", "ignored"),
        (MEASURE, (LABELS, LABELS.masked_fill(LABELS == 2, 255), 2), {}, "ignored", "absent ignore_index"),
        (MEASURE, (LABELS, LABELS.masked_fill(LABELS == 1, 7), 3, 7), {}, "ignored absent ignore_index", "batch"),
        (DICE, (ones(2, 4, 4), ones(2, 4, 4)), {}, "plane batch", "channels"),
        (DICE, (ones(1, 1, 4, 4), 0 * ones(1, 1, 4, 4)), {"eps": 1.0}, "empty+masks eps", "plane batch"),
        (WEIGHTS, (ones(3, 4, 4, dtype=torch.int64),), {"width": 2}, "width", "channels plane"),
    ],
)  # fmt: skip
def test_what_is_special_about_a_call(part, args, options, found, absent):
    features = part.features(part.reference, Case(args, options))
    assert {id.replace("+", " ") for id in found.split()} <= features
    assert features.isdisjoint(id.replace("+", " ") for id in absent.split())


@pytest.mark.parametrize(
    ("id", "known"),
    [
        *((id, True) for id in (*CALLS, *PROPERTIES)),
        *((id, True) for id in ("width", "width pair", "width mirror")),
        *((id, False) for id in ("height", "height pair", "pair width", "wid", "")),
    ],
)
def test_ids_are_features_properties_and_arguments(id, known):
    assert is_known(id, {"width"}) is known
