"""The class folder: where things lie in it, and who submitted what.

submitted/<student>/<assignment>/<assignment>.ipynb     all that has to be there (`timestamp.txt` beside it is honoured)
autograded/…, feedback/…, gradebook.db, journal.jsonl, course.key, marks.csv, class.html     made by the grader
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from autograder.classroom.arrival import moment
from autograder.classroom.errors import UserError

LONGEST_ID = 128  # the gradebook's column
DEBRIS = {".ipynb_checkpoints"}  # made by tools, never a student


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one assignment. `refusal`: why it cannot be looked at, in words for people."""

    student: str
    assignment: str
    path: Path
    refusal: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.student, self.assignment


def student_id_refusal(name: str) -> str | None:
    """Why a folder of this name can be no student's, or None. nbgrader splits names at `+` and globs `*`, `?`
    and `[`."""
    if name != name.strip() or not name.isprintable():
        why = "it holds spaces at an end or characters that cannot be printed"
    elif name.startswith("."):
        why = "it starts with a dot"
    elif any(c in name for c in "+*?[]{}/\\"):
        why = "it holds one of + * ? [ ] { } / \\"
    elif len(name) > LONGEST_ID:
        why = f"it is longer than {LONGEST_ID} characters"
    else:
        return None
    return f"The folder's name can be no student's: {why}. Rename the folder under submitted/ and grade again."


@dataclass(frozen=True)
class ClassFolder:
    """Paths below one class folder."""

    root: Path

    @property
    def submitted(self) -> Path:
        return self.root / "submitted"

    @property
    def gradebook(self) -> Path:
        return self.root / "gradebook.db"

    @property
    def journal(self) -> Path:
        return self.root / "journal.jsonl"

    def notebook(self, student: str, assignment: str) -> Path:
        return self.submitted / student / assignment / f"{assignment}.ipynb"

    def autograded(self, student: str, assignment: str) -> Path:
        return self.root / "autograded" / student / assignment / f"{assignment}.ipynb"

    def feedback(self, student: str, assignment: str) -> Path:
        return self.root / "feedback" / student / assignment / f"{assignment}.html"

    def students(self) -> list[str]:
        """Names of the folders (and of links, which are refused later) in `submitted/`, sorted."""
        with os.scandir(self.submitted) as entries:
            return sorted(e.name for e in entries if (e.is_dir() or e.is_symlink()) and e.name not in DEBRIS)

    def assignments(self) -> list[str]:
        """Names of all assignments that anyone has a folder for, sorted."""
        found: set[str] = set()
        for student in self.students():
            folder = self.submitted / student
            with contextlib.suppress(OSError):  # one that cannot be read holds nothing to grade
                if student_id_refusal(student) is None and not folder.is_symlink():
                    found.update(e.name for e in os.scandir(folder) if e.is_dir() and e.name not in DEBRIS)
        return sorted(found)

    def submissions(self, assignment: str) -> list[Submission]:
        """One for each folder in `submitted/`, also where the folder or its name is of no use."""
        found = []
        for student in self.students():
            path = self.notebook(student, assignment)
            refusal = student_id_refusal(student) or self._refusal(path)
            found.append(Submission(printable(student), assignment, path, refusal))
        return found

    def _refusal(self, notebook: Path) -> str | None:
        """Why the notebook's folders cannot be looked into, or None."""
        for path in (notebook.parent.parent, notebook.parent, notebook):
            told = printable(str(path.relative_to(self.root)))
            try:
                link = stat.S_ISLNK(os.lstat(path).st_mode)
            except (FileNotFoundError, NotADirectoryError):
                return None
            except OSError as error:
                return f"{told} cannot be looked at: {error.strerror}. Give yourself the right to read it."
            if link and path != notebook:
                return f"The folder {told} is a link. A submission must be a folder of its own."
        return None

    def timestamp(self, submission: Submission) -> str | None:
        """The time that the exchange wrote into `timestamp.txt`; None where there is none, or what there is is none."""
        try:
            descriptor = os.open(submission.path.parent / "timestamp.txt", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            text = os.read(descriptor, 100).decode("ascii", "replace").strip()
        except OSError:  # a folder of that name
            return None
        finally:
            os.close(descriptor)
        return text if moment(text) else None

    def key(self) -> bytes:
        """The course's key, from which each submission's seeds are derived. Made at first use, readable by its owner
        only."""
        path = self.root / "course.key"
        if not path.exists():
            write_whole(path, secrets.token_hex(32), mode=0o600)
        text = path.read_bytes().strip()
        key = bytes.fromhex(text.decode()) if re.fullmatch(rb"[0-9a-fA-F]{64}", text) else b""
        if len(key) != 32:
            raise UserError(
                f"{path} should hold 64 hexadecimal digits. Restore it, or remove it and grade with --force."
            )
        return key


def printable(name: str) -> str:
    """A file name as text that any terminal, JSON reader and page can take."""
    return "".join(c if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF else f"\\x{ord(c):02x}" for c in name)


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file so that a reader, or a kill, finds the old one or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
