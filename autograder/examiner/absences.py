"""Why a name is not there: the cell that was to define it stopped, was not written, or comes too late.

What is told is a student's text and a candidate's: bounded, in one line, and nothing that a mark depends on.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.exam import errors
from autograder.examiner.results import StoppedCell
from autograder.wire.errors import shown_name
from convcourse.submission.mending import defined, parsed

MOST = 3  # cells of which one stopped the next, and names, that are told
LONGEST_NAME = 60  # characters of a line by which a cell is called
NAMED = re.compile(r"'(\w[\w.]{0,60})'")
MISSED = re.compile(r"name '(\w{1,100})' is not defined")
# What Python adds to a SyntaxError: the file, which students never see, and the line.
IN_ITS_LINE = r" in its \1"
PLACE = re.compile(r" \(<?[\w.-]*>?, (line \d+)\)$")
PACKAGES = " The grader has this notebook and the packages that the page “How to submit” names. It installs nothing."


@dataclass
class Cell:
    """A cell of code.

    name: by which people know it, its id where that is `known`, else one of its lines.
    names: what its text defines, and what it should define.
    ended: "" while it has not run, "ok", or how it ended instead, as what follows on "the cell `…`".
    missed: the name that was not there when it stopped. error: the name of the exception that stopped it.
    """

    source: str
    known: bool
    name: str
    names: set[str]
    ended: str = ""
    missed: str = ""
    error: str = ""

    @property
    def because(self) -> str:
        return f"because the cell `{self.name}` {self.ended}"


class Absences:
    """The cells of code of one notebook, in order, and how each ended."""

    def __init__(self, cells: Iterable[tuple[str, str, bool]], graded: Mapping[str, Collection[str]]):
        """cells: the id and the text of each, and whether it has a name that students know. graded: what is examined of
        the cells for answers, by their ids."""
        self._cells = {
            id: Cell(source, known, id if known else first_line(source), names_of(source).union(graded.get(id, ())))
            for id, source, known in cells
        }
        self._graded = {name: id for id, names in graded.items() for name in names}
        self._blamed: dict[str, list[str]] = {}

    def name(self, id: str) -> str:
        """By which people know a cell."""
        return self._cells[id].name if id in self._cells else id

    def ran(self, id: str, outputs: Sequence[Mapping[str, Any]], limit: str | None) -> None:
        """A cell ran to its end, to an error, or into the limit that this sentence tells."""
        if (cell := self._cells.get(id)) is None:
            return
        error = next((output for output in reversed(outputs) if output["output_type"] == "error"), None)
        if limit:
            said = limit.removeprefix(f"The cell `{cell.name}` ")
            cell.ended = "did not run to its end" if said == limit else said.rstrip(".")
        elif error is None:
            cell.ended = "ok"
        else:
            cell.error, message = shown_name(error["ename"]) or "an error", errors.first_line(error["evalue"])
            cell.ended = f"stopped with {errors.in_words(cell.error, PLACE.sub(IN_ITS_LINE, message))}"
            missed = MISSED.search(message) if cell.error == "NameError" else None
            cell.missed = missed[1] if missed else ""
            if not cell.known and (named := NAMED.search(message)):
                cell.name = first_line(cell.source, named[1])

    def why(self, name: str) -> str:
        """Why this name is not there, as what follows on it in a sentence; "" where nothing is known."""
        return self._why(name, ())

    def of_error(self, message: str) -> str:
        """The name that a NameError says is missing, and why, as what follows on "it needs"; "" where nothing is known
        of it."""
        missed = MISSED.search(message)
        why = self._why(missed[1], ()) if missed else ""
        return f"`{missed[1]}`, but it {why}" if missed and why else ""

    def _why(self, name: str, asked: tuple[str, ...]) -> str:
        cells = [(id, cell) for id, cell in self._cells.items() if name in cell.names]
        id, blamed = next(((i, cell) for i, cell in reversed(cells) if cell.ended not in ("", "ok")), ("", None))
        if blamed is not None and blamed.error == "NotImplementedError":
            return "is not written yet"
        if blamed is not None:
            names = self._blamed.setdefault(id, [])
            names += [name] if name not in names else []
            said = f"is not defined, {blamed.because}"
            if blamed.missed and blamed.missed not in (name, *asked) and len(asked) < MOST:
                deeper = self._why(blamed.missed, (name, *asked))
                said += f". `{blamed.missed}` {deeper}" if deeper else ""
            return said
        later = next((cell for _, cell in cells if not cell.ended), None)
        if later is not None:
            return f"is defined too late, in the cell `{later.name}`, which runs after this part is examined"
        if (own := self._cells.get(self._graded.get(name, ""))) is not None and own.ended == "ok":
            return f"is not defined, although the cell `{own.name}` ran to its end. Keep the name as it was handed out"
        return ""

    def stopped(self) -> list[StoppedCell]:
        """The cells because of which something was missed that an exam asked for, in the notebook's order."""
        return [
            StoppedCell(id, cell.because, self._sentence(cell, self._blamed[id]))
            for id, cell in self._cells.items()
            if id in self._blamed
        ]

    def _sentence(self, cell: Cell, names: list[str]) -> str:
        some = [f"`{name}`" for name in names[:MOST]] + [f"{len(names) - MOST} more names"] * (len(names) > MOST)
        missing = " and ".join(filter(None, (", ".join(some[:-1]), some[-1])))
        are = "is" if len(names) == 1 else "are"
        hint = PACKAGES if cell.error == "ModuleNotFoundError" else ""
        return f"The cell `{cell.name}` {cell.ended}. So {missing} {are} not defined.{hint}"


def first_line(source: str, word: str = "") -> str:
    """The line by which a student's own cell is called: the first one with this word, else the first one of code."""
    lines = [line.strip() for line in source.splitlines()]
    code = [line for line in lines if line and not line.startswith(("#", "%"))]
    line = next((line for line in code if word in line), next(iter(code), source.strip()))
    line = "".join(c for c in line[: 2 * LONGEST_NAME] if c.isprintable() and c != "`")
    return line if len(line) <= LONGEST_NAME else f"{line[:LONGEST_NAME]}…"


def names_of(source: str) -> set[str]:
    """The names that a cell's text defines or imports at its outermost level, also where it is no Python."""
    tree = parsed(source)
    imports = [one for one in (tree.body if tree else ()) if isinstance(one, ast.Import | ast.ImportFrom)]
    return defined(source) | {
        alias.asname or alias.name.split(".")[0] for one in imports for alias in one.names if alias.name != "*"
    }
