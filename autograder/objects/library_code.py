"""Python's functions that refuse while a ban is up: SciPy's filters, `torch._decomp`'s operators written in Python, …

The dispatcher knows nothing of them, so their *code* is exchanged, which every reference to a function shares, whoever
took it when and under whatever name. What is compiled (`scipy.ndimage._nd_image`, OpenCV) has no code: it is exchanged
in its module, and a reference that was taken before goes on working. So this holds for the names we know of.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from autograder.objects.rule import BannedOperator, Rule

# Code that calls a constant of its own, which is put there, with whatever arguments it is given.
_CALLING = (lambda *args, **kwargs: [None][0](*args, **kwargs)).__code__  # type: ignore[misc]


class LibraryCode:
    """The functions of a rule's `library` that are imported, refusing from `refuse` to `restore`."""

    def __init__(self) -> None:
        self._codes: list[tuple[types.FunctionType, types.CodeType]] = []
        self._attributes: list[tuple[Any, str, Any]] = []

    def refuse(self, rule: Rule) -> None:
        functions, compiled = _found(
            rule.library, rule.sentence, tuple(place in sys.modules for place in _places(rule.library))
        )
        for function, code in functions:
            self._codes.append((function, function.__code__))
            function.__code__ = code
        for module, name, guard in compiled:
            self._attributes.append((module, name, vars(module)[name]))
            setattr(module, name, guard)

    def restore(self) -> None:
        for function, code in self._codes:
            function.__code__ = code
        for module, name, own in self._attributes:
            setattr(module, name, own)
        self._codes, self._attributes = [], []


@cache
def _found(
    library: tuple[str, ...], sentence: str, known: tuple[bool, ...]
) -> tuple[list[tuple[types.FunctionType, types.CodeType]], list[tuple[types.ModuleType, str, Callable]]]:
    """Functions with the code that refuses, and compiled ones with what stands in their place; of those
    modules that are `known` by now."""
    functions: dict[types.FunctionType, types.CodeType] = {}
    compiled: list[tuple[types.ModuleType, str, Callable]] = []
    for entry in library:
        place, _, pattern = entry.partition(":")
        module = sys.modules.get(place)
        if not isinstance(module, types.ModuleType):
            continue
        for name, thing in _members(module, pattern):
            refused = _refusal(f"{_public(place)}.{name}", sentence)
            if isinstance(thing, types.FunctionType):
                functions[thing] = _CALLING.replace(
                    co_consts=(refused, *_CALLING.co_consts[1:]),
                    co_freevars=thing.__code__.co_freevars,
                    co_name=thing.__name__,
                )
            else:
                compiled.append((module, name, refused))
    return list(functions.items()), compiled


def _places(library: tuple[str, ...]) -> Iterator[str]:
    return (entry.partition(":")[0] for entry in library)


def _members(module: types.ModuleType, pattern: str) -> Iterator[tuple[str, Any]]:
    """What a module defines by itself, or what of it has such a name: functions, methods, what is compiled."""
    for name, thing in list(vars(module).items()):
        own = getattr(thing, "__module__", None) == module.__name__
        if isinstance(thing, type) and (own or pattern):
            methods = ((f"{name}.{key}", getattr(value, "__func__", value)) for key, value in vars(thing).items())
            yield from (
                (n, m)
                for n, m in methods
                if _is_named(n, pattern)
                and isinstance(m, types.FunctionType)
                # A class may hold functions of others, such as those that every Enum has.
                and (pattern or m.__module__ == module.__name__)
            )
        elif callable(thing) and _is_named(name, pattern) and (own or pattern or isinstance(thing, _COMPILED)):
            while not isinstance(thing, types.FunctionType) and hasattr(thing, "__wrapped__"):  # NumPy's dispatchers
                thing = thing.__wrapped__
            yield name, thing
            while (thing := getattr(thing, "__wrapped__", None)) is not None:
                yield name, thing


_COMPILED = types.BuiltinFunctionType


def _is_named(name: str, pattern: str) -> bool:
    return not name.startswith("__") and (not pattern or fnmatchcase(name, pattern))


def _public(module: str) -> str:
    """ "scipy.ndimage._filters" is what people know as "scipy.ndimage"."""
    return module.partition("._")[0]


def _refusal(name: str, sentence: str) -> Callable:
    def refused(*_args, **_kwargs):
        raise BannedOperator(f"{name}: {sentence}")

    return refused
