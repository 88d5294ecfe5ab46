"""What a student handed in becomes the cells that run.

Of the file count the answers, each in its cell of the assignment, and cells of the student's own, each placed after the
known cell before it. Accidents are mended and told: cells that lost their metadata are found by their id, their text,
what they define, or their place; of doubled ids the last one that was written in counts; locked cells are put back, and
imports that were added to them are kept.

An assignment that was mended after it was handed out is no accident of the student's. A cell that stands as in any
version of the assignment counts as left as it was handed out, and an earlier version is told as such.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain, pairwise

from convcourse.submission.intake import Cell, Submitted, Unreadable, parse
from convcourse.submission.limits import FileLimits

LONG_NAME = re.compile(r"\b(?:\w++[^\S\n]*+\.[^\S\n]*+){200,}+\w*")
NAMED = 6  # cells that a sentence names; of more it gives the number
PYTHON = "", "python", "python3", "ipython"
# What can happen to cells, in the order in which it is told; {} are the cells.
SENTENCES = {
    "id": "These cells had lost nbgrader's metadata and were recognised by their ids: {}.",
    "text": "These cells had lost nbgrader's metadata and were recognised by their text: {}.",
    "name": "These cells had lost nbgrader's metadata and were recognised by what they define: {}.",
    "place": "These cells had lost nbgrader's metadata and were recognised by their place: {}.",
    "doubled": "These cells were there more than once, and the last one that was written in counts: {}.",
    "kind": "These cells had become cells of another type and were changed back: {}.",
    "earlier": (
        "The notebook is an earlier version of the assignment. These locked cells have changed since then, and the "
        "present ones ran: {}."
    ),
    # The student need not have changed them: of a version that nothing is known of it cannot be told.
    "changed": "These locked cells differ from the assignment's present version and were put back: {}.",
    "imports": "Imports had been added to these locked cells; they were kept and run after them: {}.",
    "gone": "These locked cells were not in the notebook and were put in: {}.",
    "no answer": "These cells for answers were not in the notebook and count as left as they were handed out: {}.",
}


@dataclass(frozen=True)
class Given:
    """A cell of the assignment. kind: "code" or "markdown"; answer: students write in it; text: as they receive it;
    full: as it runs where it is locked; names: those that an answer's cell defines, by which it is found; versions:
    fingerprints of its text in all versions of the assignment."""

    kind: str
    answer: bool
    text: str
    full: str
    names: frozenset[str] = frozenset()
    versions: frozenset[str] = frozenset()

    def is_present(self, text: str) -> bool:
        """Is this the cell's text now, as students receive it or, of a locked cell, in full?"""
        return stripped(text) in (stripped(self.text), stripped(self.text if self.answer else self.full))

    def is_as_handed_out(self, text: str) -> bool:
        """Is this the cell's text now, or that of an earlier version of the assignment?"""
        return self.is_present(text) or fingerprint(text) in self.versions


@dataclass
class Accidents:
    """What had to be mended: cells by accident, and sentences about the file as a whole."""

    cells: dict[str, list[str]] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)

    def add(self, accident: str, key: str) -> None:
        self.cells.setdefault(accident, []).append(key)

    def told(self) -> list[str]:
        names = {accident: _listed(keys) for accident, keys in self.cells.items()}
        return [words.format(names[what]) for what, words in SENTENCES.items() if what in names] + self.others


@dataclass
class Mended:
    """cells: those that run, in order, each with the key of the assignment's cell, None for one of the student's own,
    and what the student wrote there, None where the assignment's cell stands as it was handed out."""

    cells: list[tuple[str | None, Cell | None]]
    accidents: Accidents

    def told(self) -> list[str]:
        """What was mended, in sentences for the student."""
        return self.accidents.told()


def mend(
    submitted: bytes,
    given: Mapping[str, Given],
    limits: FileLimits,
    common: Collection[str] = frozenset(),
    earlier: Collection[str] = frozenset(),
) -> Mended:
    """The cells that run. given: the assignment's cells by their grade_id, in order; common: ids and fingerprints of
    cells that other assignments have, too, so that by these alone a notebook is none of this assignment; earlier:
    fingerprints of all cells that any version of the assignment had.

    Raise `Unreadable` where the bytes are no notebook, or none of this assignment.
    """
    accidents = Accidents()
    file = parse(submitted, limits)
    _tell_of_the_file(file, accidents)
    recognise(file.cells, given, accidents)
    gone = {*earlier} - {fingerprint(ours.text) for ours in given.values()}
    for cell in file.cells:
        cell.earlier = cell.key is None and fingerprint(cell.source) in gone
    _tell_of_long_cells(file.cells, limits, accidents)
    if not _tells(file.cells, given, common, accidents):
        raise Unreadable("None of this assignment's cells is in it. Is it the notebook of another assignment?")
    answers = _answers(file.cells, given, accidents)
    added = _added(_with_imports(file.cells, given, accidents), limits, accidents)
    cells: list[tuple[str | None, Cell | None]] = []
    for key in (None, *given):
        if key is not None:
            cells.append((key, answers.get(key)))
        cells += [(None, own) for own in added.get(key, [])]
    return Mended(cells, accidents)


def _tells(cells: list[Cell], given: Mapping[str, Given], common: Collection[str], accidents: Accidents) -> bool:
    """Is there a cell that only this assignment has? (Where it has none of its own, any will do.)"""
    own = given.keys() - common or given.keys()
    by_text = {key for how in ("text", "place") for key in accidents.cells.get(how, ())}
    known = (cell for cell in cells if cell.key in own)
    return any(cell.key not in by_text or fingerprint(cell.source) not in common for cell in known)


def _listed(keys: list[str]) -> str:
    """Cells by their names, or the first of them and how many more there are."""
    more = f" and {len(keys) - NAMED + 1} more" if len(keys) > NAMED else ""
    return ", ".join(f"`{key}`" for key in (keys[: NAMED - 1] if more else keys)) + more


def _tell_of_the_file(file: Submitted, accidents: Accidents) -> None:
    if file.broken:
        accidents.others.append(f"{file.broken} of the file's cells were no cells of a notebook and were left out.")
    if file.language.lower() not in PYTHON:
        accidents.others.append(f"It was saved with a kernel for {file.language!r} and was graded with Python 3.")


def _tell_of_long_cells(cells: list[Cell], limits: FileLimits, accidents: Accidents) -> None:
    long = [cell for cell in cells if cell.long]
    known = list(dict.fromkeys(f"`{cell.key}`" for cell in long if cell.key))
    if own := sum(cell.key is None for cell in long):
        known.append(f"{own} of your own")
    if known:
        accidents.others.append(
            f"A cell may hold {limits.cell_kib} KiB of text, and all cells together {limits.cells_kib} KiB. What these "
            f"cells held was more and was left out: {', '.join(known)}. Hand in the notebook without data in its cells."
        )


def recognise(cells: list[Cell], given: Mapping[str, Given], accidents: Accidents) -> None:
    """Set each cell's `key`: by nbgrader's metadata, else by its id, its text, what it defines, or its place."""
    for cell in cells:
        cell.key = cell.grade_id if cell.grade_id in given else None
    missing = given.keys() - {cell.key for cell in cells}
    order = list(given)

    def claim(how: str, cell: Cell, key: str) -> None:
        cell.key = key
        missing.discard(key)
        accidents.add(how, key)

    texts: dict[str, set[str]] = {}
    names: dict[str, set[str]] = {}
    for key, ours in given.items():
        for text in {fingerprint(ours.text), *ours.versions}:
            texts.setdefault(text, set()).add(key)
        for name in ours.names:
            names.setdefault(name, set()).add(key)
    fitting: dict[str, Callable[[Cell], Iterable[str]]] = {
        "id": lambda cell: [cell.id or ""],
        "text": lambda cell: texts.get(fingerprint(cell.source), []),
        "name": lambda cell: chain(*(names.get(name, []) for name in defined(cell.source) if cell.kind == "code")),
    }
    for how, fits in fitting.items():
        for cell in reversed(cells):  # of several that fit, the last is the one meant
            if missing and cell.key is None and not cell.empty and (found := missing.intersection(fits(cell))):
                claim(how, cell, max(found, key=order.index))
    for before, key in pairwise(given):
        if key in missing and given[key].answer and given[key].kind == "markdown":
            after = next((b for a, b in pairwise(cells) if a.key == before), None)
            if after and after.key is None and after.kind == "markdown":
                claim("place", after, key)
    for keys in accidents.cells.values():
        keys.sort(key=order.index)


def defined(source: str) -> set[str]:
    """The names that a cell's text defines at its outermost level, as far as this can be told without parsing it."""
    bound = re.findall(r"(?m)^(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]+)?=(?!=)", source)
    return {function or variable for function, variable in bound}


def stripped(text: str) -> str:
    """A text without what editors change in it: blanks at the ends of lines, and around it."""
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))


def fingerprint(text: str) -> str:
    """A short name for a text, which does not change with what editors change in it."""
    return hashlib.sha256(stripped(text).encode("utf-8", "replace")).hexdigest()[:16]


def _answers(cells: list[Cell], given: Mapping[str, Given], accidents: Accidents) -> dict[str, Cell]:
    """The cell that counts for each answer that does not stand as it was handed out. Its other copies, where something
    was written in them, become the student's own cells; copies of locked cells count for nothing."""
    counted: dict[str, Cell] = {}
    for key, ours in given.items():
        copies = [cell for cell in cells if cell.key == key]
        if not ours.answer:
            if ours.kind == "code":
                if not copies:
                    accidents.add("gone", key)
                elif not all(ours.is_as_handed_out(cell.source) for cell in copies):
                    accidents.add("changed", key)
                elif not all(ours.is_present(cell.source) for cell in copies):
                    accidents.add("earlier", key)
            continue
        if not copies:
            accidents.add("no answer", key)
            continue
        changed = [cell for cell in copies if cell.attachments or not ours.is_as_handed_out(cell.source)]
        written = [cell for cell in changed if not cell.empty]
        if changed:
            counted[key] = (written or changed)[-1]
        for other in written[:-1]:
            other.key = None
        if len(copies) > 1:
            accidents.add("doubled", key)
        if counted.get(key, copies[-1]).kind != ours.kind:
            accidents.add("kind", key)
    return counted


def _with_imports(cells: list[Cell], given: Mapping[str, Given], accidents: Accidents) -> list[Cell]:
    """The cells, and after a locked one the imports that were added to it, each in a cell of its own: one that fails
    costs no other."""
    locked = {key: ours for key, ours in given.items() if ours.kind == "code" and not ours.answer}
    known = {key: {*_imports(ours.full)} for key, ours in locked.items()}
    found: list[Cell] = []
    for cell in cells:
        found.append(cell)
        if cell.key in known and cell.kind == "code":
            kept = [line for line in _imports(cell.source) if line not in known[cell.key]]
            known[cell.key].update(kept)
            theirs = not locked[cell.key].is_as_handed_out(cell.source)
            if kept and theirs:
                accidents.add("imports", cell.key)
            found += [Cell("code", line, earlier=not theirs) for line in kept]
    return found


def parsed(cell: str) -> ast.Module | None:
    """The cell without its magics, and without names of hundreds of parts, which Python reads in time that grows with
    the square of their length; None where it is no Python."""
    lines = ["" if line.lstrip().startswith(("%", "!")) else line for line in cell.splitlines()]
    try:
        return ast.parse(LONG_NAME.sub("_", "\n".join(lines)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _imports(source: str) -> list[str]:
    """The imports at a cell's outermost level."""
    tree = parsed(source)
    return [ast.unparse(one) for one in (tree.body if tree else ()) if isinstance(one, ast.Import | ast.ImportFrom)]


def _added(cells: list[Cell], limits: FileLimits, accidents: Accidents) -> dict[str | None, list[Cell]]:
    """The student's own cells, by the known cell that they follow (None: before all); with them cells of code that an
    earlier version of the assignment had: theirs may need what these define."""
    placed: dict[str | None, list[Cell]] = {}
    before, count = None, 0
    for cell in cells:
        if cell.key is not None:
            before = cell.key
        elif not cell.empty and (cell.kind == "code" or not cell.earlier):
            count += 1
            if count <= limits.added_cells:
                placed.setdefault(before, []).append(cell)
    if count > limits.added_cells:
        accidents.others.append(f"{count} cells were added; those after the first {limits.added_cells} were left out.")
    return placed
