"""Where no mistake fits, a sentence says what parts wrong calls from right ones, and what kind of numbers came back."""

import pytest
import torch

from autograder.exam.cases import Case
from autograder.exam.feature_words import CALLS, phrases
from autograder.exam.features import contrast
from autograder.exam.functions import FunctionExam
from autograder.exam.numbers_seen import KINDS, kind_of_numbers
from autograder.exam_tables.examining import Quiet, setting

PLAIN, BIAS, STRIDE = frozenset({"no bias"}), frozenset({"bias"}), frozenset({"no bias", "stride"})
BOTH = frozenset({"bias", "stride"})


def parted(wrong, right, others=()):
    found = contrast(wrong, [*wrong, *others], right)
    return found and (set(found.features), found.when, found.beside)


def test_what_all_wrong_calls_have_and_no_right_one_is_told():
    assert parted([BIAS, BOTH], [PLAIN, STRIDE]) == ({"bias"}, "with a bias", "Without one it is right.")


def test_two_features_are_told_where_each_alone_is_right():
    assert parted([BOTH], [PLAIN, BIAS, STRIDE]) is None  # one wrong call has many pairs
    assert parted([BOTH, BOTH, BOTH], [PLAIN, BIAS, STRIDE]) == (
        {"bias", "stride"},
        "with a stride above 1 and a bias",
        "With only one of the two it is right.",
    )


def test_nothing_is_told_where_nothing_parts_them():
    assert parted([PLAIN, BIAS], [PLAIN, BIAS]) is None
    assert parted([BIAS], []) is None and parted([], [BIAS]) is None


def test_that_calls_are_right_elsewhere_is_said_only_where_none_is_seen_that_is_not():
    assert parted([BIAS], [PLAIN], others=[STRIDE]) == ({"bias"}, "with a bias", "")


def test_what_all_wrong_calls_of_a_part_have_goes_first():
    """Two wrong calls have a bias here; elsewhere others have none, but all have a stride."""
    right = [PLAIN, BIAS, PLAIN, PLAIN, STRIDE]
    assert parted([BOTH, BOTH], right, others=[STRIDE, STRIDE]) == (
        {"stride"},
        "in most calls with a stride above 1",
        "With stride 1 it is right.",
    )


def test_one_wrong_call_says_nothing_about_most_calls():
    assert parted([STRIDE], [PLAIN, PLAIN, STRIDE, BIAS]) is None


@pytest.mark.parametrize("feature", [*CALLS, "stride pair", "reduction sum", "eps"])
def test_a_feature_is_told_in_two_phrases(feature):
    assert all(phrase and phrase[0].islower() and not phrase.endswith(".") for phrase in phrases(feature))


RIGHT = torch.randn(2, 3, 5, 6, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("got", "said"),
    [
        (0 * RIGHT, "All its numbers are zero."),
        (-RIGHT, "Its numbers have the opposite sign."),
        (RIGHT / 3, "Its numbers are the right ones times one factor."),
        (
            RIGHT + torch.arange(3.0).reshape(1, 3, 1, 1) + 1,
            "In each channel, all its numbers differ from the right ones by the same amount.",
        ),
        (RIGHT.flip(3), "The right image comes back mirrored."),
        (RIGHT.flatten().roll(7).reshape(RIGHT.shape), "The right numbers come back at other positions."),
        (
            torch.nn.functional.pad(RIGHT[..., 1:-1, 1:-1], (1, 1, 1, 1)),
            "right except in the outermost rows and columns",
        ),
        (RIGHT.transpose(2, 3), "Two axes of the result are exchanged."),
        (RIGHT[..., :-1, :], "The result has too few rows."),
        (RIGHT[:1], "The result has too few images."),
        (torch.cat([RIGHT, RIGHT], 1), "The result has too many channels."),
        (RIGHT.sin(), ""),
        (RIGHT.double(), ""),
        (RIGHT[0, 0, 0], ""),
        (None, ""),
    ],
)
def test_what_wrong_numbers_have_in_common(got, said):
    assert said in kind_of_numbers([(got, RIGHT)])
    assert bool(said) == bool(kind_of_numbers([(got, RIGHT)]))


def test_it_is_told_where_all_wrong_answers_have_it():
    assert kind_of_numbers([(-RIGHT, RIGHT), (-RIGHT[:1], RIGHT[:1])]) == "Its numbers have the opposite sign."
    assert kind_of_numbers([(-RIGHT, RIGHT), (RIGHT.flip(3), RIGHT)]) == ""
    assert kind_of_numbers([]) == ""


def test_each_kind_has_a_sentence():
    assert all(said[0].isupper() and said.endswith(".") and said.count(".") == 1 for said in KINDS)


def scaled(x, factor=1.0, shift=None, flip=False):
    """What the small exam below asks: x (N, C, H, W) times a factor, plus one number."""
    out = factor * x + (0 if shift is None else shift)
    return out.flip(3) if flip else out


def given(draw, *options):
    shapes = (1, 1, 3, 4), (2, 1, 4, 4), (3, 1, 4, 4)
    return [Case((draw.normal(*shape),), option) for option in options for shape in shapes]


SCALED = FunctionExam("scaled", scaled, (), {}, lambda draw: given(draw, {}, {}, {}))
EXAM = SCALED.exam(
    SCALED.values("factor", "a factor", 1.0, lambda draw: given(draw, {}, {"factor": 2.0}, {"factor": 3.0})),
    SCALED.values("flip", "turned", 1.0, lambda draw: given(draw, {"flip": True}, {"flip": True, "factor": 2.0})),
    SCALED.dtypes(0.5, lambda draw: given(draw, {})),
    SCALED.gradients(0.5, lambda draw: given(draw, {}, {"factor": 2.0}, {"flip": True})),
)


def said(function):
    """The findings of the small exam, by criterion."""
    with setting(Quiet({})):
        return {o.id: o.finding for o in EXAM.examine(function) if o.finding}


def test_a_right_function_is_told_nothing():
    assert said(scaled) == {}


def test_an_argument_that_is_ignored_is_told_by_its_name():
    found = said(lambda x, factor=1.0, shift=None, flip=False: scaled(x, factor, shift))
    assert found["flip"].sentence == (
        "`scaled` with another `flip` than the default gave back wrong values. The right image comes back mirrored. "
        "With the default it is right."
    )
    assert set(found["flip"].tells) == {"flip"} and "factor" not in found


def test_an_error_is_told_with_what_brings_it():
    def function(x, factor=1.0, shift=None, flip=False):
        if len(x) > 1 and flip:
            raise IndexError("too many images")
        return scaled(x, factor, shift, flip)

    found = said(function)["flip"]
    assert found.sentence.startswith(
        "`scaled` raised IndexError with another `flip` than the default and several images: "
    )
    assert set(found.tells) == {"flip", "batch"}


def test_an_argument_of_another_name_is_told_as_that():
    found = said(lambda x, times=1.0, shift=None, flip=False: scaled(x, times, shift, flip))
    assert found["factor"].sentence == "`scaled` has no argument that is called `factor`."
    assert set(found["factor"].tells) == {"arguments", "factor"}


def test_an_argument_without_its_default_is_told_as_that():
    found = said(lambda x, factor=1.0, *, shift, flip=False: scaled(x, factor, shift, flip))
    assert {one.sentence for one in found.values()} == {
        "`scaled` cannot be called without `shift`, which has a default value in the text."
    }


def test_a_type_and_a_gradient_are_told_as_what_they_are():
    found = said(lambda x, factor=1.0, shift=None, flip=False: scaled(x.float(), factor, shift, flip))
    assert "on float64 gave back a tensor of float32" in found["dtypes"].sentence and "type" in found["dtypes"].tells
    found = said(
        lambda x, factor=1.0, shift=None, flip=False: scaled(x.detach() + 2 * (x - x.detach()), factor, shift, flip)
    )
    assert "gradient" in found["gradients"].tells and "wrong gradient" in found["gradients"].sentence


def test_a_part_that_is_wrong_in_its_simplest_calls_is_told_so_once():
    found = said(lambda x, factor=1.0, shift=None, flip=False: -scaled(x, factor, shift, flip))
    assert len(found) == 4 and {one.sentence for one in found.values()} == {
        "`scaled` in its simplest calls gave back wrong values. Its numbers have the opposite sign. "
        "Correct the simplest calls of `scaled` first; until then nothing else can count."
    }


def test_an_untouched_function_is_not_written_yet():
    def function(x, factor=1.0, shift=None, flip=False):
        raise NotImplementedError

    assert {one.sentence for one in said(function).values()} == {
        "`scaled` is not written yet: it raised NotImplementedError."
    }
