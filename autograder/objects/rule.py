"""What a ban is made of: which operators and library functions are refused in a call, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

# Operators whose name speaks of work that an assignment may ask to be written by hand. Each is in one of the families
# of `bans.families`, and every ban says of each family that it is refused, or why not.
SPEAKS = r"conv|im2col|col2im|fold|deform|correl|pool|interp|upsampl|grid_samp|roi_"


class BannedOperator(RuntimeError):
    """A graded function called an operator that its assignment asks to be written by hand."""


@dataclass(frozen=True)
class Rule:
    """One ban.

    refused: families of operators that a call may not use. allowed: the other families, each with the reason why.
    sentence: what to say. library: Python's ways to the same work, "module" (all that it defines) or "module:pattern"
    of names, methods as "Class.method"; what is not imported is not looked at. free: calls of refused operators for
    which `free(operator, arguments)` is true pass all the same. autograd: no graph may be built either, and none
    walked, under whatever name; nor forward mode. bases: library classes of which nothing may be made, nor of any class
    that inherits from them.
    """

    refused: tuple[str, ...]
    allowed: Mapping[str, str]
    sentence: str
    library: tuple[str, ...] = ()
    free: Callable[[str, tuple], bool] | None = None
    autograd: bool = False
    bases: tuple[type, ...] = ()
