"""One grade cell: held where the student's notebook stands then, and what it found written down.

The instructor's text runs here. Names that it takes from the student's notebook are looked up in the candidate at that
moment. Visible checks run beside the student's code: they give no points, so nothing is lost where it reaches them.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nbformat import NotebookNode

from autograder.exam import words
from autograder.exam.core import Exam, Lost, Missing, Outcome, SettingFailed, current
from autograder.exam.faults import fault_of
from autograder.exam.subject import Raised
from autograder.examiner.asserts import Asserts
from autograder.examiner.grade_cells import compiled, free_names, is_hidden
from autograder.examiner.results import CriterionResult, in_halves
from autograder.examiner.sanitise import clean_outputs, output_of
from autograder.examiner.setting import Remote, stopped
from autograder.examiner.snippets import snippet


@dataclass
class Marks:
    """What the grade cells of a notebook gave, so far."""

    cells: dict[str, dict[str, float]]
    criteria: list[CriterionResult]
    evidence: list[dict[str, Any]]
    bonus: float = 0.0


@contextlib.contextmanager
def noting(what: str, remote: Remote) -> Iterator[None]:
    """Within the block, something is made that no mark depends on; where that fails, it is a fault of ours."""
    try:
        yield
    except Exception as error:
        remote.fault(fault_of(what, error))


def run_check(cell: NotebookNode, remote: Remote, marks: Marks) -> None:
    """Run a visible check beside the student's code, as it ran at home."""
    outputs = clean_outputs(remote.run(cell.id, cell.source, check=True))
    for output in outputs:
        if output.output_type == "execute_result":  # the only one is ours
            output.output_type = "display_data"
            del output["execution_count"]
    finish(cell, outputs, 0.0, marks)


def finish(cell: NotebookNode, outputs: list[NotebookNode], points: float, marks: Marks) -> None:
    """A grade cell's outputs and points, into the cell and into `marks`."""
    about = cell.metadata.nbgrader
    marks.cells[about.grade_id] = {"points": points, "max_points": float(about.points)}
    # Exactly one result, whatever happened: nbgrader gives a cell without one all its points.
    result = output_of("execute_result", data={"text/plain": str(points)}, execution_count=cell.execution_count)
    cell.outputs = [*outputs, result]


def examine(cell: NotebookNode, remote: Remote, marks: Marks, sentences: Mapping[str, str]) -> None:
    """Run a grade cell: its outputs into the cell, what it found into `marks`."""
    grade_id, most = cell.metadata.nbgrader.grade_id, float(cell.metadata.nbgrader.points)
    with remote.examining():
        outputs, value = run_grade_cell(cell.source, remote, grade_id)
    points = in_halves(min(max(float(value), 0.0), most)) if isinstance(value, int | float) else 0.0
    for exam, outcomes in remote.shown:
        outputs.append(table(exam.title, outcomes))
        marks.bonus += sum(outcome.earned for outcome in outcomes) if exam.bonus else 0.0
        marks.criteria += [criterion_result(grade_id, outcome, sentences) for outcome in outcomes]
        if remote.transcript:
            marks.evidence += list(evidence_of(grade_id, exam, outcomes, remote))
    remote.shown.clear()
    if remote.transcript:
        remote.transcript.clear()
    finish(cell, outputs, points, marks)


def run_asserts(cell: NotebookNode, remote: Remote, marks: Marks, asserts: Asserts) -> None:
    """Run a grade cell of plain asserts: what came of it into the cell and into `marks`."""
    grade_id = cell.metadata.nbgrader.grade_id
    with remote.examining():
        outcome, printed = asserts.examine(cell)
    outputs = clean_outputs([{"output_type": "stream", "name": "stdout", "text": printed}] if printed else [])
    marks.criteria.append(criterion_result(grade_id, outcome, {}))
    if outcome.finding and (evidence := outcome.finding.evidence):
        marks.evidence.append({"cell": grade_id, "criterion": outcome.id, **asdict(evidence), "python": None})
    finish(cell, [*outputs, table(grade_id, [outcome])], outcome.earned, marks)


def evidence_of(grade_id: str, exam: Exam, outcomes: list[Outcome], remote: Remote) -> Iterator[dict[str, Any]]:
    """What the instructor may see of each criterion that is not met: the case, and a program that makes it again."""
    for outcome in outcomes:
        if outcome.finding and (evidence := outcome.finding.evidence) and remote.transcript:
            python = None
            with noting("the case as a program", remote):
                python = snippet(remote.transcript, exam, f"{exam.name}/{outcome.id}", evidence)
            yield {"cell": grade_id, "criterion": outcome.id, **asdict(evidence), "python": python}


def run_grade_cell(source: str, remote: Remote, grade_id: str) -> tuple[list[NotebookNode], Any]:
    """Run the instructor's text here; return what it printed or raised, and the value of its last expression."""
    hidden = is_hidden(source)
    statements, last = compiled(source)
    printed = io.StringIO()
    outputs: list[dict[str, Any]] = []
    value = None
    scope: dict[str, Any] = {"__name__": "__main__"}
    try:
        with (
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(io.StringIO()),  # warnings never change a mark
            warnings.catch_warnings(),
            held_in(remote),
        ):
            warnings.simplefilter("ignore")
            for name in sorted(free_names(source)):
                scope[name] = remote.look_up(name)
                if not hidden:  # an exam says itself what is not there; other tests expect Python to
                    _be_there(name, scope[name])
            exec(statements, scope)
            value = eval(last, scope)
    except Lost as lost:
        with contextlib.suppress(Lost):
            remote.lost(lost)
        outputs.append(stopped(lost.sentence))
    except SettingFailed:
        raise
    except Exception as error:
        if hidden:  # an exam says itself what is wrong; what ends it is ours, and must not be shown
            remote.fault(fault_of(grade_id, error))
            error = RuntimeError("The hidden test could not be held to its end.")
        kind, said = (error.kind, error.message) if isinstance(error, Raised) else (type(error).__name__, str(error))
        outputs.append({"output_type": "error", "ename": kind, "evalue": said, "traceback": [f"{kind}: {said}"]})
    if printed.getvalue():
        outputs.insert(0, {"output_type": "stream", "name": "stdout", "text": printed.getvalue()})
    return clean_outputs(outputs), value


def _be_there(name: str, found: Any) -> None:
    if isinstance(found, Missing):
        raise NameError(f"name {name!r} is not defined")
    if isinstance(found, Lost):
        raise found


@contextlib.contextmanager
def held_in(remote: Remote) -> Iterator[None]:
    """Within the block, exams are held in this setting."""
    token = current.set(remote)
    try:
        yield
    finally:
        current.reset(token)


def criterion_result(grade_id: str, outcome: Outcome, sentences: Mapping[str, str]) -> CriterionResult:
    """One outcome as the journal keeps it. `sentences`: of the mistakes that the book has boxes about."""
    finding = outcome.finding
    named = finding.mistake if finding and finding.mistake in sentences else None
    sentence = finding.sentence if finding else None
    return CriterionResult(
        grade_id, outcome.id, outcome.title, outcome.points, outcome.earned, sentence=sentence, mistake=named
    )


def table(title: str, outcomes: list[Outcome]) -> NotebookNode:
    """What a grade cell found, as an output."""
    shown = {"text/html": words.table_html(title, outcomes), "text/plain": words.table_text(title, outcomes)}
    return output_of("display_data", data=shown)
