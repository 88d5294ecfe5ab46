"""Is what came back what is expected?

Comparisons are written so that only a right answer passes: NaN where none is expected, an empty or a broadcast result,
another dtype or shape all fail.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from autograder.exam.cases import Case
from autograder.exam.subject import Raised, Subject
from autograder.objects import operations

TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-8}  # of the interface
INTEGERS = torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8
Reference = Callable[..., Any]


@dataclass(frozen=True)
class Either:
    """An expected value where the interface leaves a choice: any of these is right, and the first is shown."""

    answers: tuple[Any, ...]


def fault(got: Any, expected: Any) -> str | None:
    """What is wrong with a value, in words that show no number of ours; None where it is right.

    Tensors and floats are compared within the interface's tolerance, whole numbers and texts exactly, tuples, lists and
    dicts entry by entry. NaN is right where NaN is expected.
    """
    if isinstance(expected, Either):
        faults = [fault(got, one) for one in expected.answers]
        return None if None in faults else min(faults, key=lambda said: "expected" in (said or ""))  # its type is free
    if isinstance(expected, torch.Tensor):
        return tensor_fault(got, expected)
    if isinstance(expected, tuple | list):
        if not isinstance(got, tuple | list) or len(got) != len(expected):
            return f"gave back {kind(got)} where {len(expected)} results are expected"
        return next((f for f in map(fault, got, expected) if f), None)
    if isinstance(expected, dict):
        if not isinstance(got, dict) or set(got) != set(expected):
            return f"gave back {kind(got)} where a dict with {len(expected)} entries is expected"
        return next((f for f in (fault(got[key], expected[key]) for key in expected) if f), None)
    if type(expected) is int and isinstance(got, torch.Tensor) and got.numel() == 1 and got.dtype in INTEGERS:
        got = got.item()
    if type(got) is not type(expected):
        return f"gave back {kind(got)} where {kind(expected)} is expected"
    if isinstance(expected, float):
        tolerance = TOLERANCE[torch.float32]
        right = math.isclose(got, expected, rel_tol=tolerance, abs_tol=tolerance)
        return None if right or (math.isnan(got) and math.isnan(expected)) else "gave back a wrong value"
    return None if got == expected else "gave back a wrong value"


def tensor_fault(got: Any, expected: torch.Tensor) -> str | None:
    """What is wrong with a value where this tensor is expected."""
    if not isinstance(got, torch.Tensor):
        return f"gave back {kind(got)} where a tensor is expected"
    if got.shape != expected.shape:
        return f"gave back a tensor of shape {tuple(got.shape)}, which is not the right shape"
    if got.dtype != expected.dtype:
        return f"gave back {kind(got)} where {kind(expected)} is expected"
    if agree(got, expected):
        return None
    if bool(torch.isfinite(got).all()) or not bool(torch.isfinite(expected).all()):
        return "gave back wrong values"
    return "gave back NaN or infinity"


def agree(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Equal in shape, dtype and, in float32 and float64 within the interface's tolerance, in every value; NaN agrees
    with NaN alone."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if b.dtype not in TOLERANCE:
        return torch.equal(a, b)
    tolerance = TOLERANCE[b.dtype]
    with np.errstate(invalid="ignore"):  # infinity less infinity
        if a.numel() and np.abs(a.detach().numpy() - b.detach().numpy()).max() <= tolerance:
            return True  # nearly always, and NumPy is the quicker for so few numbers; NaN fails it
    near = (a - b).abs() <= tolerance + tolerance * b.abs()
    return bool((near & b.isfinite() | (a == b) | a.isnan() & b.isnan()).all())


# What comes back, in words.
PLAIN = {tuple: "a tuple", list: "a list", dict: "a dict", str: "text", int: "an int", float: "a float", bool: "a bool"}
OBJECTS = {"function": "a function", "class": "a class", "module": "a module", "array": "a NumPy array"}


def kind(value: Any) -> str:
    """What a value is, in words: "a module", "nothing (None)", "a float"."""
    if value is None:
        return "nothing (None)"
    if isinstance(value, torch.Tensor):
        return f"a tensor of {str(value.dtype).removeprefix('torch.')}"
    if type(value) in PLAIN:
        return PLAIN[type(value)]
    if isinstance(value, Subject) and value.kind == "other" and value.name == "ndarray":
        return "a NumPy array"
    described = value.kind if isinstance(value, Subject) else operations.describe(value)
    return OBJECTS.get(described, "an object of another type")


SHOWN = 300  # characters of a value that is no tensor


def shown(value: Any) -> str:
    """A value as the instructor reads it: shape and the first entries."""
    if isinstance(value, torch.Tensor):
        flat = ", ".join(f"{x:.4g}" for x in value.flatten()[:8].tolist())
        return f"{value.dtype} {tuple(value.shape)} [{flat}{', …' if value.numel() > 8 else ''}]"
    if isinstance(value, tuple | list):
        return "(" + ", ".join([*map(shown, value[:8]), *["…"] * (len(value) > 8)]) + ")"
    if isinstance(value, Either):
        return shown(value.answers[0])
    if isinstance(value, int) and value.bit_length() > 1000:
        return f"an int of {value.bit_length()} bits"
    return (str(value) if isinstance(value, Raised) else reprlib.repr(value))[:SHOWN]


def describe(case: Case) -> str:
    """A case's arguments, as the instructor reads them."""
    named = [f"{key}={shown(value)}" for key, value in case.kwargs.items()]
    return ", ".join([*map(shown, case.args), *named])


def result_of(function: Reference, case: Case) -> Any:
    """What a function of ours gives: a value, or `Raised` where it refuses."""
    try:
        with torch.no_grad():
            return function(*case.args, **case.kwargs)
    except Exception as error:
        return Raised(type(error).__name__, "")


def same(got: Any, theirs: Any) -> bool:
    """Does a mutant's value equal what came back? (Two errors are equal, whatever they say.)"""
    if isinstance(got, Raised) or isinstance(theirs, Raised):
        return isinstance(got, Raised) and isinstance(theirs, Raised)
    return fault(got, theirs) is None
