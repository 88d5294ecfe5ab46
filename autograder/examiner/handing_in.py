"""What an instructor's own asserts hand in to the student's code, and how it stands after a call.

Values go as copies. A function of a library goes by its name, a function of the test itself as its text.
"""

from __future__ import annotations

import ast
import sys
import types
from collections import OrderedDict, deque
from typing import Any

import numpy as np
import torch

from autograder.examiner.their_errors import Theirs
from autograder.examiner.things import Thing, of
from autograder.wire.codec import Unsendable
from autograder.wire.messages import Held, Special
from autograder.wire.values import apart

LIBRARIES = "builtins", "math", "operator", "numpy", "torch", "torch.nn.functional"
CELL = "<grade cell>"  # the file of an instructor's text


class Handing:
    """Hands in values of one grade cell, whose text is `source`."""

    def __init__(self, source: str):
        self._source = source

    def __call__(self, value: Any) -> Any:
        """The value as it crosses. Raise `Unsendable` for what does not."""
        return apart(value, self._other)

    def _other(self, value: Any) -> Any:
        if type(value) is Thing:
            return Held(of(value).hold.id)
        if isinstance(value, type) and issubclass(value, Theirs) and value.held is not None:
            return Held(value.held)
        if isinstance(value, types.FunctionType) and value.__code__.co_filename == CELL:
            return self._code(value)
        if callable(value) and (place := _place(value)):
            return Special("named", place)
        raise Unsendable(f"{_article(type(value).__name__)} does not cross")

    def _code(self, function: types.FunctionType) -> Special:
        """A function of the test's own, as its text, with the imports that it needs."""
        code = function.__code__
        if code.co_freevars:
            raise Unsendable(f"a function that uses `{code.co_freevars[0]}` from around it does not cross")
        imports = []
        for name in _names(code):
            used = function.__globals__.get(name)
            if isinstance(used, types.ModuleType):
                imports.append(f"import {used.__name__} as {name}" if "." not in used.__name__ else _import(used, name))
            elif name in function.__globals__:
                raise Unsendable(f"a function that uses `{name}`, which stays here, does not cross")
        node = next((node for node in ast.walk(ast.parse(self._source)) if _is_of(node, code)), None)
        if node is None:
            raise Unsendable(f"the function `{function.__name__}` does not cross")
        return Special("code", (function.__name__, ast.unparse(node), imports))


def _import(module: types.ModuleType, name: str) -> str:
    package, _, last = module.__name__.rpartition(".")
    return f"from {package} import {last} as {name}"


def _names(code: types.CodeType) -> set[str]:
    inner = [part for part in code.co_consts if isinstance(part, types.CodeType)]
    return {*code.co_names, *(name for part in inner for name in _names(part))}


def _is_of(node: ast.AST, code: types.CodeType) -> bool:
    """Is it the text of this code?"""
    if isinstance(node, ast.FunctionDef):
        return node.name == code.co_name and node.lineno == code.co_firstlineno and not node.decorator_list
    if not isinstance(node, ast.Lambda) or code.co_name != "<lambda>" or node.lineno != code.co_firstlineno:
        return False
    compiled = eval(compile(ast.Expression(node), CELL, "eval"), {}).__code__  # a lambda runs nothing yet
    return (compiled.co_code, compiled.co_consts, compiled.co_names) == (code.co_code, code.co_consts, code.co_names)


def _place(value: Any) -> tuple[str, str] | None:
    """The module and the name under which a function or class of a library is found, where it is."""
    owner = getattr(value, "__objclass__", None)
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    for module in (getattr(owner or value, "__module__", None), *LIBRARIES):
        found: Any = sys.modules.get(module) if isinstance(module, str) else None
        for part in name.split(".") if found is not None and isinstance(name, str) else ():
            found = getattr(found, part, None)
        if found is value:
            return str(module), str(name)
    return None


def _article(name: str) -> str:
    return f"an {name}" if name[:1].lower() in "aeiou" else f"a {name}"


def restore(mine: Any, theirs: Any) -> bool:
    """Make what was handed in equal to what it became in the student's code, in place; was it changed?"""
    kind = type(mine)
    if kind is not type(theirs):
        return False
    if kind is tuple and len(mine) == len(theirs):
        return any([restore(a, b) for a, b in zip(mine, theirs)])
    if kind in (list, deque):
        return _restore_items(mine, theirs)
    if kind in (dict, OrderedDict):
        changed = [*mine] != [*theirs]
        kept = [key for key in mine if key in theirs and _same_kind(mine[key], theirs[key])]
        values = [(key, mine[key] if key in kept else value) for key, value in theirs.items()]
        changed = any([restore(mine[key], theirs[key]) for key in kept]) or changed
        changed = changed or any(key not in mine or _differs(mine[key], value) for key, value in values)
        mine.clear()
        mine.update(values)
        return changed
    if kind is set and mine != theirs:
        mine.clear()
        mine.update(theirs)
        return True
    if kind is bytearray and mine != theirs:
        mine[:] = theirs
        return True
    if kind in (np.ndarray, torch.Tensor) and mine.shape == theirs.shape and mine.dtype == theirs.dtype:
        equal = torch.equal(mine, theirs) if kind is torch.Tensor else mine.tobytes() == theirs.tobytes()
        if not equal:
            with torch.no_grad():
                mine[...] = theirs
        return not equal
    return False


def _restore_items(mine: Any, theirs: Any) -> bool:
    if len(mine) != len(theirs):
        mine.clear()
        mine.extend(theirs)
        return True
    changed = False
    for place, item in enumerate(theirs):
        if _same_kind(mine[place], item):
            changed = restore(mine[place], item) or changed
        elif _differs(mine[place], item):
            mine[place] = item
            changed = True
    return changed


MUTABLE: tuple[Any, ...] = (list, deque, dict, OrderedDict, set, bytearray, np.ndarray, torch.Tensor, tuple)


def _same_kind(mine: Any, theirs: Any) -> bool:
    """Can one be changed into the other in place?"""
    return type(mine) in MUTABLE and type(mine) is type(theirs)


def _differs(mine: Any, theirs: Any) -> bool:
    if type(mine) is not type(theirs):
        return True
    return mine is not theirs if type(mine) is Thing or isinstance(mine, type) else repr(mine) != repr(theirs)
