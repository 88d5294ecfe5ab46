"""The assignments as they are handed out: each one's cells in order, and what a notebook may use where it is graded.

`assignments.json` is made with the notebooks, by `python -m autograder.release`. So is `handed_out.txt`, which
remembers every version that was ever made: a line for each text that a cell had, with the assignment, the cell's id and
a fingerprint. Lines are added and never removed. Where the file is lost, the present version is in the next one, and a
cell of an earlier version is told as one that "differs from the present version", which blames nobody.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

from convcourse.submission.mending import Given, fingerprint

PATIENCE = 3.0  # by the clock, what waits may take so many times the seconds of processor time that it has
FILE = Path(__file__).with_name("assignments.json")
VERSIONS = Path(__file__).with_name("handed_out.txt")


@dataclass(frozen=True)
class Entry:
    """A cell of an assignment. kind: given, solution or grade; defines: the name that its part must define."""

    id: str
    type: str
    kind: str
    text: str
    defines: str | None = None
    optional: bool = False

    @property
    def given(self) -> Given:
        """What is known of it when it is looked for in a file."""
        return Given(self.type, self.kind == "solution", self.text, self.text, frozenset(filter(None, [self.defines])))


@dataclass(frozen=True)
class Allowed:
    """Seconds of processor time of a cell, of a visible check and of the whole notebook, the memory that its code may
    take, and the text that a cell may put out."""

    cell_seconds: float
    call_seconds: float
    notebook_seconds: float
    memory_mib: int
    output_kib: int


@dataclass(frozen=True)
class Assignment:
    """One assignment."""

    name: str
    allowed: Allowed
    entries: list[Entry]


@cache
def common() -> frozenset[str]:
    """Ids and fingerprints of cells that several assignments have: by them no assignment is recognised."""
    cells = [entry for one in assignments().values() for entry in one.entries]
    now = Counter(entry.id for entry in cells) + Counter(fingerprint(entry.text) for entry in cells)
    ever = Counter(text for of in _versions().values() for text in {*chain(*of.values())})
    return frozenset(what for counted in (now, ever) for what, count in counted.items() if count > 1)


def versions(assignment: str) -> Mapping[str, frozenset[str]]:
    """The fingerprints that a cell's text had in all versions of an assignment, by its id; also of cells that the
    assignment has no longer."""
    return _versions().get(assignment, {})


@cache
def _versions() -> dict[str, dict[str, frozenset[str]]]:
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for assignment, key, text in recorded():
        found[assignment][key].add(text)
    return {name: {key: frozenset(texts) for key, texts in of.items()} for name, of in found.items()}


def recorded() -> set[tuple[str, str, str]]:
    """The lines of `handed_out.txt`; none where there is no such file. What is no such line is left out."""
    try:
        lines = VERSIONS.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return set()
    fields = (tuple(line.split("\t")) for line in lines)
    return {(one[0], one[1], one[2]) for one in fields if len(one) == 3}


def assignments() -> dict[str, Assignment]:
    """All of them, by name."""
    told = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        name: Assignment(name, Allowed(**one["allowed"]), [Entry(**entry) for entry in one["cells"]])
        for name, one in told.items()
    }
