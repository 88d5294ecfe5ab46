"""From submitted bytes to a result: rebuild the notebook, run it in a candidate, hold its exams, write down what came.

Grade cells, which are the instructor's text, are held here (`marking`). All other cells run in the candidate, in the
notebook's order. The result is a function of the bytes, the assignment, the course's key and the grader's version;
outputs in the file are never looked at.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from autograder.exam.core import Lost
from autograder.examiner.absences import Absences
from autograder.examiner.asserts import Asserts
from autograder.examiner.ban_evasion import noticed
from autograder.examiner.fragments import add_fragments
from autograder.examiner.grade_cells import (
    asks_an_exam,
    free_names,
    is_check,
    is_examined,
    points_of,
)
from autograder.examiner.held import assignment
from autograder.examiner.link import ZygoteClient
from autograder.examiner.marking import Marks, examine, finish, noting, run_asserts, run_check
from autograder.examiner.mishaps import is_machines, told
from autograder.examiner.rebuild import rebuild, untouched
from autograder.examiner.results import SubmissionResult, in_halves, worst
from autograder.examiner.sanitise import clean_outputs
from autograder.examiner.setting import Remote, stopped
from autograder.examiner.transcript import Transcript
from convcourse.handed_out import versions
from convcourse.submission.intake import Unreadable


@dataclass(frozen=True)
class Job:
    """A submission to grade. `job` names the work; `explain`: keep the evidence; `recording`: it is the instructor's
    own solution, and what their asserts do with its objects is written into the executed notebook."""

    student: str
    assignment: str
    job: str
    explain: bool = False
    recording: bool = False


def grade(
    job: Job, submitted: bytes, source: NotebookNode, client: ZygoteClient, key: bytes
) -> tuple[SubmissionResult, NotebookNode | None, list[dict[str, Any]] | None]:
    """Grade one submission. `source`: the instructor's notebook; `key`: the course's.

    Returns the result, the executed notebook (None where nothing could be executed) and the evidence (None where it was
    not asked for).
    """
    held = assignment(job.assignment)
    limits = held.limits
    digest = hashlib.sha256(submitted).hexdigest()
    grade_cells = [cell for cell in source.cells if is_examined(cell)]
    most = points_of(source)
    try:
        program, repaired = rebuild(submitted, source, limits, versions(job.assignment))
    except Unreadable as why:
        result = SubmissionResult.without_grading(
            job.student, job.assignment, "unreadable", str(why), most, job.job, digest
        )
        return result, None, [] if job.explain else None
    given = {cell.id for cell in source.cells}
    absences = absences_of(program, grade_cells, given)
    graded = {name for cell in grade_cells for name in free_names(cell.source)}
    transcript = Transcript() if job.explain else None
    remote = Remote(client, limits, key, submitted, graded, absences, transcript)
    marks, asserts = Marks({}, [], []), Asserts(source, remote, job.recording)
    try:
        for count, cell in enumerate((cell for cell in program.cells if cell.cell_type == "code"), 1):
            cell.execution_count = count
            with cell_alone(cell, remote, marks):
                if not is_examined(cell):
                    cell.outputs = clean_outputs(remote.run(cell.id, cell.source, own=cell.id not in given), count)
                elif is_check(cell):
                    run_check(cell, remote, marks)
                elif asks_an_exam(cell.source):
                    examine(cell, remote, marks, held.sentences)
                else:
                    run_asserts(cell, remote, marks, asserts)
    finally:
        remote.close()
    worth_reading: list[str] = []
    with noting("the ways round a ban", remote):
        worth_reading = noticed(
            (cell.source for cell in program.cells if cell.cell_type == "code" and not is_examined(cell)),
            (exam.graded_name for exam in held.exams if exam.ban),
        )
    with noting("the code in colours", remote):
        add_fragments(program, given, job.job)
    result = SubmissionResult(
        job.student,
        job.assignment,
        status=worst(lost.status for lost in remote.happened),
        score=sum(cell["points"] for cell in marks.cells.values()),
        max_score=most,
        bonus=in_halves(marks.bonus),
        seconds={part: round(seconds, 4) for part, seconds in remote.seconds.items()},
        criteria=marks.criteria,
        stopped=absences.stopped(),
        limit=limit_of(remote.happened),
        repaired=repaired,
        noticed=worth_reading,
        faults=remote.faults,
        cells=marks.cells,
        untouched=untouched(program, source),
        sha256=digest,
        job=job.job,
    )
    return result, program, marks.evidence if job.explain else None


def absences_of(program: NotebookNode, grade_cells: list[NotebookNode], given: set[str]) -> Absences:
    """What is known of a notebook's cells of code before they run."""
    cells = [cell for cell in program.cells if cell.cell_type == "code" and not is_examined(cell)]
    return Absences(
        ((cell.id, cell.source, cell.id in given) for cell in cells),
        {
            cell.metadata.nbgrader.grade_id.removesuffix("-hidden"): free_names(cell.source)
            for cell in grade_cells
            if not is_check(cell)
        },
    )


@contextlib.contextmanager
def cell_alone(cell: NotebookNode, remote: Remote, marks: Marks) -> Iterator[None]:
    """Within the block, one cell is dealt with. What fails in it, and is not the machine's, costs this cell's points
    and the candidate, and is written down as a fault; the notebook goes on."""
    criteria, evidence, bonus = len(marks.criteria), len(marks.evidence), marks.bonus
    try:
        yield
    except Exception as error:
        if is_machines(error):
            raise
        status, sentence, fault = told(error, cell.id, f"the cell `{cell.id}`")
        remote.fault(fault)
        del marks.criteria[criteria:], marks.evidence[evidence:]
        marks.bonus = bonus
        remote.shown.clear()
        remote.abandon(Lost(status, sentence))
        outputs = clean_outputs([stopped(sentence)])
        if is_examined(cell):
            finish(cell, outputs, 0.0, marks)
        else:
            cell.outputs = outputs


def limit_of(happened: list[Lost]) -> str | None:
    """Which limits were run into, in two sentences at most."""
    sentences = list(dict.fromkeys(lost.sentence for lost in happened))
    more = f" And {len(sentences) - 2} more." if len(sentences) > 2 else ""
    return " ".join(sentences[:2]) + more if sentences else None
