"""An assignment as the gradebook holds it: which cells it has, what they are worth, and how they were released."""

from __future__ import annotations

import copy
import json
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    SolutionCell,
    SourceCell,
    TaskCell,
    new_uuid,
)
from nbgrader.preprocessors import ClearSolutions, ComputeChecksums, LockCells
from sqlalchemy import select
from sqlalchemy.orm import Session

from autograder.classroom.errors import UserError
from autograder.classroom.places import COURSE


class Conflict(UserError):
    """The gradebook holds people's work that a change of the assignment would throw away."""


def released(source: NotebookNode) -> NotebookNode:
    """The instructor's notebook as `nbgrader generate_assignment` records it: locked, solutions cut out, with
    checksums."""
    nb = copy.deepcopy(source)
    for step in (LockCells, ClearSolutions, ComputeChecksums):
        nb, _ = step().preprocess(nb, {"language": "python"})
    return nb


def enter(db: Session, name: str, nb: NotebookNode) -> None:
    """Enter the assignment `name` with its released notebook, or bring its cells up to date. Raise `Conflict` where a
    cell that is gone holds manual scores or comments."""
    cells = [cell for cell in nb.cells if "nbgrader" in cell.metadata]
    scores = {
        i: {"max_score": float(c.metadata.nbgrader.get("points", 0)), "cell_type": c.cell_type}
        for i, c in _by_id(cells)
    }
    graded = {i: scores[i] for i, c in _by_id(cells) if utils.is_grade(c)}
    tasks = {i: scores[i] for i, c in _by_id(cells) if utils.is_task(c)}
    solutions: dict[str, dict[str, Any]] = {i: {} for i, c in _by_id(cells) if utils.is_solution(c)}
    sources = {
        i: _source(c) for i, c in _by_id(cells) if i in graded or i in tasks or i in solutions or utils.is_locked(c)
    }
    assignment = db.scalar(select(Assignment).where(Assignment.name == name))
    if assignment is None:
        assignment = Assignment(name, course_id=COURSE)
        db.add(assignment)
        db.flush()
    notebook = db.scalar(select(Notebook).where(Notebook.assignment_id == assignment.id, Notebook.name == name))
    if notebook is None:
        notebook = Notebook(id=new_uuid(), name=name, assignment_id=assignment.id)
        db.add(notebook)
        db.flush()
    notebook.kernelspec = json.dumps(nb.metadata.get("kernelspec", {}))
    for kind, wanted in (
        (GradeCell, graded),
        (SolutionCell, solutions),
        (TaskCell, tasks),
        (SourceCell, sources),
    ):
        _keep(db, kind, notebook.id, wanted)


def _by_id(cells: list[NotebookNode]) -> list[tuple[str, NotebookNode]]:
    return [(cell.metadata.nbgrader.grade_id, cell) for cell in cells]


def _source(cell: NotebookNode) -> dict[str, Any]:
    checksum = cell.metadata.nbgrader.get("checksum")
    return {"cell_type": cell.cell_type, "locked": utils.is_locked(cell), "source": cell.source, "checksum": checksum}


def _keep(db: Session, kind: Any, notebook_id: str, wanted: dict[str, dict[str, Any]]) -> None:
    """Make the notebook's cells of this kind those that are wanted."""
    stand = {cell.name: cell for cell in db.scalars(select(kind).where(kind.notebook_id == notebook_id))}
    for gone in stand.keys() - wanted.keys():
        if kind is not SourceCell:
            _forget(db, stand[gone])
        db.delete(stand[gone])
    for name, values in wanted.items():
        if name not in stand:
            db.add(kind(id=new_uuid(), name=name, notebook_id=notebook_id, **values))
            continue
        for attribute, value in values.items():
            setattr(stand[name], attribute, value)


def _forget(db: Session, cell: BaseCell) -> None:
    """Remove what the grader itself wrote about a cell that is gone."""
    grades = list(db.scalars(select(Grade).where(Grade.cell_id == cell.id)))
    comments = list(db.scalars(select(Comment).where(Comment.cell_id == cell.id)))
    if any(g.manual_score is not None or g.extra_credit for g in grades) or any(c.manual_comment for c in comments):
        raise Conflict(
            f"The assignment no longer has the cell {cell.name!r}, but the gradebook holds manual marks or comments "
            "for it. Put the cell back, or take those marks away in the formgrader, then grade again."
        )
    for row in grades + comments:
        db.delete(row)
    db.flush()
