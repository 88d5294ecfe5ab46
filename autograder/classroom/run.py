"""A grading run: find what is new, have it graded, write it down, and tell the gradebook.

    submitted bytes ──hash──► job in the journal? ──no──► pool ──► autograded/, journal (synced) ──► gradebook (batches)

Every step can be done again without harm, and each follows from what stands before it on disk: a run that was killed
goes on where it stopped. Only this process writes.
"""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from autograder.classroom.changes import refuse_other_cells, settled
from autograder.classroom.errors import UserError, did_you_mean
from autograder.classroom.folder import ClassFolder, Submission, write_whole
from autograder.classroom.forced import Forced
from autograder.classroom.jobs import entry_of, job_name, may_take, source_of, without_grading
from autograder.classroom.journal import Entry, Journal
from autograder.classroom.names import student_id
from autograder.classroom.pool import Done, Pool, PoolError, Task
from autograder.classroom.progress import Step, at_work
from autograder.classroom.standings import Roster
from autograder.classroom.summary import Summary
from autograder.examiner.grade_cells import points_by_cell
from autograder.examiner.intake import Unreadable

if TYPE_CHECKING:  # seconds of nbgrader, imported while the pool starts
    from autograder.classroom.gradebook import Gradebook

BATCH, BATCH_SECONDS = 16, 2.0


class Run:
    """One `autograder grade`. `progress` is called after each step, see `classroom.progress`.

    Whatever goes wrong with one submission, its bytes, its result or its page, is a failure of that one, and told; all
    others are graded and written, in this run and in the next."""

    def __init__(self, folder: ClassFolder, assignments: list[str], students: set[str], progress: Step):
        """`students`: those to look at, or none for all. Raise `UserError` for what is not there, and beside another
        run."""
        self.folder, self.assignments, self.progress = folder, assignments, progress
        self.all = {s.key: s for name in assignments for s in folder.submissions(name)}
        self.named = {*map(student_id, students)}
        self.chosen = [s for s in self.all.values() if not students or s.student in self.named]
        if absent := sorted(self.named - {student for student, _ in self.all}):
            meant = "".join(did_you_mean(name, folder.students()) for name in absent)
            raise UserError(f"{', '.join(absent)} handed in nothing of {', '.join(assignments)}.{meant}")
        self.sources = {name: source_of(name).read_bytes() for name in assignments}
        self.summary = Summary()
        self.journal, self.forced = Journal(folder.journal), Forced(folder)
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
        todo = list(self._to_grade(force))
        to_execute = sum(1 for s in todo if not s.found.problem)
        key = self.folder.key(new=force and not self.named)
        self.progress("Starting", 0, None, lambda: "PyTorch, nbgrader and the gradebook are loaded")
        pool = Pool(min(jobs, to_execute), key, self.assignments, confined=confined) if to_execute else None
        try:
            self.gradebook = self._opened()  # nbgrader's import takes as long as the pool's start: side by side
            out = {key for key in self.gradebook.taken_out() & self.all.keys() if key[0] not in self.named}
            self.summary.taken_out = sorted(out)
            todo = [s for s in todo if s.key not in out]
            self._hand_back(s.key for s in self.chosen if s not in todo and s.key not in out)
            here = {key for key, s in self.all.items() if not s.refusal} - out
            kept = [e for e in self.journal.latest.values() if e.key in here and self._has_all_cells(e)]
            self._enter(self.gradebook.missing(kept))
            self._grade(pool, todo)
        except KeyboardInterrupt:
            self.summary.stopped = "Stopped."
        except PoolError as error:
            self.summary.stopped = str(error)
        finally:
            if pool:
                pool.close()
        self.summary.left = sum(s.key not in self.summary.fresh | self.summary.failures.keys() for s in todo)
        if not self.summary.left:
            self.forced.end()
        if self.gradebook:
            self._flush()
            self._report(feedback and not self.summary.stopped)
        self.journal.close()
        return self.summary

    # What is new

    def _to_grade(self, force: bool) -> Iterator[Submission]:
        """What is new; by `force` all, or what is left of it where that was stopped."""
        again = {s.key for s in self.chosen if not s.refusal} if force else set()
        again -= self.forced.begin(again) if force else set()
        for number, submission in enumerate(self.chosen):
            self.progress("Reading", number, len(self.chosen), lambda: submission.student)  # noqa: B023 - shown at once
            if not submission.refusal and (submission.key in again or self._is_new(submission)):
                yield submission

    def _is_new(self, submission: Submission) -> bool:
        """Is there no result yet of just this work? (Where there is, but the exchange gave another time: of that
        time.)"""
        entry = self.journal.latest.get(submission.key)
        if entry is None or (self.lower and entry.keeps):
            return True
        if entry.notebook and not self.folder.autograded(*submission.key).exists():
            return True
        try:
            found = self._read(submission)
        except OSError:  # told when its turn comes
            return True
        job = found.result.job if isinstance(found, Entry) else self._job(submission, found)
        return (job, self.folder.timestamp(submission)) != (entry.job, entry.timestamp)

    def _read(self, submission: Submission) -> bytes | Entry:
        """The submitted bytes or, where there is nothing to execute, what there is to say."""
        if submission.found.problem:
            return without_grading(self.folder, submission, "missing", submission.found.problem)
        try:
            return submission.found.notebook.read()
        except Unreadable as error:
            return without_grading(self.folder, submission, "unreadable", str(error))

    def _job(self, submission: Submission, submitted: bytes) -> str:
        return job_name(submitted, self.sources[submission.assignment], submission.found.told)

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

    def _has_all_cells(self, entry: Entry) -> bool:
        """Has a result all graded cells that its assignment has now? If not, the gradebook has to wait for the next."""
        cells = points_by_cell(self.notebooks[entry.result.assignment])
        return not entry.notebook or cells.keys() <= entry.result.cells.keys()

    def _grade(self, pool: Pool | None, todo: list[Submission]) -> None:
        times, tasks = self.summary.times, self._tasks(todo)
        if pool is None:  # nothing to execute: settled on the way
            deque(tasks, maxlen=0)
            return

        def now() -> str:
            names = at_work((task.student, seconds) for task, seconds in pool.at_work())
            return names if names or times.first else "the examiners are starting"

        self.progress("Grading", 0, len(todo), now)
        for done in pool.grade(tasks):
            times.last = time.monotonic() - self.start
            times.first = times.first or times.last
            with self._clock("bookkeeping"), self._failing_alone((done.task.student, done.task.assignment)):
                self._take(done)
            self.progress("Grading", self.summary.graded + len(self.summary.failures), len(todo), now)

    def _tasks(self, todo: list[Submission]) -> Iterator[Task]:
        """Read each submission when its turn comes; those that need no examiner are settled on the way. Those that
        may take longest begin first; if one began last, the run would wait for it alone."""
        for submission in sorted(todo, key=lambda s: may_take(s.assignment), reverse=True):
            with self._failing_alone(submission.key):
                found = self._read(submission)
                if isinstance(found, Entry):
                    with self._clock("bookkeeping"):
                        self._settle(found, None)
                    continue
                source, stamp = source_of(submission.assignment), self.folder.timestamp(submission)
                job = self._job(submission, found)
                yield Task(*submission.key, job, found, source, stamp, submission.found.told)

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
            self.folder.send_back(self.all[entry.key])
            self.journal.append(entry)
            self.summary.fresh.add(entry.key)
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
        from autograder.classroom.pages import graded, not_handed_in, renew, whole_class
        from autograder.classroom.report import write_report

        assert self.gradebook
        chosen = {s.key for s in self.chosen}
        names = sorted({*self.assignments, *graded(self.folder, self.gradebook)})
        lines = whole_class(self.folder, names, self.journal.latest, self.gradebook, self.roster)
        of_run = [line for line in lines if line.assignment in self.assignments]
        self.summary.lines = [line for line in of_run if line.entry or line.key in chosen]
        absent = not_handed_in(self.folder, names, self.gradebook)
        self.summary.not_handed_in = {name: absent[name] for name in self.assignments}
        looked_at = [line for line in of_run if line.key in chosen] if feedback else []
        for number, line in enumerate(looked_at, 1):
            with self._clock("feedback"):
                try:
                    renew(self.folder, line, self.notebooks[line.assignment])
                except Exception as error:  # one page that cannot be made costs no other
                    why = f"The feedback page could not be made ({type(error).__name__}: {error})."
                    self.summary.failures.setdefault(line.key, why)
            self.progress("Feedback", number, len(looked_at), lambda: line.student)  # noqa: B023 - shown at once
        with self._clock("feedback"):
            write_report(self.folder, lines, absent)


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
