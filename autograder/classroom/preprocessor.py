"""The examiner as a step of `nbgrader autograde`, in the place of nbgrader's Execute.

By then nbgrader has rewritten the submission. This step goes back to the submitted file, so that repairs, seeds and
marks are those of `autograder grade`. (Hostile *files* are promised for `autograder grade` only: nbgrader has read them
before this step comes.) One pool serves the whole run. In a server that lives long (the formgrader's), another takes
over when it has died, or when the grader or an assignment's source has changed.
"""

from __future__ import annotations

import atexit
import copy
import os
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.classroom.changes import settled
from autograder.classroom.folder import ClassFolder, printable
from autograder.classroom.jobs import entry_of, grader_version, job_name
from autograder.classroom.journal import Entry, read
from autograder.classroom.pool import Pool, Task
from autograder.examiner.grade_cells import is_examined
from autograder.examiner.intake import Unreadable, read_submission
from autograder.examiner.rebuild import handed_out, is_answer, untouched
from autograder.objects.assignments import ASSIGNMENTS


class NoResult(RuntimeError):
    """The examiner gave no result: its own fault, so that no mark may be written."""


class Examine(NbGraderPreprocessor):
    """Replaces the notebook by the one that the examiner executed."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        about = resources["nbgrader"]
        course = CourseDirectory(config=self.config)
        name = f"{about['notebook']}.ipynb"
        submitted = Path(course.format_path(course.submitted_directory, about["student"], about["assignment"]), name)
        source = Path(course.format_path(course.source_directory, ".", about["assignment"]), name)
        executed = self._examined(submitted, source, ClassFolder(submitted.parents[3]), about)
        given = {cell.metadata.nbgrader.grade_id: cell for cell in nb.cells if "nbgrader" in cell.metadata}
        left = untouched(executed, nbformat.read(source, as_version=4))
        for cell in executed.cells:  # by their checksums SaveAutoGrades sees what was left untouched
            about = cell.metadata.get("nbgrader", {})
            if about.get("solution"):
                about.pop("checksum", None)
                about |= {"checksum": utils.compute_checksum(cell)} if about.grade_id in left else {}
            elif about.get("grade_id") in given:
                about.checksum = given[about.grade_id].metadata.nbgrader.checksum
        return executed, resources

    def _examined(self, submitted: Path, source: Path, folder: ClassFolder, about: dict[str, Any]) -> NotebookNode:
        try:
            data = read_submission(submitted)
        except Unreadable as why:
            return self._nothing(source, str(why))
        grader_version.cache_clear()  # in a server that lives long the files may be others by now
        submission = folder.submission(about["student"], about["assignment"])
        told = submission.found.told if submission else ()
        job = job_name(data, source.read_bytes(), told)
        task = Task(about["student"], about["assignment"], job, data, source, told=told)
        (done,) = pool_of(folder, source).grade(iter([task]))
        if done.result is None:
            raise NoResult(f"{about['student']}, {about['assignment']}: {done.failure}")
        stopped = [cell["sentence"] for cell in done.result["stopped"]]
        for sentence in (*told, *done.result["repaired"], *stopped, done.result["limit"], *done.result["faults"]):
            if sentence:
                self.log.warning("%s", printable(f"{about['student']}: {sentence}"))
        if done.notebook is None:
            nb = self._nothing(source, done.result["limit"])
        else:
            nb = nbformat.reads(done.notebook, as_version=4)
        earlier = journal_of(folder).get((task.student, task.assignment))
        if earlier:
            handed_back = earlier.handed_back or folder.feedback(*earlier.key).exists()
            found = entry_of(task, done.result, done.notebook is not None)
            entry = settled(found, replace(earlier, handed_back=handed_back), lower=False)
            if entry.change and entry.keeps:
                self.log.warning("%s", printable(f"{task.student}: {entry.change.told()}"))
                keep_marks(nb, entry)
        return nb

    def _nothing(self, source: Path, why: str) -> NotebookNode:
        """The notebook of a submission that cannot be read: every grade cell is worth 0, and says why."""
        self.log.warning("Unreadable: %s", why)
        nb = copy.deepcopy(nbformat.read(source, as_version=4))
        for cell in nb.cells:
            if is_answer(cell):
                cell.source = handed_out(cell)
            elif utils.is_grade(cell):
                zero = new_output("execute_result", data={"text/plain": "0.0"})
                cell.outputs = [new_output("stream", name="stdout", text=why), zero]
        return nb


def keep_marks(nb: NotebookNode, entry: Entry) -> None:
    """Put the points of a mark that was handed back, and is kept, into an executed notebook's grade cells."""
    assert entry.change
    for cell in filter(is_examined, nb.cells):
        grade_id = cell.metadata.nbgrader.grade_id
        points = entry.result.cells[grade_id]["points"]
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.data["text/plain"] = str(points)
        if grade_id in entry.change.cells:
            old, new = entry.change.cells[grade_id]
            said = f"{old:g} as handed back; the grader would now give {new:g}.\n"
            cell.outputs.insert(0, new_output("stream", name="stdout", text=said))


def journal_of(folder: ClassFolder) -> dict[tuple[str, str], Entry]:
    """What `autograder grade` has written down of this class."""
    try:
        about = os.stat(folder.journal)
    except FileNotFoundError:
        return {}
    return _journal(folder, about.st_mtime_ns, about.st_size)


@lru_cache(1)
def _journal(folder: ClassFolder, written: int, size: int) -> dict[tuple[str, str], Entry]:
    """The journal, read once as long as it is the same file."""
    return read(folder.journal)


@dataclass
class _Serving:
    """The pool at work, and what it was started for: the class, its key, the grader and the sources it has read."""

    pool: Pool | None = None
    folder: tuple[ClassFolder, bytes, str] | None = None
    sources: dict[Path, bytes] = field(default_factory=dict)


_serving = _Serving()


def pool_of(folder: ClassFolder, source: Path) -> Pool:
    """An examiner that is alive, and that has read just this grader and this source."""
    wanted, text = (folder, folder.key(), grader_version()), source.read_bytes()
    fits = _serving.folder == wanted and _serving.sources.get(source, text) == text
    if _serving.pool and not (fits and _serving.pool.alive):
        _serving.pool.close()
        _serving.pool = None
    if _serving.pool is None:
        _serving.pool = Pool(1, folder.key(), ASSIGNMENTS)
        _serving.folder, _serving.sources = wanted, {}
    _serving.sources[source] = text
    return _serving.pool


@atexit.register
def _close() -> None:
    if _serving.pool:
        _serving.pool.close()
