"""Values beside the codec's plain ones cross as they are, and nothing that comes makes a value of another type."""

import datetime
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from autograder.wire import codec, messages
from autograder.wire.frames import Malformed
from autograder.wire.messages import Special
from autograder.wire.values import apart, together

VALUES = [
    *(None, True, 3, 2.5, "text", [1, (2, [3])], {"a": 1, 2: "b"}, {(1, "a"): 2, 3.5: [4]}, {True: 1}),
    *({1, "a"}, frozenset([2]), deque([1, 2]), Counter("aab"), OrderedDict(b=1, a=2), b"\0\xff", bytearray(b"ab")),
    *(1 + 2j, range(1, 9, 2), slice(None, 3), ..., Fraction(1, 3), Decimal("1.50"), int, list),
    *(datetime.date(2026, 11, 30), datetime.datetime(2026, 11, 30, 4, 30), datetime.timedelta(1, 2, 3)),
    *(np.float32(1.5), np.int64(3), np.bool_(True)),
]
ARRAYS = [
    *(np.arange(6).reshape(2, 3), np.zeros((0, 2), np.float16), np.array(2.0), np.array([True]), np.eye(2)[:, ::-1]),
    *(np.array([1j]), np.array(["ab", "c"]), np.arange(3, dtype=">i4"), np.asfortranarray(np.eye(2, dtype="float32"))),
]


class Own(list):
    """A list of somebody's own."""


def crossed(value):
    head, parts = codec.encode(apart(value, refuse))
    inward = {messages.Special: together}
    return codec.decode(head, memoryview(bytearray(b"".join(parts))), messages.ANSWERS, inward=inward)


def refuse(value):
    raise codec.Unsendable(type(value).__name__)


@pytest.mark.parametrize("value", VALUES, ids=[f"{place} {type(value).__name__}" for place, value in enumerate(VALUES)])
def test_values_cross_as_they_are(value):
    came = crossed([value])[0]
    assert type(came) is type(value) and came == value


@pytest.mark.parametrize("array", ARRAYS, ids=repr)
def test_arrays_cross_as_arrays(array):
    came = crossed(array)
    assert type(came) is np.ndarray and came.shape == array.shape and came.dtype == array.dtype.newbyteorder("=")
    assert came.tolist() == array.tolist() and not np.shares_memory(came, array) and came.flags.writeable


def test_a_default_dictionary_is_a_dictionary_and_a_parameter_a_tensor():
    assert crossed(defaultdict(int, a=1)) == {"a": 1} and type(crossed(defaultdict(int))) is dict
    assert torch.equal(crossed(torch.nn.Parameter(torch.ones(2))), torch.ones(2)) and crossed(torch.ones(2).shape) == (
        2,
    )


@pytest.mark.parametrize(
    "value",
    [
        Own([1]),
        namedtuple("Point", "x")(1),
        np.array([None]),
        np.ones(2).view(np.matrix),
        object(),
        len,
        (n for n in []),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_may_have_methods_of_its_own_is_an_object(value):
    with pytest.raises(codec.Unsendable):
        crossed([value])


def test_what_holds_itself_does_not_cross():
    endless = []
    endless.append(endless)
    with pytest.raises(codec.Unsendable, match="nested"):
        crossed(endless)


@pytest.mark.parametrize(
    "special",
    [
        *(
            Special("nothing", ()),
            Special("set", ([],)),
            Special("array", (3,)),
            Special("array", ()),
            Special("range", ("a",)),
        ),
        *(
            Special("texts", ([2], [1])),
            Special("texts", ([3], ["a"])),
            Special("Fraction", (1, 0)),
            Special("type", ("eval",)),
        ),
        *(Special("Decimal", ("x",)), Special("date", ("then",)), Special("dict", (1,)), Special("bytes", (None,))),
        *(Special("slice", ()), Special("timedelta", (10**12,))),
    ],
    ids=repr,
)
def test_parts_of_no_value_are_malformed(special):
    with pytest.raises(Malformed):
        together(special)
