"""The journal: every result, one JSON object a line, appended and synced before anything else is told of it.

A result stands for the job that made it: a hash of the submitted bytes, the assignment's source and the grader's
version. The last line of a student and assignment counts; a submission whose job is that line's is not graded again.
Earlier lines stay, and the last one says how the mark differs from the one before.
A kill can tear the last line at most; it is cut off when the journal is opened, and its submission is graded again.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder.classroom.changes import Change
from autograder.classroom.errors import UserError
from autograder.classroom.folder import write_whole
from autograder.examiner.results import SubmissionResult, must_be

KINDS: dict[str, Any] = {  # what a line must hold beside the result and the change
    **dict.fromkeys(("known", "notebook", "handed_back"), bool),
    **dict.fromkeys(("source", "grader"), str),
    "timestamp": str | None,
}


class Busy(UserError):
    """Another grading run holds the journal of this class."""


@dataclass(frozen=True)
class Entry:
    """A line: the result that counts; `known`: was the student in the gradebook before the grader entered them;
    `notebook`: is there an executed notebook in `autograded/`; `timestamp`: when the exchange says it was submitted;
    `source`, `grader`: hashes of the assignment and of the grader that the result was made with ("" where nothing was
    executed); `handed_back`: a feedback page is written of it, which the student may have; `change`: how the mark came
    to differ from the one before."""

    result: SubmissionResult
    known: bool
    notebook: bool = False
    timestamp: str | None = None
    source: str = ""
    grader: str = ""
    handed_back: bool = False
    change: Change | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.result.student, self.result.assignment

    @property
    def keeps(self) -> bool:
        """Does the result count because it was handed back, and a newer one is lower?"""
        return self.change is not None and self.change.kept

    @property
    def job(self) -> str:
        """The last work that was done on the submission, whether or not its mark counts."""
        return self.change.job if self.change and self.change.kept else self.result.job

    @property
    def state(self) -> str:
        """A name for all that the gradebook takes from this entry."""
        return hashlib.sha256(self.to_line().encode()).hexdigest()

    def to_line(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Entry:
        """Raise `TypeError`, `ValueError` or `KeyError` where the line is none of an entry."""
        values: dict[str, Any] = _as_written_now(json.loads(line))
        change = values.get("change")
        values |= {"result": SubmissionResult.from_json(values["result"])}
        entry = cls(**values | {"change": None if change is None else Change.from_json(change)})
        must_be(vars(entry), KINDS)
        return entry


def _as_written_now(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a line, also of one from before the result said what was untouched, and mistakes by their ids: the
    marks of then were handed back too."""
    if "untouched" not in values:
        return values
    result, about = values["result"], {name: value for name, value in values.items() if name != "untouched"}
    prefix = f"mistake-{result['assignment']}-"
    criteria = [
        {name: row[name] for name in ("cell", "title", "points", "earned")}
        | {"criterion": row["title"], "sentence": row["mistake"]}
        | {"mistake": row["anchor"].removeprefix(prefix) if row["anchor"] else None}
        for row in result["criteria"]
    ]
    return about | {"result": result | {"criteria": criteria, "untouched": values["untouched"]}}


class Journal:
    """The open journal of a class, with one writer at a time."""

    def __init__(self, path: Path):
        """Raise `Busy` where another run is at work."""
        self.path = path
        self.latest: dict[tuple[str, str], Entry] = {}
        self._file = open(path, "a+b", buffering=0)  # noqa: SIM115 - held until close()
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise Busy(f"Another `autograder grade` is at work in {path.parent}. Wait for it, or end it.") from None
        self._file.seek(0)
        written = self._file.readall()
        self._file.truncate(written.rfind(b"\n") + 1)
        self.latest = read_lines(written)

    def append(self, entry: Entry) -> None:
        """Write the entry so that it outlives a kill or a power cut, then let it count. What cannot be written whole is
        cut off again, so that the next line stands alone."""
        line, start = entry.to_line().encode(), self._file.seek(0, os.SEEK_END)
        try:
            if self._file.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(start)
            raise
        self.latest[entry.key] = entry

    def forget(self, student: str) -> None:
        """Remove all lines of a student, earlier ones too; damaged ones stay."""
        self._file.seek(0)
        kept = [line for line in self._file.readall().split(b"\n") if not _is_of(line, student)]
        write_whole(self.path, b"\n".join(kept))
        self.latest = {key: entry for key, entry in self.latest.items() if key[0] != student}

    def close(self) -> None:
        self._file.close()


def _is_of(line: bytes, student: str) -> bool:
    try:
        return bool(json.loads(line)["result"]["student"] == student)
    except (ValueError, KeyError, TypeError):
        return False


def read_lines(written: bytes) -> dict[tuple[str, str], Entry]:
    """The last entry of each student and assignment. A torn last line is left out, and so are lines that are damaged,
    or of another version of the grader and no longer fit: their submissions are graded again."""
    latest: dict[tuple[str, str], Entry] = {}
    for line in written.split(b"\n")[:-1]:
        try:
            entry = Entry.from_line(line.decode())
        except Exception:  # however it is damaged
            continue
        latest[entry.key] = entry
    return latest


def read(path: Path) -> dict[tuple[str, str], Entry]:
    """What a journal holds, without writing to it; empty where there is none."""
    try:
        return read_lines(path.read_bytes())
    except FileNotFoundError:
        return {}
