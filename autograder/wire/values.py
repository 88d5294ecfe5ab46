"""Values that an instructor's own asserts use beside the codec's plain ones: NumPy's, sets, bytes, ranges and the like.

A value is taken `apart` into plain values and `Special`s, and put `together` on the other side. Only values of exactly
these types are: what derives from one of them may have methods of its own, and is an object. Putting together trusts
nothing: `Malformed` for parts of which there is no such value.
"""

from __future__ import annotations

import datetime
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import torch

from autograder.wire.codec import NAME_OF, Unsendable, unsendable
from autograder.wire.frames import Malformed
from autograder.wire.messages import Special

DEEPEST = 16  # lists within lists
Other = Callable[[Any], Any]
AS_THEY_ARE = frozenset((type(None), bool, int, float, str, torch.dtype))
TENSORS = frozenset((torch.Tensor, torch.nn.Parameter))
TYPES = {cls.__name__: cls for cls in (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset)}
SETS = {cls.__name__: cls for cls in (set, frozenset, deque)}
DICTS = {cls.__name__: cls for cls in (dict, OrderedDict, Counter)}
# Types of NumPy's that tensors have too. float16 and the unsigned ones are among them, texts and objects are not.
NUMBERS = frozenset(np.dtype(str(dtype).removeprefix("torch.")) for dtype in NAME_OF if dtype is not torch.bfloat16)


def apart(value: Any, other: Other, depth: int = DEEPEST) -> Any:
    """The value as plain values and `Special`s. What crosses by no value is put through `other`. Raise `Unsendable` for
    what is nested too deeply."""
    kind = type(value)
    if kind in AS_THEY_ARE:
        return value
    if depth == 0:
        raise Unsendable("it is nested too deeply")

    def inner(part: Any) -> Any:
        return apart(part, other, depth - 1)

    if kind is list:
        return [inner(item) for item in value]
    if kind is tuple or kind is torch.Size:
        return tuple(inner(item) for item in value)
    if kind is defaultdict or kind in DICTS.values():
        return _pairs("dict" if kind is defaultdict else kind.__name__, value, inner)
    if kind in SETS.values():
        return Special(kind.__name__, tuple(inner(item) for item in value))
    if kind in TENSORS:
        return other(value) if unsendable(value) else value
    if kind is np.ndarray or issubclass(kind, np.generic):
        return _of_numpy(value, other)
    if kind in _APART:
        return Special(kind.__name__, _APART[kind](value))
    if kind is type and value in TYPES.values():
        return Special("type", (value.__name__,))
    return other(value)


def _pairs(name: str, value: dict[Any, Any], inner: Callable[[Any], Any]) -> Any:
    if name == "dict" and all(type(key) in (str, int) for key in value):
        return {key: inner(item) for key, item in value.items()}
    return Special(name, tuple((inner(key), inner(item)) for key, item in value.items()))


def _of_numpy(value: Any, other: Other) -> Any:
    if value.dtype.kind == "U":
        flat = np.asarray(value).ravel().tolist()
        return str(value) if isinstance(value, np.generic) else Special("texts", (list(value.shape), flat))
    native = value.dtype.newbyteorder("=")
    if native not in NUMBERS:
        return other(value)
    values = torch.from_numpy(np.array(value, native, order="C", copy=True, ndmin=0))
    return Special("number" if isinstance(value, np.generic) else "array", (values,))


def _bytes(value: bytes | bytearray) -> tuple[Any, ...]:
    return (torch.from_numpy(np.frombuffer(value, np.uint8).copy()),)


_APART: dict[type, Callable[[Any], tuple[Any, ...]]] = {
    bytes: _bytes,
    bytearray: _bytes,
    complex: lambda value: (value.real, value.imag),
    range: lambda value: (value.start, value.stop, value.step),
    slice: lambda value: (value.start, value.stop, value.step),
    type(Ellipsis): lambda value: (),
    Fraction: lambda value: (value.numerator, value.denominator),
    Decimal: lambda value: (str(value),),
    datetime.date: lambda value: (value.isoformat(),),
    datetime.datetime: lambda value: (value.isoformat(),),
    datetime.timedelta: lambda value: (value.days, value.seconds, value.microseconds),
}


def _number(*parts: Any) -> Any:
    return _array(*parts)[()]


def _array(values: Any) -> Any:
    return values.numpy().copy()


def _texts(shape: Any, flat: Any) -> Any:
    if not all(type(text) is str for text in flat):
        raise Malformed("texts that are none")
    return np.array(flat, dtype=str).reshape(shape)


_TOGETHER: dict[str, Callable[..., Any]] = {
    **{name: lambda *items, cls=cls: cls(items) for name, cls in SETS.items()},
    **{name: lambda *pairs, cls=cls: cls(dict(pairs)) for name, cls in DICTS.items()},
    "array": _array,
    "number": _number,
    "texts": _texts,
    "bytes": lambda values: values.numpy().tobytes(),
    "bytearray": lambda values: bytearray(values.numpy().tobytes()),
    "complex": complex,
    "range": range,
    "slice": slice,
    "ellipsis": lambda: ...,
    "Fraction": Fraction,
    "Decimal": Decimal,
    "date": datetime.date.fromisoformat,
    "datetime": datetime.datetime.fromisoformat,
    "timedelta": datetime.timedelta,
    "type": TYPES.__getitem__,
}


def together(special: Special) -> Any:
    """The value of these parts, which are put together already."""
    try:
        return _TOGETHER[special.kind](*special.parts)
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        raise Malformed(f"parts of no {special.kind[:40]}") from None
