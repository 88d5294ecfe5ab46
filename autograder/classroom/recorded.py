"""What the gradebook holds, read in bulk."""

from __future__ import annotations

from typing import Any

from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    SolutionCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, undefer

from autograder.classroom.lateness import seconds_late
from autograder.classroom.marks import CellMark, Person, Record

CELLS = GradeCell, SolutionCell, TaskCell


def records(db: Session, name: str) -> dict[str, Record]:
    """The marks of the assignment `name`, by student."""
    notebook = db.scalars(select(Notebook).join(Assignment).where(Assignment.name == name, Notebook.name == name)).one()
    found = {paper.student_id: _without_cells(paper) for paper in _papers(db, notebook.assignment_id)}
    of_name = SubmittedAssignment.assignment_id == notebook.assignment_id
    ids = {cell: name for kind in CELLS for name, cell in names(db, kind, notebook.id).items()}
    manual = {*names(db, SolutionCell, notebook.id), *names(db, TaskCell, notebook.id)}
    most: dict[str, float] = {}
    for kind in (GradeCell, TaskCell):
        points = select(kind.id, kind.max_score).where(kind.notebook_id == notebook.id)
        most |= {cell: worth for cell, worth in db.execute(points)}
    scores = select(
        SubmittedAssignment.student_id, Grade.cell_id, Grade.auto_score, Grade.manual_score, Grade.extra_credit
    )
    for student, cell, automatic, given, extra in db.execute(_joined(scores, Grade).where(of_name)):
        mark = CellMark(most[cell], automatic, given, extra or 0.0, manual=ids[cell] in manual)
        found[student].cells[ids[cell]] = mark
    said = select(SubmittedAssignment.student_id, Comment.cell_id, Comment.manual_comment)
    written = _joined(said, Comment).where(of_name, Comment.manual_comment.is_not(None))
    for student, cell, words in db.execute(written):
        found[student].comments[ids[cell]] = words
    return found


def names(db: Session, kind: Any, notebook_id: str) -> dict[str, str]:
    """Ids of a notebook's cells of this kind, by their grade_ids."""
    return {name: cell for name, cell in db.execute(select(kind.name, kind.id).where(kind.notebook_id == notebook_id))}


def _without_cells(paper: SubmittedAssignment) -> Record:
    student: Student = paper.student
    return Record(
        deducted=paper.late_submission_penalty,
        late_seconds=seconds_late(paper),
        extended=paper.extension is not None,
        person=Person(student.first_name, student.last_name, student.email, student.lms_user_id),
    )


def _papers(db: Session, assignment_id: str) -> Any:
    """The submissions, with what is needed of student, due date and penalty."""
    return db.scalars(
        select(SubmittedAssignment)
        .where(SubmittedAssignment.assignment_id == assignment_id)
        .options(
            joinedload(SubmittedAssignment.assignment),
            joinedload(SubmittedAssignment.student),
            undefer(SubmittedAssignment.late_submission_penalty),
        )
    )


def _joined(query: Any, kind: Any) -> Any:
    return query.join_from(kind, SubmittedNotebook, kind.notebook_id == SubmittedNotebook.id).join(
        SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id
    )
