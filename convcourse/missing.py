"""Why a name is missing where a cell needs it, in words: another cell stopped, or defines it too late."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MISSED = re.compile(r"name '(\w+)' is not defined")
PLACE = re.compile(r" \(<?[\w.-]*>?, (line \d+)\)$")  # what Python adds to a SyntaxError


@dataclass(frozen=True)
class Cell:
    """A cell of code that ran. name: by which people know it. error: "" where it ran to its end."""

    name: str
    source: str
    error: str = ""


def in_words(error: BaseException) -> str:
    """An error in one line, without its full stop: "ValueError: no"."""
    name, said = type(error).__name__, str(error).strip().partition("\n")[0]
    said = PLACE.sub(r" in its \1", said.removesuffix("but expected one of:")).rstrip(" .:,")
    return f"{name}: {said}" if said else name


def with_reason(error: str, cells: Sequence[Cell]) -> str:
    """What a cell or a check says, and, where it misses a name that another cell should have defined, why."""
    missed = MISSED.search(error)
    stopped = [cell for cell in cells if missed and cell.error and defines(cell.source, missed[1])]
    if not missed or not stopped:
        return error
    others = [cell for cell in cells if cell is not stopped[-1]]
    why = f"because the cell `{stopped[-1].name}` stopped with {with_reason(stopped[-1].error, others)}"
    return f"{error.rstrip('.')}. `{missed[1]}` is not defined, {why}"


def defines(source: str, name: str) -> bool:
    """Does a cell's text define or import this name at its outermost level?"""
    word = re.escape(name)
    ways = (
        rf"(?:async[ \t]+)?(?:def|class)[ \t]+{word}\b",
        rf"{word}[ \t]*(?::[^=\n]+)?=(?!=)",
        rf"(?:from[ \t]+\S+[ \t]+)?import[ \t].*\b{word}\b",
    )
    return re.search(rf"(?m)^(?:{'|'.join(ways)})", source) is not None
