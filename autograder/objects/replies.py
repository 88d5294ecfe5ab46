"""The forms in which an operation's result crosses from the student's object to an exam.

A reply is *told* beside the object and *read* by whoever asked, who trusts nothing: what has not exactly the form that
was asked for is `Misshapen`. What is no plain value crosses as a handle, made by `out`: a message in the candidate, a
local subject in tests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch

from autograder.objects import operations
from autograder.objects.footprint import Footprint, ModuleMark, TensorMark
from autograder.objects.operations import Answer, Entry, Outline

Out = Callable[[Any], Any]


class Misshapen(Exception):
    """What came has not the form that its operation calls for."""


class Reply(ABC):
    """One form. `values`: what the operation was given; `handle`: the class of subjects."""

    def told(self, result: Any, out: Out) -> Any:
        """The result as it crosses."""
        return result

    @abstractmethod
    def read(self, told: Any, values: tuple[Any, ...], handle: type) -> Any:
        """The result as an exam gets it; raise `Misshapen`."""


class Nothing(Reply):
    """The operation is done."""

    def read(self, told, values, handle):
        expect(told is None)


class Value(Reply):
    """A plain value, or a subject where it is none."""

    def told(self, result, out):
        plain = operations.in_numbers(result)
        return plain if operations.is_plain(plain) else out(result)

    def read(self, told, values, handle):
        expect(is_value(told, handle))
        return told


class Pair(Reply):
    """Two values, each plain or a subject."""

    def told(self, result, out):
        return tuple(VALUE.told(value, out) for value in result)

    def read(self, told, values, handle):
        expect(type(told) is tuple and len(told) == 2 and is_value(told, handle))
        return told


class Thing(Reply):
    """A subject."""

    def told(self, result, out):
        return out(result)

    def read(self, told, values, handle):
        expect(isinstance(told, handle))
        return told


class Exactly(Reply):
    """A value of one of these types."""

    def __init__(self, *types: type):
        self.types = types

    def read(self, told, values, handle):
        expect(type(told) in self.types)
        return told


class Rows(Reply):
    """Rows by name: of a dataclass `row`, each field's value passing its check."""

    def __init__(self, row: Any, *checks: Callable[[Any], bool]):
        self.row, self.checks = row, checks

    def told(self, result, out):
        return [
            (name, *(getattr(entry, field) for field in self.row.__dataclass_fields__))
            for name, entry in result.items()
        ]

    def read(self, told, values, handle):
        expect(type(told) is list)
        for row in told:
            expect(type(row) is tuple and len(row) == 1 + len(self.checks) and type(row[0]) is str)
            expect(all(check(field) for check, field in zip(self.checks, row[1:], strict=True)))
        return {name: self.row(*fields) for name, *fields in told}


class Answered(Reply):
    """A call's `Answer`; the arguments stand in it only where one of them changed."""

    def told(self, result, out):
        output = VALUE.told(result.output, out)
        return output, list(result.gradients), list(result.after) if result.changed else None, result.parameters

    def read(self, told, values, handle):
        expect(type(told) is tuple and len(told) == 4)
        output, gradients, after, parameters = told
        expect(is_value(output, handle) and type(gradients) is list and type(parameters) is dict)
        given = [*operations.tensors(values[0]), *operations.tensors(values[1])]
        expect(len(gradients) == sum(t.requires_grad for t in given))
        expect(all(g is None or isinstance(g, torch.Tensor) for g in (*gradients, *parameters.values())))
        expect(all(type(name) is str for name in parameters))
        changed = after is not None
        if after is None:  # all arguments stand as they were
            after = [t.detach() for t in given]
        expect(type(after) is list and len(after) == len(given) and all(isinstance(t, torch.Tensor) for t in after))
        return Answer(output, gradients, after, parameters, changed)


class Footprints(Reply):
    """A `Footprint`: rows of modules, and rows of tensors."""

    def told(self, result, out):
        return MODULES.told(result.modules, out), TENSORS.told(result.tensors, out)

    def read(self, told, values, handle):
        expect(type(told) is tuple and len(told) == 2)
        return Footprint(MODULES.read(told[0], values, handle), TENSORS.read(told[1], values, handle))


def expect(true: bool) -> None:
    if not true:
        raise Misshapen


def is_value(value: Any, handle: type) -> bool:
    """Is it a plain value, with subjects in it, and no message?"""
    if isinstance(value, list | tuple):
        return all(is_value(item, handle) for item in value)
    if isinstance(value, dict):
        return all(is_value(item, handle) for item in value.values())
    return value is None or isinstance(value, bool | int | float | str | torch.Tensor | torch.dtype | handle)


def _is(*types: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in types


def _is_shape(value: Any) -> bool:
    return value is None or (type(value) is tuple and all(type(n) is int and n >= 0 for n in value))


def _are_ints(value: Any) -> bool:
    return type(value) is tuple and all(type(n) is int for n in value)


def _may_be_tensor(value: Any) -> bool:
    return value is None or isinstance(value, torch.Tensor)


NOTHING, VALUE, PAIR, THING, ANSWER = Nothing(), Value(), Pair(), Thing(), Answered()
TRUTH, TEXT = Exactly(bool), Exactly(str, type(None))
ENTRIES = Rows(Entry, _may_be_tensor, _is(int), _is(bool), _is(bool))
OUTLINES = Rows(Outline, _is_shape, _is(int), _is(bool), _is(bool))
MODULES = Rows(ModuleMark, _is(bool), _are_ints, _is(bool))
TENSORS = Rows(TensorMark, _is(bool), _is(int, type(None)), _is(int))
FOOTPRINT = Footprints()
