"""Feedback on networks and trainings where no known mistake fits: a true property, and no false one."""

import pytest
import torch
import torch.nn.functional as F
from drawing import some_of
from torch import nn

from autograder.exam import network_errors
from autograder.exam.core import Stopped, Unnamed, Wrong
from autograder.exam.draw import Draw
from autograder.exam.encoder_decoders import layer_counts
from autograder.exam.encoder_decoders import mistaken_pieces as pieces
from autograder.exam.encoder_decoders.closed_form import Plan, UniformUNet
from autograder.exam.encoder_decoders.explaining import Question, composed, count_of
from autograder.exam.encoder_decoders.inquiring import bounded
from autograder.exam.encoder_decoders.wrong_pieces import wrong_piece
from autograder.exam.notes import Notes
from autograder.exam.segmentation import unet, vgg
from autograder.exam.subject import Banned, LocalSubject, Raised
from autograder.exam_tables.examining import Quiet, Task, examine, setting
from autograder.exam_tables.implementations import implementation

# What the numbers of parameters tell of each mistake that changes them.
PARTS = {
    "unet-biases": {"bias"},
    "unet-normalised": {"normalisation"},
    "unet-skip-missing": {"skip"},
    "unet-skip-added": {"skip"},
    "unet-shared": {"convolutions"},
    "unet-one-convolution": {"convolutions"},
    "unet-three-convolutions": {"convolutions"},
    "unet-upsampled": {"upsampling"},
    "unet-channels-kept": {"upsampling"},
    None: {"last layer"},
    "vgg-biases": {"bias"},
    "vgg-normalised": {"normalisation"},
    "vgg-skip-missing": {"skip"},
    "vgg-transposed": {"upsampling"},
    "vgg-decoder-convolutions": {"convolutions", "upsampling"},
}
ARGUMENTS = {
    "unet-depth": "depth",
    "unet-base-channels": "base_channels",
    "unet-in-channels": "in_channels",
    "unet-classes": "num_classes",
    "vgg-blocks": "num_blocks",
    "vgg-classes": "num_classes",
}


def counts_of(inquiry, kind):
    """Its numbers of parameters for the plans that can be made."""
    found = {plan: count_of(kind, plan) for plan in inquiry.counted}
    return {plan: count for plan, count in found.items() if count is not None}


def variants():
    """Every mistake that changes a number of parameters, with those numbers. (VGG has no fifth block as here.)"""
    for inquiry, deepest in ((unet.INQUIRY, 9), (vgg.INQUIRY, 3)):
        for mistake in inquiry.mistakes:
            kind = composed(inquiry.bases[0], (mistake,))
            counts = counts_of(inquiry, kind)
            possible = all(kind.made_of(plan).depth <= deepest for plan in inquiry.counted)
            if possible and any(inquiry.right(plan) != count for plan, count in counts.items()):
                yield inquiry, mistake.id, counts


def test_numbers_of_parameters_tell_the_part_or_the_argument():
    seen = set()
    for inquiry, id, counts in variants():
        argument = layer_counts.other_argument(counts, inquiry.right, inquiry.arguments)
        assert argument == ARGUMENTS.get(id), id
        if argument is None:
            told = layer_counts.described(layer_counts.surplus(counts, inquiry.right))
            assert told.tells and set(told.tells) <= PARTS[id], (id, told)
        seen.add(id)
    assert seen == PARTS.keys() | ARGUMENTS.keys()


def test_right_numbers_and_numbers_by_chance_tell_no_part():
    counts = {plan: plan.right for plan in unet.INQUIRY.counted}
    assert layer_counts.surplus(counts, unet.INQUIRY.right) == {}
    odd = {plan: count + 7 * i * i + i for i, (plan, count) in enumerate(counts.items())}
    assert layer_counts.described(layer_counts.surplus(odd, unet.INQUIRY.right)).tells == ()


def questions(kind, padding="same"):
    """What is asked at the start, as this network answers."""
    asked = []
    for plan, height, width in unet.INQUIRY.setups[padding]:
        x = 3 * torch.rand(1, plan.in_channels, height, width, generator=torch.Generator().manual_seed(height))
        question = Question(plan, padding, lambda entries: 1 / (3 * entries**0.5), None, x)
        question.got = question.answer(kind)
        asked.append(question)
    return asked


def at_the_second_level(self, level, levels):
    """The second level's skip is its first convolution's map."""
    return levels[level].first if level == 1 else levels[level].second


@pytest.mark.parametrize(
    ("methods", "piece", "level"),
    [
        ({"pool": lambda self, x: F.avg_pool2d(x, 2)}, "pooling", "first level"),
        ({"skip": lambda self, level, levels: 0.5 * levels[level].first}, "skip", "first level"),
        ({"skip": at_the_second_level}, "skip", "second level"),
        ({"join": lambda self, skip, x, width: (2 * width * x, 2 * width)}, "skip", "first level"),
        (pieces.enlarged_and_convolved(pieces.doubled, 2), "upsampling", "first level"),
    ],
)
def test_answers_tell_the_piece_that_is_wrong(methods, piece, level):
    found = wrong_piece(questions(type("Wrong", (UniformUNet,), methods)), [UniformUNet])
    assert found is not None and (found[0].tells, found[1]) == (piece, level)


@pytest.mark.parametrize(
    "methods",
    [
        {},
        {"bottleneck": lambda self, levels: levels[-1].second + levels[-1].second.mean((2, 3), keepdim=True)},
        {"activation": lambda self, x: F.gelu(x)},
        {"with_border": lambda self, x: F.pad(x, (1, 1, 1, 1), mode="reflect")},
    ],
)
def test_what_no_single_piece_explains_is_not_put_on_one(methods):
    assert wrong_piece(questions(type("Wrong", (UniformUNet,), methods)), [UniformUNet]) is None


TYPES = "Input type (float) and bias type (double) should be the same"


@pytest.mark.parametrize(
    ("message", "float64", "tells"),
    [
        ("Sizes of tensors must match except in dimension 1. Expected size 6 but got size 4", False, {"sizes"}),
        ("Given groups=1, weight of size [2, 3, 3, 3], expected input[1, 1, 8, 8] to have 3 channels", False,
         {"convolutions"}),
        ("Input size: (2 x 4). Kernel size can't be greater than actual input size", False, {"sizes"}),
        ("a leaf Variable that requires grad is being used in an in-place operation.", False, {"changed"}),
        (TYPES, True, {"type"}),
        (TYPES, False, {"shared"}),
        ("list index out of range", False, set()),
    ],
)  # fmt: skip
def test_an_error_is_told_in_our_words_and_its_own(message, float64, tells):
    found = network_errors.told("UNet", Raised("RuntimeError", message), when="on a Tuesday", float64=float64)
    assert isinstance(found, Stopped) and set(found.tells) == tells
    assert "`UNet` raised RuntimeError on a Tuesday" in found.sentence and message.rstrip(".") in found.sentence
    assert found.sentence.endswith(".") and ".." not in found.sentence


@pytest.mark.parametrize("error", [Banned("RuntimeError", "no"), Raised("NotImplementedError", "")])
def test_a_banned_call_and_what_is_not_written_stay_what_they_are(error):
    with pytest.raises(Raised) as raised, network_errors.telling("UNet"):
        raise error
    assert raised.value is error


@pytest.mark.parametrize(
    ("output", "tells"), [(torch.rand(1, 2, 3, 3), "last layer"), (3 + torch.rand(1, 2, 3, 3), "normalisation")]
)
def test_an_output_that_does_not_grow_with_the_weights(output, tells):
    assert bounded("UNet", output).tells == (tells,)


def test_an_output_of_another_size_is_told_with_its_rule():
    def told(*shape):
        return unet.INQUIRY.resized("UNet", "valid", torch.zeros(shape), (1, 5, 8, 8), None)

    assert "a larger size" in told(1, 5, 12, 12).sentence and told(1, 5, 12, 12).tells == ("sizes",)
    assert "a smaller size" in told(1, 5, 4, 4).sentence
    assert "another size" in told(1, 5, 4, 12).sentence
    assert told(1, 4, 8, 8).tells == ("arguments",)


def outcomes(id):
    """The findings on a wrong implementation by an exam that does not know its mistake, by criterion."""
    found = examine(Task("segmentation", implementation("segmentation", f"wrong/{id}"), forgotten=True))
    return {one.id: one.finding for one in found if one.finding is not None}


LOOK = [
    ("unet_crop_square", "skips", {"crop"}),
    ("unet_same_by_replication", "same", {"border"}),
    ("unet_in_float32", "relu", {"type"}),
    ("unet_depth_ignored", "sizes", {"parameters", "arguments"}),
    ("unet_sigmoid_last", "logits", {"last layer"}),
    ("unet_decoder_shares_encoder", "parameters", {"parameters", "shared"}),
    ("unet_same_by_default", "sizes", {"sizes", "arguments"}),
    ("unet_always_same", "sizes", {"sizes"}),
    ("unet_three_input_channels", "same", {"arguments"}),
    ("vgg_batch_norm", "values", {"parameters", "normalisation"}),
    ("vgg_skip_missing", "parameters", {"parameters", "skip"}),
    ("vgg_mean_pooling", "values", {"pooling"}),
    ("vgg_square_turned", "sizes", {"place", "sizes"}),
    ("fit_one_class_only", "many", {"loss"}),
    ("fit_squared_error", "one", {"loss"}),
]


@pytest.mark.parametrize(("id", "criterion", "tells"), some_of(LOOK, 4))
def test_where_to_look_is_told_of_a_mistake_that_is_not_known(id, criterion, tells):
    finding = outcomes(id)[criterion]
    assert finding.mistake is None and set(finding.tells) == tells, finding


def test_numbers_of_parameters_alone_name_nothing_that_answers_contradict():
    """As many parameters as a decoder of one convolution a level has, but two: they are the encoder's."""
    named = {finding.mistake for finding in outcomes("unet_decoder_shares_encoder").values()}
    assert named == {None}


def test_errors_stay_what_they_are_beside_what_other_criteria_name():
    found = outcomes("unet_input_relu_in_place")
    assert found["calm"].mistake == "input-changed"
    assert found["gradients"].mistake is None and set(found["gradients"].tells) == {"changed"}


@pytest.mark.parametrize(
    ("id", "words"),
    [
        ("fit_one_parameter", "Some parameters of the network never change"),
        ("fit_first_epoch_only", "fewer steps than one per batch"),
        ("fit_eval_after_the_first_epoch", "leaves train mode during the training"),
    ],
)
def test_what_a_training_lacks_at_times_is_told_as_that(id, words):
    assert words in outcomes(id)["place"].sentence


class Padless(nn.Module):
    """A network whose signature lacks the padding."""

    def __init__(self, in_channels, num_classes, base_channels=64, depth=4):
        super().__init__()


def test_an_argument_that_is_missing_is_told():
    with setting(Quiet()), pytest.raises(Wrong) as wrong:
        unet.INQUIRY.of(LocalSubject(Padless, "UNet"), Draw(0, Notes()))
    assert isinstance(wrong.value, Unnamed) and wrong.value.tells == ("arguments",)


def test_the_right_number_is_that_of_the_closed_form():
    for inquiry in (unet.INQUIRY, vgg.INQUIRY):
        assert counts_of(inquiry, inquiry.bases[0]) == {plan: inquiry.right(plan) for plan in inquiry.counted}
    assert unet.INQUIRY.right(Plan(1, 2, 64, 4)) == 31_030_658
