"""A grading run: find what is new, have it graded, write it down, and tell the gradebook.

    submitted bytes ──hash──► job in the journal? ──no──► pool ──► autograded/, journal (synced) ──► gradebook (batches)

Every step can be done again without harm, and each follows from what stands before it on disk: a run that was killed
goes on where it stopped. Only this process writes.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.classroom.folder import ClassFolder, Submission, write_whole
from autograder.classroom.journal import Entry, Journal
from autograder.classroom.pool import Done, Pool, Task
from autograder.classroom.standings import Line, Roster
from autograder.examiner.intake import Unreadable, read_submission
from autograder.examiner.results import SubmissionResult

if TYPE_CHECKING:  # seconds of nbgrader, imported while the pool starts
    from autograder.classroom.gradebook import Gradebook

ROOT = Path(__file__).parents[2]
BATCH, BATCH_SECONDS = 16, 2.0
# What marks depend on: all files of these folders. When one changes, every submission is a new job.
MARKS = (
    "autograder/exam",
    "autograder/examiner",
    "autograder/candidate",
    "autograder/objects",
    "autograder/wire",
    "convcourse",
)
PACKAGES = (
    *("torch", "torchvision", "numpy", "scipy", "pillow", "ipython", "nbformat", "matplotlib"),
    *("scikit-image", "scikit-learn"),
)
Progress = Callable[[str, int, int, str], None]


class WrongUsage(Exception):
    """What was asked for cannot be done; the message says what to do."""


@dataclass
class Times:
    """Seconds from the run's start to the first and to the last result, and what parts of it took."""

    first: float = 0.0
    last: float = 0.0
    bookkeeping: float = 0.0
    feedback: float = 0.0


@dataclass
class Summary:
    """What a run did. `failures`: why a submission has no result, which is the grader's fault."""

    lines: list[Line] = field(default_factory=list)
    graded: int = 0
    failures: dict[tuple[str, str], str] = field(default_factory=dict)
    interrupted: bool = False
    times: Times = field(default_factory=Times)


def source_of(assignment: str) -> Path:
    """The instructor's notebook, built from solutions/ by `make assignments`."""
    return ROOT / "_build" / "source" / assignment / f"{assignment}.ipynb"


@cache
def grader_version() -> str:
    """A hash of everything besides submission and assignment that a mark depends on."""
    digest = hashlib.sha256(repr([platform.python_version(), *map(version, PACKAGES)]).encode())
    for file in (file for folder in MARKS for file in sorted((ROOT / folder).rglob("*"))):
        if file.is_file() and file.suffix != ".pyc":
            digest.update(f"\0{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def job_name(submitted: bytes, source: bytes) -> str:
    """The name of the work: the same bytes, assignment and grader give the same result."""
    parts = hashlib.sha256(submitted).hexdigest(), hashlib.sha256(source).hexdigest(), grader_version()
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class Run:
    """One `autograder grade`. `progress(stage, done, of, what)` is called after each step."""

    def __init__(self, folder: ClassFolder, assignments: list[str], students: set[str], progress: Progress):
        """`students`: those to look at, or none for all. Raise `WrongUsage` for what is not there, `Busy` beside
        another run."""
        self.folder, self.assignments, self.progress = folder, assignments, progress
        self.all = [s for name in assignments for s in folder.submissions(name)]
        self.chosen = [s for s in self.all if not students or s.student in students]
        absent = students - {s.student for s in self.all}
        if absent:
            raise WrongUsage(f"{folder.submitted} has no folder named {', '.join(sorted(absent))}.")
        self.sources = {name: source_of(name).read_bytes() for name in assignments}
        self.summary = Summary()
        self.journal = Journal(folder.journal)
        self.batch: list[Entry] = []
        self.batch_since = self.start = time.monotonic()

    def __call__(self, *, jobs: int, force: bool = False, feedback: bool = True, confined: bool = True) -> Summary:
        """Grade what is new. Ctrl-C ends the run and keeps every result that there is: `summary.interrupted`."""
        todo = [s for s in self.chosen if self._is_new(s, force)]
        to_execute = sum(1 for s in todo if os.path.lexists(s.path))
        key = self.folder.key()
        pool = Pool(min(jobs, to_execute), key, self.assignments, confined=confined) if to_execute else None
        try:
            self._open_gradebook()  # nbgrader's import takes as long as the pool's start: side by side
            self._enter(
                self.gradebook.missing(e for e in self.journal.latest.values() if e.result.assignment in self.sources)
            )
            self._grade(pool, todo)
        except KeyboardInterrupt:
            self.summary.interrupted = True
        finally:
            if pool:
                pool.close()
        if hasattr(self, "gradebook"):
            self._flush()
            self._report(feedback and not self.summary.interrupted)
        self.journal.close()
        return self.summary

    # What is new

    def _is_new(self, submission: Submission, force: bool) -> bool:
        """Is there no result yet of just this work? (Where there is, but the exchange gave another time: of that
        time.)"""
        if submission.refusal:
            return False
        entry = self.journal.latest.get(submission.key)
        if force or entry is None or (entry.notebook and not self.folder.autograded(*submission.key).exists()):
            return True
        found = self._read(submission)
        job = found.result.job if isinstance(found, Entry) else job_name(found, self.sources[submission.assignment])
        return (job, self.folder.timestamp(submission)) != (entry.result.job, entry.timestamp)

    def _read(self, submission: Submission) -> bytes | Entry:
        """The submitted bytes or, where there is nothing to execute, what there is to say."""
        if not os.path.lexists(submission.path):
            return without_grading(self.folder, submission, "missing", None)
        try:
            return read_submission(submission.path)
        except Unreadable as error:
            return without_grading(self.folder, submission, "unreadable", str(error))

    # Grading

    def _open_gradebook(self) -> None:
        import nbformat

        from autograder.classroom import gradebook

        self.gradebook = gradebook.Gradebook(self.folder.gradebook)
        self.roster = Roster(self.gradebook.students(), self.journal.latest.values())
        self.notebooks = {name: nbformat.reads(source.decode(), as_version=4) for name, source in self.sources.items()}
        self.checksums = {
            name: self.gradebook.prepare(name, gradebook.released(nb)) for name, nb in self.notebooks.items()
        }

    def _grade(self, pool: Pool | None, todo: list[Submission]) -> None:
        times, tasks = self.summary.times, self._tasks(todo)
        if pool is None:  # nothing to execute: settled on the way
            deque(tasks, maxlen=0)
            return
        for count, done in enumerate(pool.grade(tasks), 1):
            times.last = time.monotonic() - self.start
            times.first = times.first or times.last
            with self._clock("bookkeeping"):
                self._take(done)
            self.progress("Grading", count, len(todo), done.task.student)

    def _tasks(self, todo: list[Submission]) -> Iterator[Task]:
        """Read each submission when its turn comes; those that need no examiner are settled on the way."""
        for submission in todo:
            found = self._read(submission)
            if isinstance(found, Entry):
                with self._clock("bookkeeping"):
                    self._settle(found, None)
            else:
                job = job_name(found, self.sources[submission.assignment])
                yield Task(
                    *submission.key, job, found, source_of(submission.assignment), self.folder.timestamp(submission)
                )

    def _take(self, done: Done) -> None:
        from nbformat.v4 import reads_json

        from autograder.classroom.gradebook import untouched

        task = done.task
        if done.result is None:
            self.summary.failures[task.student, task.assignment] = done.failure or ""
            return
        answers = untouched(reads_json(done.notebook), self.checksums[task.assignment]) if done.notebook else []
        entry = Entry(SubmissionResult.from_json(done.result), True, done.notebook is not None, answers, task.timestamp)
        self._settle(entry, done.notebook)

    def _settle(self, entry: Entry, notebook: str | None) -> None:
        """Write a result down: first the notebook, then the journal's line, which makes it count, then the
        gradebook."""
        entry = replace(entry, known=self.roster.knows(entry.result.student))
        path = self.folder.autograded(*entry.key)
        if notebook is not None:
            write_whole(path, notebook)
        else:
            path.unlink(missing_ok=True)  # an older submission's, which this one replaces
        self.journal.append(entry)
        self.summary.graded += 1
        self._enter([entry])

    def _enter(self, entries: Iterable[Entry]) -> None:
        self.batch.extend(entries)
        if len(self.batch) >= BATCH or (self.batch and time.monotonic() - self.batch_since > BATCH_SECONDS):
            self._flush()

    def _flush(self) -> None:
        """Put the batch into the gradebook."""
        with self._clock("bookkeeping"):
            for name in self.assignments:
                self.gradebook.write(name, [entry for entry in self.batch if entry.result.assignment == name])
        self.batch, self.batch_since = [], time.monotonic()

    @contextmanager
    def _clock(self, part: str) -> Iterator[None]:
        start = time.monotonic()
        yield
        setattr(self.summary.times, part, getattr(self.summary.times, part) + time.monotonic() - start)

    # Afterwards

    def _report(self, feedback: bool) -> None:
        """Say how each submission stands, and bring the feedback pages of those looked at up to date."""
        chosen = {s.key for s in self.chosen}
        lines = lines_of(self.folder, self.assignments, self.journal.latest, self.gradebook, self.roster)
        self.summary.lines = [line for line in lines if line.entry or line.key in chosen]
        if feedback:
            with self._clock("feedback"):
                self._write_pages([line for line in self.summary.lines if line.key in chosen])

    def _write_pages(self, lines: list[Line]) -> None:
        from nbformat.v4 import reads_json

        from autograder.classroom.feedback import is_current, write_page

        for number, line in enumerate(lines, 1):
            path = self.folder.feedback(*line.key)
            if line.entry and line.record and not is_current(path, line.entry, line.record):
                executed = (
                    reads_json(self.folder.autograded(*line.key).read_text(encoding="utf-8"))
                    if line.entry.notebook
                    else None
                )
                write_page(path, line.entry, executed, self.notebooks[line.assignment], line.record)
            self.progress("Feedback", number, len(lines), line.student)


def lines_of(
    folder: ClassFolder,
    assignments: list[str],
    latest: dict[tuple[str, str], Entry],
    gradebook: Gradebook,
    roster: Roster,
) -> list[Line]:
    """How each submission in the class folder stands. Folders that can be no student's are told of, though written
    nowhere."""
    lines = []
    for name in assignments:
        records = gradebook.records(name)
        for s in folder.submissions(name):
            if s.refusal:
                lines.append(Line(*s.key, without_grading(folder, s, "unreadable", s.refusal), None, False))
            else:
                lines.append(Line(*s.key, latest.get(s.key), records.get(s.student), roster.knows(s.student)))
    return lines


def without_grading(folder: ClassFolder, submission: Submission, status: str, why: str | None) -> Entry:
    """The entry of a submission that nothing is executed of: 0 points, and why."""
    most = max_score(source_of(submission.assignment).read_bytes())
    job = hashlib.sha256(f"{status}\n{why}\n{most}".encode()).hexdigest()
    result = SubmissionResult.without_grading(*submission.key, status, why, most, job)
    return Entry(result, known=True, timestamp=folder.timestamp(submission))


@cache
def max_score(source: bytes) -> float:
    """The automatic points of an assignment: those of grade cells that are not for a person to mark."""
    cells = [cell["metadata"].get("nbgrader", {}) for cell in json.loads(source)["cells"]]
    return float(sum(c.get("points", 0) for c in cells if c.get("grade") and not c.get("solution")))
