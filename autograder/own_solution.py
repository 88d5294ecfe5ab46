"""Before an assignment with plain asserts is released: they are tried on the instructor's own solution.

They run as they will on students' notebooks, in an examiner that reaches the solution through a candidate. What fails
there fails by no fault of a student's: a wrong assert, or a value that does not cross. Where the solution has objects
is written into its notebook, since a student's may have some there, too (`examiner.uses`).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader import utils

from autograder.classroom.pool import Done, Pool, PoolError, Task
from autograder.examiner.given import Given, free
from autograder.examiner.grade_cells import asks_an_exam, is_check, is_examined
from autograder.examiner.rebuild import handed_out
from convcourse.submission.mending import parsed

RECORDED = "objects", "made_here"  # what is written into a cell's metadata (`examiner.asserts`)


def has_asserts(source: NotebookNode) -> bool:
    """Does any of its cells run plain asserts?"""
    return any(map(_runs_asserts, source.cells))


def _runs_asserts(cell: NotebookNode) -> bool:
    return is_examined(cell) and cell.cell_type == "code" and not (asks_an_exam(cell.source) or is_check(cell))


def defined(source: NotebookNode) -> dict[str, tuple[str, bool]]:
    """What asserts ask of each cell for answers: its grade_id → the first name, and that it is worth something."""
    asked = {
        name for cell in filter(_runs_asserts, source.cells) if (tree := parsed(cell.source)) for name in free(tree)
    }
    found: dict[str, tuple[str, bool]] = {}
    given = Given(source)
    for cell in source.cells:
        if utils.is_solution(cell) and cell.cell_type == "code":
            names = [name for name in given.set_by(cell.id) if name in asked]
            if names:
                found[cell.metadata.nbgrader.grade_id] = names[0], False
    return found


def faults(sources: Mapping[str, NotebookNode]) -> Iterator[str]:
    """What is wrong with the asserts of these assignments, a sentence each; what they record goes into the notebooks.
    Points that the notebook as handed out would get are told on stderr."""
    wanted = {name: source for name, source in sources.items() if has_asserts(source)}
    if not wanted:
        return
    with tempfile.TemporaryDirectory() as folder:
        tasks = [task for name, source in wanted.items() for task in _tasks(Path(folder), name, source)]
        for done in _graded(tasks, list(wanted)):
            name, source = done.task.assignment, wanted[done.task.assignment]
            if done.result is None or done.notebook is None:
                yield f"{name}: its asserts could not be tried. {done.failure or (done.result or {}).get('limit')}"
            elif done.task.recording:
                _record(nbformat.reads(done.notebook, as_version=4), source)
                yield from (f"{name}: {fault}" for fault in _lost(done.result, done.evidence or []))
            else:
                _tell_of_gifts(name, done.result, source)


def _tasks(folder: Path, name: str, source: NotebookNode) -> Iterator[Task]:
    """The solution, and the notebook as students receive it."""
    path = folder / f"{name}.ipynb"
    path.write_text(nbformat.writes(source), encoding="utf-8")
    empty = nbformat.from_dict(source)
    for cell in empty.cells:
        cell.source = handed_out(cell) if utils.is_solution(cell) else cell.source
    for student, notebook in (("solution", source), ("as handed out", empty)):
        submitted = nbformat.writes(notebook).encode()
        yield Task(student, name, student, submitted, path, explain=True, recording=notebook is source)


def _graded(tasks: list[Task], names: list[str]) -> Iterable[Done]:
    """What came of each. Where students' code cannot be confined, the instructor's own is tried all the same."""
    done: list[Done] = []
    for confined in (True, False):
        pool = Pool(1, bytes(32), names, confined=confined)
        try:
            done = list(pool.grade(iter(tasks)))
        except PoolError as error:
            done = [Done(task, None, failure=str(error)) for task in tasks]
        finally:
            pool.close()
        if all(one.result for one in done):
            break
    return sorted(done, key=lambda one: tasks.index(one.task))


def _record(executed: NotebookNode, source: NotebookNode) -> None:
    recorded = {cell.id: cell.metadata for cell in executed.cells}
    for cell in filter(_runs_asserts, source.cells):
        for key in RECORDED:
            if recorded.get(cell.id, {}).get(key):
                cell.metadata[key] = recorded[cell.id][key]


def _lost(result: dict[str, Any], evidence: list[dict[str, Any]]) -> Iterator[str]:
    """What the solution did not get, and why."""
    cases = {(case["cell"], case["criterion"]): case for case in evidence}
    for row in result["criteria"]:
        if row["earned"] >= row["points"] and not row["sentence"]:
            continue
        said = f"{row['cell']}: your own solution gets {row['earned']:g} of {row['points']:g} points"
        case = cases.get((row["cell"], row["criterion"]))
        yield f"{said}. {case['case']}: {case['got']}" if case else f"{said}. {row['sentence']}"
    yield from (f"a fault of the grader's: {fault}" for fault in result["faults"])


def _tell_of_gifts(name: str, result: dict[str, Any], source: NotebookNode) -> None:
    asserts = {cell.metadata.nbgrader.grade_id for cell in filter(_runs_asserts, source.cells)}
    for cell, marks in result["cells"].items():
        if cell in asserts and marks["points"]:
            told = f"{marks['points']:g} of {marks['max_points']:g} points"
            print(f"{name}: {cell} gives {told} to the notebook as it is handed out.", file=sys.stderr)
