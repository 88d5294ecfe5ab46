"""A grading run: find what is new, have it graded, write it down, and tell the gradebook.

    submitted bytes ──hash──► job in the journal? ──no──► pool ──► autograded/, journal (synced) ──► gradebook (batches)

Every step can be done again without harm, and each follows from what stands before it on disk: a run that was killed
goes on where it stopped. Only this process writes.
"""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from autograder.classroom.changes import refuse_other_cells, settled
from autograder.classroom.errors import UserError
from autograder.classroom.folder import ClassFolder, Submission, printable, write_whole
from autograder.classroom.jobs import entry_of, job_name, source_of, without_grading
from autograder.classroom.journal import Entry, Journal
from autograder.classroom.pool import Done, Pool, PoolError, Task
from autograder.classroom.standings import Line, Roster
from autograder.examiner.grade_cells import points_by_cell
from autograder.examiner.intake import Unreadable, read_submission

if TYPE_CHECKING:  # seconds of nbgrader, imported while the pool starts
    from autograder.classroom.gradebook import Gradebook

BATCH, BATCH_SECONDS = 16, 2.0
Progress = Callable[[str, int, int, str], None]


@dataclass
class Times:
    """Seconds from the run's start to the first and to the last result, and what parts of it took."""

    first: float = 0.0
    last: float = 0.0
    bookkeeping: float = 0.0
    feedback: float = 0.0


@dataclass
class Summary:
    """What a run did. `failures`: what went wrong beside a submission's own result, by student and assignment, in
    whole sentences. `changed`: those whose mark this run changed, or would have. `stopped`: why the run ended before
    its end, None where it did not."""

    lines: list[Line] = field(default_factory=list)
    graded: int = 0
    changed: list[Entry] = field(default_factory=list)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)
    stopped: str | None = None
    times: Times = field(default_factory=Times)


class Run:
    """One `autograder grade`. `progress(stage, done, of, what)` is called after each step.

    Whatever goes wrong with one submission, its bytes, its result or its page, is a failure of that one, and told; all
    others are graded and written, in this run and in the next."""

    def __init__(self, folder: ClassFolder, assignments: list[str], students: set[str], progress: Progress):
        """`students`: those to look at, or none for all. Raise `UserError` for what is not there, and beside another
        run."""
        self.folder, self.assignments, self.progress = folder, assignments, progress
        self.all = [s for name in assignments for s in folder.submissions(name)]
        self.chosen = [s for s in self.all if not students or s.student in students]
        absent = students - {s.student for s in self.all}
        if absent:
            raise UserError(f"{folder.submitted} has no folder named {', '.join(map(printable, sorted(absent)))}.")
        self.sources = {name: source_of(name).read_bytes() for name in assignments}
        self.summary = Summary()
        self.journal = Journal(folder.journal)
        self.gradebook: Gradebook | None = None
        self.batch: list[Entry] = []
        self.batch_since = self.start = time.monotonic()
        self.feedback, self.lower = True, False

    def grade(
        self, *, jobs: int, force: bool = False, feedback: bool = True, lower: bool = False, confined: bool = True
    ) -> Summary:
        """Grade what is new. `lower`: let a lower mark count even where a higher one was handed back. Ctrl-C, and
        examiners that cannot be had, end the run and keep every result that there is: `summary.stopped`."""
        self.feedback, self.lower = feedback, lower
        todo = [s for s in self.chosen if self._is_new(s, force)]
        to_execute = sum(1 for s in todo if os.path.lexists(s.path))
        key = self.folder.key()
        pool = Pool(min(jobs, to_execute), key, self.assignments, confined=confined) if to_execute else None
        try:
            self.gradebook = self._opened()  # nbgrader's import takes as long as the pool's start: side by side
            self._hand_back(s.key for s in self.chosen if s not in todo)
            ours = (entry for entry in self.journal.latest.values() if entry.result.assignment in self.sources)
            self._enter(self.gradebook.missing(ours))
            self._grade(pool, todo)
        except KeyboardInterrupt:
            self.summary.stopped = "Stopped."
        except PoolError as error:
            self.summary.stopped = str(error)
        finally:
            if pool:
                pool.close()
        if self.gradebook:
            self._flush()
            self._report(feedback and not self.summary.stopped)
        self.journal.close()
        return self.summary

    # What is new

    def _is_new(self, submission: Submission, force: bool) -> bool:
        """Is there no result yet of just this work? (Where there is, but the exchange gave another time: of that
        time.)"""
        if submission.refusal:
            return False
        entry = self.journal.latest.get(submission.key)
        if force or entry is None or (self.lower and entry.keeps):
            return True
        if entry.notebook and not self.folder.autograded(*submission.key).exists():
            return True
        try:
            found = self._read(submission)
        except OSError:  # told when its turn comes
            return True
        job = found.result.job if isinstance(found, Entry) else job_name(found, self.sources[submission.assignment])
        return (job, self.folder.timestamp(submission)) != (entry.job, entry.timestamp)

    def _read(self, submission: Submission) -> bytes | Entry:
        """The submitted bytes or, where there is nothing to execute, what there is to say."""
        if not os.path.lexists(submission.path):
            return without_grading(self.folder, submission, "missing", None)
        try:
            return read_submission(submission.path)
        except Unreadable as error:
            return without_grading(self.folder, submission, "unreadable", str(error))

    # Grading

    def _opened(self) -> Gradebook:
        import nbformat

        from autograder.classroom.gradebook import Gradebook
        from autograder.classroom.released import released

        opened = Gradebook(self.folder.gradebook)
        self.roster = Roster(opened.students(), self.journal.latest.values())
        self.notebooks = {name: nbformat.reads(source.decode(), as_version=4) for name, source in self.sources.items()}
        for name, nb in self.notebooks.items():
            if not self.lower:
                of_name = [e for e in self.journal.latest.values() if e.result.assignment == name]
                refuse_other_cells(name, points_by_cell(nb), map(self._as_handed_back, of_name))
            opened.prepare(name, released(nb))
        return opened

    def _grade(self, pool: Pool | None, todo: list[Submission]) -> None:
        times, tasks = self.summary.times, self._tasks(todo)
        if pool is None:  # nothing to execute: settled on the way
            deque(tasks, maxlen=0)
            return
        for count, done in enumerate(pool.grade(tasks), 1):
            times.last = time.monotonic() - self.start
            times.first = times.first or times.last
            with self._clock("bookkeeping"), self._failing_alone((done.task.student, done.task.assignment)):
                self._take(done)
            self.progress("Grading", count, len(todo), done.task.student)

    def _tasks(self, todo: list[Submission]) -> Iterator[Task]:
        """Read each submission when its turn comes; those that need no examiner are settled on the way."""
        for submission in todo:
            with self._failing_alone(submission.key):
                found = self._read(submission)
                if isinstance(found, Entry):
                    with self._clock("bookkeeping"):
                        self._settle(found, None)
                    continue
                job = job_name(found, self.sources[submission.assignment])
                stamp = self.folder.timestamp(submission)
                yield Task(*submission.key, job, found, source_of(submission.assignment), stamp)

    @contextmanager
    def _failing_alone(self, key: tuple[str, str]) -> Iterator[None]:
        """Within the block, one submission is dealt with: an error is its failure, and ends nothing else."""
        try:
            yield
        except UserError:  # of the class, not of this submission
            raise
        except Exception as error:
            self.summary.failures[key] = f"No result is written down ({type(error).__name__}: {error})."

    def _take(self, done: Done) -> None:
        task = done.task
        if done.result is None:
            self.summary.failures[task.student, task.assignment] = f"No result. {done.failure}"
            return
        self._settle(entry_of(task, done.result, done.notebook is not None), done.notebook)

    def _settle(self, found: Entry, notebook: str | None) -> None:
        """Write a result down: first the notebook, then the journal's line, which makes it count, then the
        gradebook."""
        found = replace(found, known=self.roster.knows(found.result.student), handed_back=self.feedback)
        earlier = self.journal.latest.get(found.key)
        entry = settled(found, self._as_handed_back(earlier), lower=self.lower) if earlier else found
        path = self.folder.autograded(*entry.key)
        with uninterrupted():
            if notebook is not None and not (entry.keeps and path.exists()):
                write_whole(path, notebook)
            elif not entry.keeps:
                path.unlink(missing_ok=True)  # an older submission's, which this one replaces
            self.journal.append(entry)
            self.summary.graded += 1
            if entry.change and entry.change.job == found.result.job:
                self.summary.changed.append(entry)
            self._enter([entry])

    # What was handed back

    def _as_handed_back(self, entry: Entry) -> Entry:
        """The entry, which says whether its mark was handed back: so it was once a page stands in `feedback/`, whoever
        wrote it. When it is sent, nothing tells here."""
        return replace(entry, handed_back=entry.handed_back or self.folder.feedback(*entry.key).exists())

    def _hand_back(self, keys: Iterable[tuple[str, str]]) -> None:
        """Write down which of the results that stand get their first page in this run."""
        for entry in filter(None, map(self.journal.latest.get, keys)):
            if self.feedback and not entry.handed_back:
                self.journal.append(replace(entry, handed_back=True))

    def _enter(self, entries: Iterable[Entry]) -> None:
        self.batch.extend(entries)
        if len(self.batch) >= BATCH or (self.batch and time.monotonic() - self.batch_since > BATCH_SECONDS):
            self._flush()

    def _flush(self) -> None:
        """Put the batch into the gradebook."""
        assert self.gradebook
        with self._clock("bookkeeping"):
            for name in self.assignments:
                entries = [entry for entry in self.batch if entry.result.assignment == name]
                self.summary.failures.update(self.gradebook.write(name, entries))
        self.batch, self.batch_since = [], time.monotonic()

    @contextmanager
    def _clock(self, part: str) -> Iterator[None]:
        start = time.monotonic()
        yield
        setattr(self.summary.times, part, getattr(self.summary.times, part) + time.monotonic() - start)

    # Afterwards

    def _report(self, feedback: bool) -> None:
        """Say how each submission stands, bring the feedback pages of those looked at up to date, and the tables of the
        class."""
        from autograder.classroom.pages import graded, renew, whole_class
        from autograder.classroom.report import write_report

        assert self.gradebook
        chosen = {s.key for s in self.chosen}
        names = sorted({*self.assignments, *graded(self.folder, self.gradebook)})
        lines = whole_class(self.folder, names, self.journal.latest, self.gradebook, self.roster)
        of_run = [line for line in lines if line.assignment in self.assignments]
        self.summary.lines = [line for line in of_run if line.entry or line.key in chosen]
        looked_at = [line for line in of_run if line.key in chosen] if feedback else []
        for number, line in enumerate(looked_at, 1):
            with self._clock("feedback"):
                try:
                    renew(self.folder, line, self.notebooks[line.assignment])
                except Exception as error:  # one page that cannot be made costs no other
                    why = f"The feedback page could not be made ({type(error).__name__}: {error})."
                    self.summary.failures.setdefault(line.key, why)
            self.progress("Feedback", number, len(looked_at), line.student)
        with self._clock("feedback"):
            write_report(self.folder, lines)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until the block is done, so that the journal and the gradebook hold the same results.

    To block the signal would not do: another thread may take it, and Python acts on it in this one.
    """
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        for number in came[:1]:
            signal.raise_signal(number)
