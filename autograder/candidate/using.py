"""What an instructor's asserts may do with a student's object: one use, and what came of it.

Runs beside the student's code. Values cross as `wire.values` takes them apart; all else stays here, as an object.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import copy
import io
import operator
from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch

from autograder.candidate.shell import out_of_memory
from autograder.wire import messages
from autograder.wire.errors import KINDS, kind_of, message_of, name_of, plain
from autograder.wire.values import apart, together

LONGEST_PRINTED, LONGEST_NAME, LINEAGE = 100_000, 60, 20
OPERATORS = "lt le eq ne gt ge neg pos abs invert contains getitem setitem delitem iadd isub imul"
TURNED = "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift"


def _turned(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda obj, other: operation(other, obj)


USES: dict[str, Callable[..., Any]] = {
    **{name: getattr(operator, name) for name in OPERATORS.split()},
    **{name.rstrip("_"): getattr(operator, name) for name in TURNED.split()},
    **{f"r{name.rstrip('_')}": _turned(getattr(operator, name)) for name in TURNED.split()},
    "itself": lambda obj: obj,
    "call": lambda obj, *args, **kwargs: obj(*args, **kwargs),
    **{use.__name__: use for use in (getattr, setattr, delattr, len, str, repr, bool, int, float, complex, round)},
    **{use.__name__: use for use in (iter, next, reversed, format, dir, callable, divmod, type)},
    **{use.__name__: use for use in (copy.copy, copy.deepcopy)},
    "instance": lambda obj, cls: isinstance(obj, cls),
    "subclass": lambda obj, cls: issubclass(obj, cls),
    "enter": lambda obj: type(obj).__enter__(obj),
    "exit": lambda obj: type(obj).__exit__(obj, None, None, None),
}


def use(
    obj: Any, name: str, args: tuple, kwargs: dict[str, Any], back: bool, other: Callable[[Any], Any], line_of: Callable
) -> messages.Used | messages.Raising:
    """One use of an object. back: say how the arguments stand afterwards. other: of a value that stays here. line_of:
    where an exception was raised."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            value = USES[name](obj, *args, **kwargs)
        after = apart((args, kwargs), other) if back else None
        return messages.Used(apart(_at_hand(value), other), printed.getvalue()[:LONGEST_PRINTED], after)
    except Exception as error:
        if out_of_memory(error):
            raise
        told = kind_of(error), message_of(error), name_of(error), line_of(error)
        return messages.Raising(lineage_of(type(error)), *told, printed.getvalue()[:LONGEST_PRINTED])


def _at_hand(value: Any) -> Any:
    """A view of a dict as a list: `d.items()` is compared and sorted like one."""
    return list(value) if type(value) in (type({}.keys()), type({}.values()), type({}.items())) else value


def about(obj: Any) -> tuple[str, str, list[Any]]:
    """The kind, name and lineage of an object that stays here."""
    cls = obj if isinstance(obj, type) else type(obj)
    kind = "object"
    if cls is obj:
        kind = "error" if issubclass(cls, BaseException) else "class"
    name = getattr(obj, "__name__", None)
    told = plain(str(name if type(name) is str else cls.__name__), LONGEST_NAME)
    return kind, told, lineage_of(cls) if kind == "error" else []


def lineage_of(cls: type) -> list[Any]:
    """The classes of exceptions that a notebook defines from which this one derives, itself first, and the kind that
    all of them are."""
    own = [one for one in cls.__mro__ if issubclass(one, Exception) and one.__module__ == "__main__"]
    found: list[Any] = [[id(one), plain(one.__name__, LONGEST_NAME)] for one in own[:LINEAGE]]
    return [*found, next((kind.__name__ for kind in KINDS if issubclass(cls, kind)), "Exception")] if found else []


def put_together(special: messages.Special) -> Any:
    """What an assert hands in beside plain values. A function of its own comes as its text."""
    if special.kind == "named":
        found: Any = import_module(special.parts[0])
        for name in special.parts[1].split("."):
            found = getattr(found, name)
        return found
    if special.kind == "code":
        return _defined(*special.parts)
    return together(special)


def _defined(name: str, source: str, imports: list[str]) -> Any:
    """The function that this text, a `def` or a lambda, defines."""
    scope: dict[str, Any] = {"__builtins__": builtins, "torch": torch}
    exec("\n".join(imports), scope)
    if isinstance(ast.parse(source).body[0], ast.Expr):
        return eval(source, scope)
    exec(source, scope)
    return scope[name]
