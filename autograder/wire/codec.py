"""Values as JSON and raw bytes, never `pickle`.

The head is JSON: `[table, tree]`. The table has a row for each tensor, `[dtype, shape]`, or `[dtype, shape, strides,
requires grad]` where memory layout counts; the tree is a number, a text, null, or a list that opens with a tag:

    ["l", …] list   ["t", …] tuple   ["d", key, value, …] dict   ["T", row] tensor   ["y", name] dtype
    ["Reply", field, …] a message, by the name of its class

Reading trusts nothing: depth and counts are checked before the text is parsed, sizes before tensors are made, and every
value is of exactly the type it seems to be, owns its memory and shares it with none.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from math import prod
from typing import Any

import numpy as np
import torch

from autograder.wire import messages
from autograder.wire.frames import Malformed
from convcourse.submission.structure import structure

# How deep a value may be nested, and how many values (numbers, texts, lists, ...) may cross at once.
DEPTH, NODES = 40, 200_000
OWN_LEVELS = 5  # of brackets around a value and around its innermost tensor
DIMENSIONS, INTEGER_BITS = 64, 1024
# Python hashes an integer modulo 2**61 - 1: of larger keys any number can be made to collide, and a dict of these takes
# time that grows with the square of its length.
LARGEST_KEY = 2**61 - 2
DTYPES: dict[str, torch.dtype] = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.complex64, torch.complex128, torch.bool),
        *(torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32, torch.uint64),
    )
}
NAME_OF = {dtype: name for name, dtype in DTYPES.items()}
# What NumPy calls them, None for what it does not know. Its arrays are made from bytes in half of PyTorch's time.
_NUMPY = {name: None if dtype is torch.bfloat16 else np.dtype(name) for name, dtype in DTYPES.items()}
_BOOL, _BYTE = np.dtype("bool"), np.dtype("uint8")
_MESSAGES = {*messages.ORDERS, *messages.REPORTS, *messages.QUESTIONS, *messages.ANSWERS}
_PLAIN = frozenset((type(None), bool, float))
_TEXT_TOO = _PLAIN | {str}
_SEQUENCES, _NUMBERS = (list, tuple), (float, str)  # with what derives from them
# An annotation in `messages` -> the exact types that its field may have; any for those not named here.
_FIELDS: dict[str, tuple[type, ...]] = {t.__name__: (t,) for t in (bool, int, str, list, tuple, dict)}
_FIELDS["float"] = (float, int)
_SIGNATURES = {cls: [(field.name, _FIELDS.get(str(field.type), ())) for field in fields(cls)] for cls in _MESSAGES}
_NAMES = {cls: [name for name, _ in signature] for cls, signature in _SIGNATURES.items()}
_write = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Unsendable(TypeError):
    """A value that cannot cross."""


class TooLarge(Unsendable):
    """A value with more parts than may cross at once."""


def encode(
    value: Any, *, outward: Callable[[Any], Any] | None = None, layouts: bool = False
) -> tuple[bytes, list[bytes]]:
    """Head and body parts. What is neither plain nor a message is first put through `outward`, where there is one.

    Raise `Unsendable` for what cannot cross, `TooLarge` among them for what is only too much."""
    writer = _Writer(outward, layouts)
    tree = writer.node(value, 0)
    head = _write([writer.table, tree]).encode()
    _check_structure(head)
    return head, writer.parts


def decode(
    head: bytes,
    body: memoryview,
    allowed: tuple[type, ...],
    *,
    inward: Mapping[type, Callable[[Any], Any]] = {},
    layouts: bool = False,
) -> Any:
    """The value, with messages of the `allowed` classes only; raise `Malformed` for anything else.

    A message of a class in `inward` is put through that function.
    """
    try:
        _check_structure(head)
        table, tree = json.loads(head.decode("ascii"))  # in bytes, `json` would look for UTF-16 and the like
        plain = _PLAIN if b"\\u" in head else _TEXT_TOO  # then no text holds half a character
        reader = _Reader(_tensors(table, body, layouts), {cls.__name__: cls for cls in allowed}, inward, plain)
        return reader.node(tree)
    except Malformed:
        raise
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError, RuntimeError) as error:
        raise Malformed(f"no message: {type(error).__name__}") from None


class _Writer:
    def __init__(self, outward: Callable[[Any], Any] | None, layouts: bool):
        self.table: list[list[Any]] = []
        self.parts: list[bytes] = []
        self._outward, self._layouts = outward, layouts
        self._room = NODES

    def node(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind in _TEXT_TOO:
            return value
        if isinstance(value, torch.Tensor):  # most of what crosses
            if why := unsendable(value):
                raise Unsendable(f"{why} tensor cannot cross")
            return ["T", self._tensor(value)]
        if depth > DEPTH:
            raise Unsendable("it is nested too deeply")
        if kind in _NAMES:
            return [kind.__name__, *self._nodes([getattr(value, name) for name in _NAMES[kind]], depth)]
        if isinstance(value, _SEQUENCES):
            return ["l" if isinstance(value, list) else "t", *self._nodes(value, depth)]
        if isinstance(value, dict):
            return ["d", *self._nodes([part for key, item in value.items() for part in (_key(key), item)], depth)]
        if isinstance(value, int):
            if int.bit_length(value) > INTEGER_BITS:
                raise Unsendable(f"an integer of {int.bit_length(value)} bits")
            return value
        if isinstance(value, _NUMBERS):
            return value
        if kind is torch.dtype and value in NAME_OF:
            return ["y", NAME_OF[value]]
        if self._outward is None:
            raise Unsendable(f"a {kind.__name__} cannot cross")
        return self.node(self._outward(value), depth + 1)

    def _nodes(self, values: Sequence[Any], depth: int) -> list[Any]:
        depth += 1
        self._room -= len(values)
        if self._room < 0:  # before a list of millions is written
            raise TooLarge(f"more than {NODES:,} values at once")
        return [value if type(value) in _TEXT_TOO else self.node(value, depth) for value in values]

    def _tensor(self, tensor: torch.Tensor) -> int:
        row: list[Any] = [NAME_OF[tensor.dtype], [*tensor.shape]]
        if self._layouts:
            needs, strides = tensor.requires_grad, None
            if not tensor.is_contiguous():
                tensor, strides = laid_out(tensor.detach())
            row += [strides, needs]
        self.parts.append(raw(tensor))
        self.table.append(row)
        return len(self.table) - 1


class _Reader:
    """`plain`: types of leaves that need no look at their values."""

    def __init__(
        self,
        tensors: list[torch.Tensor],
        allowed: dict[str, type],
        inward: Mapping[type, Callable],
        plain: frozenset[type],
    ):
        self._tensors, self._allowed, self._inward, self._plain = tensors, allowed, inward, plain

    def node(self, tree: Any) -> Any:
        kind = type(tree)
        if kind in self._plain:
            return tree
        if kind is str:
            return tree if tree.isascii() else tree.encode("utf-8", "replace").decode()
        if kind is int:
            if tree.bit_length() > INTEGER_BITS:
                raise Malformed("an integer that is too long")
            return tree
        if kind is not list:
            raise Malformed(f"a {kind.__name__} in the tree")
        tag = tree[0]
        if tag == "T":
            return self._tensors[_index(tree[1])]
        if tag == "l":
            return self._nodes(tree)
        if tag == "t":
            return tuple(self._nodes(tree))
        if tag == "d":
            return {self._key(tree[i]): self.node(tree[i + 1]) for i in range(1, len(tree), 2)}
        if tag == "y":
            return DTYPES[tree[1]]
        message = self._message(self._allowed[tag], self._nodes(tree))
        convert = self._inward.get(type(message))
        return message if convert is None else convert(message)

    def _nodes(self, tree: list[Any]) -> list[Any]:
        """What stands behind the tag."""
        plain = self._plain
        return [item if type(item) in plain else self.node(item) for item in tree[1:]]

    def _key(self, key: Any) -> str | int:
        if type(key) not in (str, int):
            raise Malformed("a key that is neither text nor integer")
        if type(key) is int and abs(key) > LARGEST_KEY:
            raise Malformed("an integer that is too long for a key")
        return self.node(key)

    def _message(self, cls: type, values: list[Any]) -> Any:
        signature = _SIGNATURES[cls]
        if len(values) != len(signature):
            raise Malformed(f"{cls.__name__} with {len(values)} fields")
        for value, (name, types) in zip(values, signature):
            if types and type(value) not in types:
                raise Malformed(f"{cls.__name__}.{name} is a {type(value).__name__}")
        return cls(*values)


def _key(key: Any) -> Any:
    """A key that may be written."""
    if not isinstance(key, (str, int)) or isinstance(key, bool):
        raise Unsendable("a dict with keys that are neither text nor integers")
    if isinstance(key, int) and int.__abs__(key) > LARGEST_KEY:
        raise Unsendable("a dict with a key of more than 61 bits")
    return key


def _index(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise Malformed("no index")
    return value


def _check_structure(head: bytes) -> None:
    """Raise `TooLarge` or `Unsendable` for a head with more values, or deeper ones, than may cross. The writer asks
    this of its own heads, so that what is too large is said by whoever made it and not found by whoever reads it."""
    if len(head) <= NODES and head.count(b"[") + head.count(b"{") <= DEPTH:
        return
    if (found := structure(head)).values > NODES:
        raise TooLarge(f"more than {NODES:,} values at once")
    if found.depth > DEPTH + OWN_LEVELS:
        raise Unsendable("it is nested too deeply")


def unsendable(tensor: torch.Tensor) -> str:
    """Why a tensor cannot cross, as "a sparse"; "" for one that is dense, in main memory, and of a type known here."""
    if tensor.layout is not torch.strided:
        return "a sparse"
    if not tensor.is_cpu:
        return f"a {tensor.device.type}"
    if tensor.dtype not in NAME_OF:
        return "a quantised" if tensor.is_quantized else f"a {str(tensor.dtype).removeprefix('torch.')}"
    if tensor.dim() > DIMENSIONS:
        return f"a {tensor.dim()}-dimensional"
    return ""


def raw(tensor: torch.Tensor) -> bytes:
    """A tensor's values as they lie in memory when it is contiguous."""
    try:
        return tensor.detach().numpy().tobytes()
    except (RuntimeError, TypeError):  # what numpy does not know: bfloat16, lazy conjugates
        dense = tensor.detach().resolve_conj().resolve_neg().contiguous()
    return ctypes.string_at(dense.data_ptr(), dense.numel() * dense.element_size())


def laid_out(tensor: torch.Tensor) -> tuple[torch.Tensor, list[int]]:
    """The stretch of memory that a tensor lies in, as a vector, and its strides. What lies between is left out."""
    strides = list(tensor.stride())
    span = 1 + sum((n - 1) * s for n, s in zip(tensor.shape, strides, strict=True)) if tensor.numel() else 0
    once = tensor  # each place of memory once: along an expanded axis all are the same
    for axis in reversed(range(tensor.dim())):
        if strides[axis] == 0 and tensor.shape[axis] > 1:
            once = once.narrow(axis, 0, 1)
    memory = torch.zeros(span, dtype=tensor.dtype)
    if span:
        try:
            memory.as_strided(once.shape, once.stride()).copy_(once)
        except RuntimeError:  # windows that overlap: their memory has no gaps of another's
            memory.copy_(tensor.as_strided((span,), (1,), tensor.storage_offset()))
    return memory, strides


def _tensors(table: Any, body: memoryview, layouts: bool) -> list[torch.Tensor]:
    """Dense tensors that own their memory, as the table says; exactly the body's bytes are used."""
    found, place = [], 0
    for row in table:
        strides, needs = None, False
        if layouts:
            name, shape, strides, needs = row
        else:
            name, shape = row
        dtype = DTYPES[name]
        if type(shape) is not list or len(shape) > DIMENSIONS:
            raise Malformed("no shape")
        for n in shape:
            _index(n)
        count = prod(shape)
        if strides is not None and count:
            count = 1 + sum((n - 1) * _index(s) for n, s in zip(shape, strides, strict=True))
        size = count * dtype.itemsize
        if size > len(body) - place:
            raise Malformed("a tensor larger than what came")
        if strides is None:
            tensor = _filled(body, name, shape, place)
        else:
            tensor = _filled(body, name, [count], place).as_strided(shape, strides)
        place += size
        found.append(tensor.requires_grad_() if needs else tensor)
    if place != len(body):
        raise Malformed("more bytes than tensors")
    return found


def _filled(body: memoryview, name: str, shape: list[int], place: int) -> torch.Tensor:
    kind = _NUMPY[name]
    if kind is None:
        count = prod(shape)
        part = body[place : place + count * DTYPES[name].itemsize]
        return (
            torch.frombuffer(bytearray(part), dtype=DTYPES[name]).view(shape)
            if count
            else torch.empty(shape, dtype=DTYPES[name])
        )
    if kind == _BOOL:  # a byte that is neither 0 nor 1 is no bool that PyTorch could reckon with
        return torch.from_numpy(np.ndarray(shape, _BYTE, body, place).copy()) != 0
    return torch.from_numpy(np.ndarray(shape, kind, body, place).copy())
