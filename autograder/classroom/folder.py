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
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.classroom.arrival import moment
from autograder.classroom.errors import UserError
from autograder.classroom.finding import Found, Notebook, find
from autograder.classroom.names import can_name_a_page, is_debris, printable, student_id, student_id_refusal

FROM_EXCHANGE = "timestamp.txt", "submission_secret.txt"  # by them feedback finds its way back
LONGEST_TEXT = 1000  # bytes of one of them


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one assignment. `home`: the folder that the exchange put it into; `found`: its
    notebook; `refusal`: why it cannot be looked at, in words for people."""

    student: str
    assignment: str
    home: Path
    found: Found
    refusal: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.student, self.assignment


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

    def folders(self) -> list[str]:
        """Names of the folders (and of links, which are refused later) in `submitted/`, sorted."""
        with os.scandir(self.submitted) as entries:
            return sorted(e.name for e in entries if (e.is_dir() or e.is_symlink()) and not is_debris(e.name))

    def students(self) -> list[str]:
        """The ids of all who have a folder in `submitted/`, sorted."""
        return sorted({*map(student_id, self.folders())})

    def assignments(self) -> list[str]:
        """Names of all assignments that anyone has a folder for, or a notebook directly in theirs, sorted."""
        return sorted({assignment for _, assignment in self._named()})

    def unused(self, names: Iterable[str], assignments: Iterable[str]) -> list[str]:
        """Of these names, those under which somebody has something that is taken for none of the assignments."""
        taken = set()
        for submission in (one for name in assignments for one in self.submissions(name)):
            student, first, *below = submission.found.notebook.path.relative_to(self.submitted).parts
            taken.add((student, first if below else Path(first).stem))
        left = {assignment for student, assignment in self._named() if (student, assignment) not in taken}
        return sorted(left.intersection(names))

    def _named(self) -> Iterator[tuple[str, str]]:
        """Students' folders, and what in them is named like an assignment."""
        for name in self.folders():
            folder = self.submitted / name
            with contextlib.suppress(OSError):  # one that cannot be read holds nothing to grade
                if student_id_refusal(name) is None and not folder.is_symlink():
                    entries = [e for e in os.scandir(folder) if not is_debris(e.name) and is_an_assignments(e)]
                    yield from ((name, e.name if e.is_dir() else Path(e.name).stem) for e in entries)

    def stray(self) -> list[str]:
        """Names of notebooks and archives that lie directly in `submitted/`, and so in no student's folder, sorted."""
        with os.scandir(self.submitted) as entries:
            return sorted(printable(e.name) for e in entries if not e.is_dir() and is_an_assignments(e))

    def submissions(self, assignment: str) -> list[Submission]:
        """One for each folder in `submitted/` that holds something of the assignment, also where the folder or its name
        is of no use."""
        return self._submissions(self.folders(), assignment)

    def submission(self, student: str, assignment: str) -> Submission | None:
        """What this student handed in; None where there is nothing."""
        one_form = student.isascii() and os.path.lexists(self.submitted / student)
        theirs = [student] if one_form else [n for n in self.folders() if student_id(n) == student_id(student)]
        return next(iter(self._submissions(theirs, assignment)), None)

    def _submissions(self, folders: list[str], assignment: str) -> list[Submission]:
        ids = Counter(map(student_id, folders))
        found = []
        for name in folders:
            submission = self._submission(name, assignment)
            if submission and ids[submission.student] > 1:
                why = f"Two folders have the name {submission.student}, in two forms of Unicode. Make them one."
                submission = replace(submission, refusal=why)
            if submission:
                found.append(submission)
        return found

    def not_handed_in(self, assignment: str, roster: Iterable[str]) -> list[str]:
        """The students who have handed in nothing of this assignment, of those who have a folder in `submitted/` and
        those of the `roster`."""
        known = {student_id(name) for name in self.folders() if student_id_refusal(name) is None}
        return sorted(known.union(roster) - {s.student for s in self.submissions(assignment)})

    def _submission(self, name: str, assignment: str) -> Submission | None:
        folder = self.submitted / name
        home = folder / assignment
        refusal, found = self._refusal(folder) or self._refusal(home), None
        try:
            found = None if refusal else find(folder, assignment)
        except OSError as error:
            refusal = self._cannot_be_read(Path(error.filename or folder), error)
        if found is None and refusal is None:
            return None
        found = found or Found(Notebook(self.notebook(name, assignment)))
        where = home if home.is_dir() else found.notebook.path.parent
        return Submission(student_id(name), assignment, where, found, student_id_refusal(name) or refusal)

    def _refusal(self, folder: Path) -> str | None:
        """Why a folder cannot be looked into, or None."""
        try:
            link = stat.S_ISLNK(os.lstat(folder).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            return self._cannot_be_read(folder, error)
        told = printable(str(folder.relative_to(self.root)))
        return f"The folder {told} is a link. A submission must be a folder of its own." if link else None

    def _cannot_be_read(self, path: Path, error: OSError) -> str:
        told = printable(str(path.relative_to(self.root)))
        return f"{told} cannot be looked at: {error.strerror}. Give yourself the right to read it."

    def timestamp(self, submission: Submission) -> str | None:
        """The time that the exchange wrote into `timestamp.txt`; None where there is none, or what there is is none."""
        text = small_text(submission.home / FROM_EXCHANGE[0])
        return text if moment(text) else None

    def send_back(self, submission: Submission) -> None:
        """Lay what the exchange wrote of a submission beside the executed notebook and the feedback page, so that
        `nbgrader release_feedback` finds its way. Beside a page both files always lie: without one of them nbgrader
        would end, for the whole class. (A secret that nobody knows leads to nobody.)"""
        page = self.feedback(*submission.key)
        came = {name: small_text(submission.home / name) for name in FROM_EXCHANGE}
        came[FROM_EXCHANGE[0]] = self.timestamp(submission)
        for made in (self.autograded(*submission.key), page):
            for name, text in came.items():
                path = made.with_name(name)
                if made.exists() and text is not None and text != small_text(path):
                    write_whole(path, text)
                elif made.exists() and made.suffix == ".html" and not path.exists():
                    write_whole(path, "" if name == FROM_EXCHANGE[0] else secrets.token_hex(64))
        if page.exists():
            link_names(page, submission.found.names)

    def key(self, *, new: bool = False) -> bytes:
        """The course's key, from which each submission's seeds are derived. Made at first use, readable by its owner
        only. `new`: make another one where it is gone, although the journal holds results that were made with it.
        """
        path = self.root / "course.key"
        if not path.exists():
            if not new and self.journal.exists() and self.journal.stat().st_size:
                raise UserError(
                    f"{path} is gone, and the results in {self.journal.name} were made with it. Restore it from your "
                    "backup. To go on with a new one, grade the whole class again with it: autograder grade --force"
                )
            write_whole(path, secrets.token_hex(32), mode=0o600)
        text = path.read_bytes().strip()
        key = bytes.fromhex(text.decode()) if re.fullmatch(rb"[0-9a-fA-F]{64}", text) else b""
        if len(key) != 32:
            raise UserError(
                f"{path} should hold 64 hexadecimal digits. Restore it, or remove it and grade with --force."
            )
        return key


def is_an_assignments(entry: os.DirEntry[str]) -> bool:
    """Can this, in a student's folder, be of an assignment?"""
    return entry.is_dir() or entry.name.lower().endswith((".ipynb", ".zip"))


def link_names(page: Path, names: Iterable[str]) -> None:
    """Let a page be found by these names, too, and by no others: nbgrader's exchange asks for it by the name that the
    student's notebook had. They are links, so that they always lead to the page as it is. A name that is odd, or on a
    disk without links, is left out: such a page is sent by other ways."""
    wanted = {f"{name}.html" for name in names if can_name_a_page(name)} - {page.name}
    with os.scandir(page.parent) as entries:
        there = {entry.name for entry in entries if entry.is_symlink()}
    for name in there - wanted:
        page.with_name(name).unlink()
    for name in wanted - there:
        with contextlib.suppress(OSError):
            page.with_name(name).symlink_to(page.name)


def small_text(path: Path) -> str | None:
    """The text of a small file of a student's; None where there is none, or it is no such file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return os.read(descriptor, LONGEST_TEXT).decode("ascii", "replace").strip()
    except OSError:  # a folder of that name
        return None
    finally:
        os.close(descriptor)


def write_whole(path: Path, text: str | bytes, mode: int = 0o644) -> None:
    """Write a file so that a reader, or a kill, finds the old one or the new one, never half of it."""
    data = text.encode() if isinstance(text, str) else text
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
