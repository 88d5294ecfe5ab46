"""What a student's code raises in an instructor's own asserts: exceptions that `except` and `pytest.raises` can catch.

A kind of Python's is raised as a class that derives from it. A class that the notebook defines is a class here too, the
same one for its name in a test and for what is raised.
"""

from __future__ import annotations

import builtins
from typing import Any

from autograder.exam.subject import Raised
from autograder.wire.errors import NAMES, shown_name
from autograder.wire.frames import Malformed

LINEAGE = 20
# It would end a loop of the test's own (`all(map(f, …))`) as if all were well.
ELSE = {"StopIteration": "RuntimeError"}


class Theirs(Exception):
    """An exception of the student's code. held: the number of its class in the candidate, where the notebook defines
    it and a test named it. raised: what is known of it."""

    held: int | None = None
    raised: Raised | None = None

    def __str__(self) -> str:
        return self.raised.message if self.raised is not None else super().__str__()


class Classes:
    """The classes of exceptions of one candidate."""

    def __init__(self) -> None:
        self._known: dict[Any, type[Theirs]] = {}

    def error(self, raised: Raised, lineage: list[Any]) -> Theirs:
        """What to raise."""
        error = self.of(lineage or [raised.kind])(raised.message)
        error.raised = raised
        return error

    def of(self, lineage: list[Any]) -> type[Theirs]:
        """The class of this lineage: [number, name] of each class of the notebook's, itself first, then a kind of
        Python's. Raise `Malformed` for anything else."""
        *own, kind = lineage if type(lineage) is list and 0 < len(lineage) <= LINEAGE + 1 else [None]
        if kind not in NAMES:
            raise Malformed("an exception of no kind")
        cls = self._of_python(kind)
        for entry in reversed(own):
            if type(entry) is not list or [*map(type, entry)] != [int, str]:
                raise Malformed("a class of no name")
            number, name = entry
            cls = self._known[number] = self._known.get(number) or type(shown_name(name) or "Error", (cls,), {})
        return cls

    def _of_python(self, kind: str) -> type[Theirs]:
        if kind not in self._known:
            base = getattr(builtins, ELSE.get(kind, kind))
            self._known[kind] = type(kind, (Theirs,) if base is Exception else (base, Theirs), {})
        return self._known[kind]
