"""A student's exception as data: a name from a fixed list and a bounded plain text. Describing one cannot fail."""

from __future__ import annotations

import re
import unicodedata

# The exceptions whose names may cross the boundary, most specific first; any other is an "Exception".
KINDS = (
    NotImplementedError, RecursionError, UnboundLocalError, ModuleNotFoundError, IndexError, KeyError, OverflowError,
    ZeroDivisionError, FloatingPointError, UnicodeError, AttributeError, NameError, TypeError, AssertionError,
    ImportError, MemoryError, PermissionError, FileNotFoundError, OSError, StopIteration, ValueError, RuntimeError,
    ArithmeticError, LookupError, EOFError,
)  # fmt: skip
NAMES = frozenset(kind.__name__ for kind in KINDS) | {"Exception"}
MESSAGE_LIMIT, LINE_LIMIT = 500, 120
MARKS = 2  # that may stand above or below a letter
CLASS = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")  # a name that can be shown as it is
TOO_LARGE = "TooLarge"  # no exception: what code gave back is more than an answer may hold


def kind_of(error: BaseException) -> str:
    """The first of `KINDS` that it is, by its true class."""
    return next((kind.__name__ for kind in KINDS if issubclass(type(error), kind)), "Exception")


def name_of(error: BaseException) -> str:
    """The name of its own class, where it is a plain word; "" where it is none."""
    return shown_name(type.__dict__["__name__"].__get__(type(error)))


def shown_name(name: str) -> str:
    """A class's name that comes from a stranger, where it is a plain word; "" where it is none."""
    return name if CLASS.fullmatch(name) else ""


def message_of(error: BaseException) -> str:
    """Its words, or "" where its class cannot say them."""
    try:
        return plain(str.__str__(str(error)), MESSAGE_LIMIT)
    except BaseException:
        return ""


def plain(text: str, limit: int) -> str:
    """At most `limit` characters, each of them printable, a line break or a tab, with few marks above one another."""
    told = "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text[:limit])
    return "".join(
        c for i, c in enumerate(told) if not all(map(unicodedata.combining, told[max(i - MARKS, 0) : i + 1]))
    )
