"""Values cross as they are; anything else that comes is `Malformed`, whatever it is."""

import contextlib
import json
import math

import pytest
import torch
from growing import SUPERLINEAR, growth
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.wire import codec, messages
from autograder.wire.codec import DEPTH, DTYPES, INTEGER_BITS, NODES, TooLarge, Unsendable
from autograder.wire.frames import Malformed
from convcourse.submission.structure import structure

plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from([*DTYPES.values()]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5) | st.integers(-codec.LARGEST_KEY, codec.LARGEST_KEY), inner, max_size=4)
    ),
    max_leaves=20,
)


def crossed(value, **how):
    head, parts = codec.encode(value, **how)
    layouts = how.get("layouts", False)
    return codec.decode(
        head, memoryview(bytearray(b"".join(parts))), messages.ANSWERS + messages.QUESTIONS, layouts=layouts
    )


def same(a, b) -> bool:
    """Equal in type and value, all the way down. Text that is no Unicode comes with "?" in its place."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same([*a.items()], [*b.items()])
    return a == b


@given(plain_values)
def test_plain_values_cross_as_they_are(value):
    assert same(crossed(value), value)


@pytest.mark.parametrize("number", [math.inf, -math.inf, 1e-320, -0.0, 2**1000, -(2**1000), True])
def test_numbers_of_every_kind(number):
    assert same(crossed(number), number) and math.copysign(1, crossed(number)) == math.copysign(1, number)


def test_nan_and_broken_text():
    assert math.isnan(crossed(math.nan))
    assert crossed("a\ud800b") == "a?b"


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (2, 3, 4)])
def test_tensors_of_every_type_cross_bit_by_bit(dtype, shape):
    tensor = (torch.arange(24).reshape(2, 3, 4) % 2).to(dtype).expand(2, 3, 4)[tuple(slice(0, n) for n in shape)]
    tensor = tensor if tensor.shape == shape else torch.zeros(shape, dtype=dtype)
    got = crossed(tensor)
    assert got.dtype == dtype and got.shape == shape and torch.equal(got, tensor)
    assert got.is_contiguous() and not got.requires_grad and type(got) is torch.Tensor


def test_what_arrives_owns_its_memory():
    a, b, parameter = crossed((torch.ones(3), torch.ones(3), torch.nn.Parameter(torch.ones(3))))
    a += 1
    assert b.tolist() == parameter.tolist() == [1, 1, 1] and type(parameter) is torch.Tensor
    assert a.untyped_storage().nbytes() == 12


def test_lazy_conjugates_are_resolved():
    z = torch.tensor([1 + 2j, 3 - 1j])
    assert torch.equal(crossed(z.conj()), z.conj().resolve_conj())
    assert torch.equal(crossed(z.conj().imag), torch.tensor([-2.0, 1.0]))


def laid_out_tensors():
    x = torch.arange(120.0).reshape(2, 3, 4, 5)
    yield "channels last", x.contiguous(memory_format=torch.channels_last)
    yield "transposed", x.permute(3, 1, 0, 2)
    yield "expanded", x[:1, :, :1].expand(4, 3, 7, 5)
    yield "every other", x[:, ::2, 1::2]
    yield "overlapping", torch.arange(10.0).unfold(0, 4, 2)
    yield "empty", x[:, :0]
    yield "one", x[1, 2, 3, 4]


@pytest.mark.parametrize(("name", "tensor"), [*laid_out_tensors()])
def test_layouts_are_kept_where_they_count(name, tensor):
    got = crossed(tensor.clone().set_(tensor).requires_grad_(), layouts=True)
    assert got.shape == tensor.shape and torch.equal(got, tensor) and got.requires_grad
    assert tensor.numel() == 0 or got.stride() == tensor.stride()


def test_nothing_beside_a_view_is_sent():
    """What lies between a view's rows, before and behind it, belongs to someone else."""
    secret = torch.full((6, 8), 7.0)
    view = secret[1:4, 2:5]
    view.fill_(1.0)
    _, parts = codec.encode(view, layouts=True)
    assert set(torch.frombuffer(bytearray(b"".join(parts)), dtype=torch.float32).tolist()) == {0.0, 1.0}


def test_a_message_comes_with_its_class():
    answer = messages.Reply(3, messages.Failed("ValueError", "no", False))
    assert crossed(answer) == answer


def test_what_cannot_cross_is_refused_or_handled():
    for value in (object(), {1.5: 2}, {True: 1}, {2**61 - 1: 0}, 2 ** (INTEGER_BITS + 1), torch.ones(2).to_sparse()):
        with pytest.raises(Unsendable):
            codec.encode(value)
    deep = []
    for _ in range(DEPTH + 2):
        deep = [deep]
    with pytest.raises(Unsendable):
        codec.encode(deep)
    handle = messages.Handle(1, "other", "x")
    assert crossed([object()], outward=lambda value: handle) == [handle]


MALFORMED = {
    "nothing": "",
    "no JSON": "[",
    "no pair": "[[]]",
    "an object": '[[],{"a":1}]',
    "an empty node": "[[],[]]",
    "an unknown tag": '[[],["x"]]',
    "a tag that is no text": "[[],[[1]]]",
    "a row that is not there": '[[],["T",0]]',
    "a row before the first": '[[["float32",[1]]],["T",-1]]',
    "a row that is no number": '[[["float32",[1]]],["T",true]]',
    "an unknown dtype": '[[["object",[1]]],["T",0]]',
    "a size below nothing": '[[["float32",[-1]]],["T",0]]',
    "a size that is no number": '[[["float32",[1.0]]],["T",0]]',
    "a shape that is no list": '[[["float32",1]],["T",0]]',
    "more dimensions than there are": f'[[["float32",{[1] * 65}]],["T",0]]',
    "a size beyond all memory": '[[["float32",[1099511627776,1099511627776]]],["T",0]]',
    "a size that came short": '[[["float32",[2]]],["T",0]]',
    "bytes that no tensor uses": "[[],1]",
    "a layout that nobody asked for": '[[["float32",[1],[1],false]],["T",0]]',
    "a message from the wrong side": '[[["float32",[1]]],["Question",1,["l"],1]]',
    "a message with too few fields": '[[["float32",[1]]],["Reply",1]]',
    "a field of another type": '[[["float32",[1]]],["Reply",1.5,1]]',
    "a bool for a number": '[[["float32",[1]]],["Reply",true,1]]',
    "a key that is a list": '[[["float32",[1]]],["d",["l"],1]]',
    "a key that can be made to collide": f'[[["float32",[1]]],["d",{2**61 - 1},1]]',
    "a key without a value": '[[["float32",[1]]],["d",1]]',
    "a number without end": f'[[["float32",[1]]],{"9" * 400}]',
    "a number longer than Python reads": f'[[["float32",[1]]],{"9" * 5000}]',
    "too deep": f'[[["float32",[1]]],{"[" * 500}{"]" * 500}]',
    "much too deep": f'[[["float32",[1]]],{"[" * 100_000}',
    "another encoding": '[[["float32",[1]]],"a"]'.encode("utf-16").decode("latin-1"),
    "half a character in it": '[[["float32",[1]]],"\\ud800"]'.encode("utf-16-le").decode("latin-1"),
    "letters that are not escaped": '[[["float32",[1]]],"é"]',
    "a text that never ends": '[[["float32",[1]]],"' + '\\"' * 1000,
    "too many": f'[[["float32",[1]]],["l"{",1" * (NODES + 1)}]]',
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_is_said_so(name):
    with pytest.raises(Malformed):
        codec.decode(MALFORMED[name].encode("latin-1"), memoryview(bytearray(4)), messages.ANSWERS)


def test_the_same_head_is_right_when_nothing_is_wrong():
    """The table above fails for the reason it names, not because all of it would."""
    assert codec.decode(b'[[["float32",[1]]],["T",0]]', memoryview(bytearray(4)), messages.ANSWERS).tolist() == [0.0]
    assert codec.decode(b'[[["float32",[1]]],["Reply",1,null]]', memoryview(bytearray(4)), messages.ANSWERS).number == 1


def test_a_bool_is_true_or_false():
    got = codec.decode(b'[[["bool",[3]]],["T",0]]', memoryview(bytearray([0, 1, 255])), messages.ANSWERS)
    assert got.view(torch.uint8).tolist() == [0, 1, 1]


@pytest.mark.parametrize("strides", [[2**62, 1], [-1, 1], [1.5, 1], [1], [True, 1]])
def test_strides_never_reach_beyond_what_came(strides):
    head = json.dumps([[["float32", [2, 2], strides, False]], ["T", 0]]).encode()
    with pytest.raises(Malformed):
        codec.decode(head, memoryview(bytearray(16)), messages.QUESTIONS, layouts=True)


@settings(max_examples=300)
@given(st.data())
def test_damaged_messages_are_malformed_or_plain(data):
    """Whatever bytes come in place of others, nothing but `Malformed` is raised."""
    answer = messages.Reply(
        7, messages.Done((torch.ones(2, 2), [None, 1.5], {"a": "text"}, messages.Handle(1, "class", "C")))
    )
    head, parts = codec.encode(answer)
    damaged = bytearray(head)
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    with contextlib.suppress(Malformed):
        codec.decode(bytes(damaged), memoryview(bytearray(b"".join(parts))), messages.ANSWERS)


def deep(levels):
    return [deep(levels - 1)] if levels else torch.ones(1)


AT_THE_LIMIT = {
    "numbers": lambda n: [0.5] * n,
    "text": lambda n: ["],[{" * 3] * n,
    "lists": lambda n: [[]] * (n // 2),
    "keys": lambda n: dict.fromkeys(range(n // 2)),
    "tensors": lambda n: [torch.ones(1)] * (n // 8),
}


@pytest.mark.parametrize("what", AT_THE_LIMIT)
def test_what_the_writer_lets_through_the_reader_takes(what):
    """Either side counts as the other does: an honest value is never malformed; what is too much, the writer says."""
    with pytest.raises(TooLarge):
        codec.encode(messages.Reply(1, messages.Done(AT_THE_LIMIT[what](2 * NODES))))
    sent = messages.Reply(1, messages.Done(AT_THE_LIMIT[what](NODES - 100)))
    assert len(crossed(sent).answer.value) == len(sent.answer.value)


@pytest.mark.parametrize("levels", [DEPTH - 3, DEPTH - 2, DEPTH - 1])
def test_as_deep_as_can_be_written_can_be_read(levels):
    sent = messages.Reply(1, messages.Done(deep(levels)))
    try:
        codec.encode(sent)
    except Unsendable:
        return
    assert "1." in str(crossed(sent))


def test_a_long_printed_list_is_a_text():
    text = str([[0] * 512] * 512)
    assert crossed(messages.Ran([{"output_type": "stream", "text": text}], "ok", 1)).outputs[0]["text"] == text


STRUCTURES = {
    "a text that never ends": lambda n: b'{"cells": ["' + b'\\"' * n,
    "brackets, then such a text": lambda n: b"[" * 50 + b'"' + b'\\"' * n,
    "opening brackets": lambda n: b"[" * n,
    "texts": lambda n: b'""' * n,
    "backslashes": lambda n: b'"' + b"\\" * n,
}


@pytest.mark.parametrize("what", STRUCTURES)
def test_structure_is_found_in_one_pass(what):
    assert growth(lambda n: structure(STRUCTURES[what](n)), 20_000) < SUPERLINEAR


def test_structure_is_that_of_json():
    found = structure(rb'{"a[": [1, 2, {"\"[[": "],,"}], "b": []}')
    assert found == (4, 4 + 3, 3)
