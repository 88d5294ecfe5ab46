"""An exception is described whatever its class does."""

import pytest

from autograder.wire.errors import KINDS, MESSAGE_LIMIT, NAMES, kind_of, message_of, plain


class Hostile(ValueError):
    def __str__(self):
        raise SystemExit

    @property
    def __class__(self):
        raise RuntimeError


class NoText(Exception):
    def __str__(self):
        return 7


class TextOfItsOwn(str):
    def __str__(self):
        raise ValueError

    __getitem__ = __iter__ = __len__ = __str__


class Odd(KeyError):
    def __str__(self):
        return TextOfItsOwn("a\x1b[31m\u202eb\nc")


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_keeps_its_name(kind):
    assert kind_of(kind.__new__(kind)) == kind.__name__ and kind.__name__ in NAMES


def test_a_class_of_their_own_counts_as_what_it_derives_from():
    assert kind_of(type("Mine", (IndexError,), {})()) == "IndexError"
    assert kind_of(Hostile()) == "ValueError"
    assert kind_of(KeyboardInterrupt()) == "Exception" and "Exception" in NAMES


def test_words_are_bounded_plain_text():
    assert len(message_of(ValueError("x" * 10_000))) == MESSAGE_LIMIT
    assert message_of(Odd()) == "a�[31m�b\nc"
    assert type(message_of(Odd())) is str


@pytest.mark.parametrize("kind", [Hostile, NoText])
def test_who_cannot_speak_says_nothing(kind):
    assert message_of(kind()) == ""


def test_few_marks_stand_above_one_another():
    stacked = plain("x" + "\u0300" * 3000 + "y\u0301z", 4000)
    assert len(stacked) < 10 and stacked.endswith("y\u0301z")
