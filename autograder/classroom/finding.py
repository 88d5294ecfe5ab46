"""Where a student's notebook lies: at the place that is expected, or, by an accident, near it.

A notebook under another name, a folder too deep, directly in the student's folder or in an archive is taken where
there is exactly one, and both are told. What lies there is a stranger's: links are not followed, and little of it is
looked at.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from autograder.classroom.names import is_debris, printable
from autograder.examiner.intake import Unreadable, read_submission
from autograder.wire.limits import LIMITS, MIB

DEPTH, ENTRIES = 3, 1000  # folders below a student's, and entries of all of them, that are looked at
NAMED = 5  # files that a sentence names
LONGEST_NAME = 80
# A zip file ends with a record of 22 bytes and a comment of 64 KiB at most.
TAIL, END, END_64 = 22 + (1 << 16), b"PK\x05\x06", b"PK\x06\x07"
DIRECTORY = 1 << 16  # bytes of a zip file's list of members
PACKED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED  # others can ask for much memory


@dataclass(frozen=True)
class Notebook:
    """A notebook file, or a member of an archive."""

    path: Path
    member: str | None = None

    @property
    def stem(self) -> str:
        return Path(self.member or self.path.name).stem

    def told(self, below: Path) -> str:
        """Its place in words for people."""
        place = _printable(str(self.path.relative_to(below)))
        return f"`{_printable(self.member)}` in `{place}`" if self.member else f"`{place}`"

    def read(self) -> bytes:
        """The submitted bytes. Raise `Unreadable` where there are none, `PermissionError` where that is forbidden."""
        if self.member is None:
            return read_submission(self.path)
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as file:
                data = file.read(LIMITS.notebook_mib * MIB + 1)
        except Exception as error:  # a stranger's bytes, in the hands of others' code
            raise Unreadable(
                f"The notebook in the archive could not be read ({type(error).__name__}). Hand in the notebook itself."
            ) from None
        if len(data) > LIMITS.notebook_mib * MIB:
            raise Unreadable(f"The notebook in the archive is larger than {LIMITS.notebook_mib} MiB.")
        return data


@dataclass(frozen=True)
class Found:
    """What a search came to. `notebook`: what is graded; `told`: sentences about accidents; `problem`: why nothing can
    be graded, in words for the student, None where something can; `names`: other names of notebooks, without the
    extension, where the expected one should lie: by these the exchange asks for the page."""

    notebook: Notebook
    told: tuple[str, ...] = ()
    problem: str | None = None
    names: tuple[str, ...] = ()


def find(student: Path, assignment: str) -> Found | None:
    """The notebook of an assignment in a student's folder; None where nothing of the assignment was handed in.

    Raise `OSError` where a folder cannot be looked into.
    """
    home = student / assignment
    expected = Notebook(home / f"{assignment}.ipynb")
    if os.path.lexists(expected.path):
        return Found(expected, _beside(home, assignment))
    if home.is_dir():
        there = list(_notebooks(home))
    elif os.path.lexists(home):
        there = []
    else:
        there = [one for one in _notebooks(student) if one.stem.startswith(assignment)]
        if not there:
            return None
    names = tuple(one.stem for one in there if one.path.parent == home and one.path.suffix == ".ipynb")[:NAMED]
    wanted = f"`{assignment}/{assignment}.ipynb`"
    if len(there) == 1:
        said = f"{there[0].told(student)} was found where {wanted} was expected. It was graded all the same."
        return Found(there[0], (said,), names=names)
    if there:
        listed = _listed([one.told(student) for one in there])
        problem = f"Several notebooks were found, and none is {wanted}: {listed}. Hand in one, under the expected name."
        return Found(expected, problem=problem, names=names)
    others = [f"`{_printable(entry.name)}`" for entry in _entries(home)] if home.is_dir() else []
    were = "were" if len(others) > 1 else "was"
    problem = f"Only {_listed(others)} {were} found" if others else "Nothing was found"
    return Found(expected, problem=f"{problem} where {wanted} was expected. Hand in the notebook, under this name.")


def _beside(home: Path, assignment: str) -> tuple[str, ...]:
    """A sentence where copies of the notebook lie beside the one that counts: one of them may be the one meant."""
    copies = [
        f"`{_printable(entry.name)}`"
        for entry in _sorted(home)
        if entry.name.startswith(assignment) and entry.name.endswith(".ipynb") and entry.name != f"{assignment}.ipynb"
    ]
    if not copies:
        return ()
    return (f"`{assignment}.ipynb` was graded. Beside it lay {_listed(copies)}, which was not looked at.",)


def _notebooks(folder: Path) -> Iterator[Notebook]:
    """The notebooks in a folder, in those below it, and in archives there."""
    for entry in _entries(folder):
        if not entry.is_file(follow_symlinks=False):
            continue
        if entry.name.endswith(".ipynb"):
            yield Notebook(Path(entry.path))
        elif entry.name.lower().endswith(".zip"):
            yield from (Notebook(Path(entry.path), name) for name in _members(Path(entry.path)))


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """What lies in a folder and in those below it, each folder before what it holds; no more than is sensible."""
    return islice(_walk(folder, 0), ENTRIES)


def _walk(folder: Path, depth: int) -> Iterator[os.DirEntry[str]]:
    for entry in _sorted(folder):
        yield entry
        if entry.is_dir(follow_symlinks=False) and depth < DEPTH:
            yield from _walk(Path(entry.path), depth + 1)


def _sorted(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        some = islice((entry for entry in entries if not is_debris(entry.name)), ENTRIES)
        return sorted(some, key=lambda entry: entry.name)


def _members(path: Path) -> list[str]:
    """The notebooks in an archive; none where it is too large, or no archive."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            tail = file.read()
            end = tail[tail.rindex(END) :]
            if size > LIMITS.notebook_mib * MIB or END_64 in tail or int.from_bytes(end[12:16], "little") > DIRECTORY:
                return []
            with zipfile.ZipFile(file) as archive:
                return [
                    one.filename
                    for one in archive.infolist()
                    if one.filename.endswith(".ipynb")
                    and one.compress_type in PACKED
                    and not any(map(is_debris, one.filename.split("/")))
                ]
    except Exception:  # a stranger's bytes, in the hands of others' code
        return []


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _printable(name: str) -> str:
    name = printable(name).replace("`", "'")
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
