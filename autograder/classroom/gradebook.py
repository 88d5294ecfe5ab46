"""The one writer of the gradebook: nbgrader's own models, filled in bulk.

nbgrader's `Gradebook` commits cell by cell (86 ms a submission, measured). Here a batch of results is one transaction
through the same models, and each result a savepoint in it, so that one that cannot be written harms no other. The rows
are those that `nbgrader generate_assignment` and `nbgrader autograde` make, so that its feedback, export and formgrader
work on them; a manual score, an extra credit and a manual comment are never touched. The table `autograder_applied`
says which journal entry each submission holds: it is written in the same transaction, so that a run that was killed can
go on, and nothing is counted twice.
"""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import nbgrader.api
from alembic.script import ScriptDirectory
from nbformat import NotebookNode
from nbgrader.api import (
    Assignment,
    Base,
    Comment,
    Course,
    Grade,
    GradeCell,
    Notebook,
    SolutionCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
    new_uuid,
)
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy import (
    Column,
    MetaData,
    String,
    Table,
    case,
    create_engine,
    event,
    func,
    inspect,
    select,
    text,
    tuple_,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, selectinload

from autograder.classroom.arrival import moment
from autograder.classroom.errors import UserError
from autograder.classroom.journal import Entry
from autograder.classroom.lateness import deduct
from autograder.classroom.marks import Person, Record
from autograder.classroom.places import COURSE
from autograder.classroom.recorded import CELLS, names, records
from autograder.classroom.released import enter

LOCK_SECONDS = 30.0  # how long another writer (the formgrader) is waited for

applied = Table(
    "autograder_applied",
    MetaData(),
    Column("submission_id", String(32), primary_key=True),
    Column("state", String(64), nullable=False),
)
# Whose results were ever entered: where the submission is gone, a person took it out.
entered = Table(
    "autograder_entered",
    applied.metadata,
    Column("student_id", String(128), primary_key=True),
    Column("assignment", String(128), primary_key=True),
)
REMEMBER = text(
    """INSERT OR IGNORE INTO autograder_entered SELECT submitted_assignment.student_id, assignment.name
       FROM submitted_assignment JOIN autograder_applied ON submission_id = submitted_assignment.id
       JOIN assignment ON assignment.id = submitted_assignment.assignment_id"""
)


class Gradebook:
    """`gradebook.db` of a class folder, made where it is not there."""

    def __init__(self, path: Path):
        self._path = path
        self._engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": LOCK_SECONDS})
        # SQLite's driver would open a transaction only before the first write, and leave table definitions out of it.
        event.listen(self._engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
        event.listen(self._engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        with self._session() as db, db.begin():
            connection = db.connection()
            new = not inspect(connection).get_table_names()
            Base.metadata.create_all(connection)
            applied.metadata.create_all(connection)
            if new:  # nbgrader asks the `alembic` command for this number, at a second's cost
                head = ScriptDirectory(ALEMBIC_DIR).get_current_head()
                connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
                connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": head})
            if db.get(Course, COURSE) is None:
                db.add(Course(id=COURSE))
            connection.execute(REMEMBER)  # of a gradebook from before there was this table

    @contextlib.contextmanager
    def _session(self) -> Iterator[Session]:
        """Raise `UserError` where the file is held by others, or cannot be read or written."""
        try:
            with Session(self._engine, expire_on_commit=False, future=True) as db:
                yield db
        except OperationalError as error:
            raise UserError(
                f"{self._path} cannot be used ({error.orig}). No result is lost, they are in the journal. Run the same "
                "command again when nothing else holds the gradebook, you may write to it, and the disk has room."
            ) from error

    def close(self) -> None:
        self._engine.dispose()

    def students(self) -> dict[str, Person]:
        """Everyone in the gradebook, by id."""
        columns = Student.first_name, Student.last_name, Student.email, Student.lms_user_id
        with self._session() as db:
            return {row[0]: Person(*row[1:]) for row in db.execute(select(Student.id, *columns))}

    def has(self, name: str) -> bool:
        """Was the assignment `name` entered, with its cells? (With a due date alone it may have been.)"""
        with self._session() as db:
            of_name = select(Notebook.id).join(Assignment).where(Assignment.name == name, Notebook.name == name)
            return db.scalar(of_name) is not None

    def prepare(self, name: str, nb: NotebookNode) -> None:
        """Enter the assignment `name` with its released notebook, or bring its cells up to date.

        Raise `Conflict` where a cell that is gone holds manual scores or comments.
        """
        with self._session() as db, db.begin():
            enter(db, name, nb)

    def missing(self, entries: Iterable[Entry]) -> list[Entry]:
        """Those entries of the journal that the gradebook does not hold: a run was killed, the gradebook was lost, or
        `nbgrader autograde` gave other automatic points since."""
        answers = select(SolutionCell.name, SolutionCell.notebook_id)
        automatic = func.sum(
            case((tuple_(GradeCell.name, GradeCell.notebook_id).in_(answers), 0.0), else_=Grade.auto_score)
        )
        query = (
            select(SubmittedAssignment.student_id, Assignment.name, applied.c.state, automatic)
            .join(applied, applied.c.submission_id == SubmittedAssignment.id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
            .join(GradeCell, GradeCell.id == Grade.cell_id)
            .group_by(SubmittedAssignment.id)
        )
        with self._session() as db:
            held = {(student, name): (state, points) for student, name, state, points in db.execute(query)}
        return [entry for entry in entries if not _holds(held.get(entry.key), entry)]

    def taken_out(self) -> set[tuple[str, str]]:
        """Whose results were entered, by student and assignment, and were then taken out by a person."""
        held = select(SubmittedAssignment.student_id, Assignment.name).join(
            Assignment, Assignment.id == SubmittedAssignment.assignment_id
        )
        with self._session() as db:
            return {tuple(row) for row in db.execute(select(entered))} - {tuple(row) for row in db.execute(held)}

    def forget(self, student: str) -> None:
        """Remove a student with all submissions, marks and comments."""
        theirs = nbgrader.api.Gradebook(f"sqlite:///{self._path}", COURSE)
        with contextlib.closing(theirs), contextlib.suppress(nbgrader.api.MissingEntry):
            theirs.remove_student(student)
        with self._session() as db, db.begin():
            db.execute(entered.delete().where(entered.c.student_id == student))
            db.execute(applied.delete().where(applied.c.submission_id.not_in(select(SubmittedAssignment.id))))
        with contextlib.closing(sqlite3.connect(self._path, timeout=LOCK_SECONDS)) as file:
            file.execute("VACUUM")  # what was deleted stands in the file until then

    def write(self, name: str, entries: Collection[Entry]) -> dict[tuple[str, str], str]:
        """Put results of the assignment `name` into the gradebook in one transaction, each result whole or not at all.

        Return, by student and assignment, why some could not be written; they disturb no other. Raise `UserError` where
        the gradebook itself cannot be written.
        """
        by_student = {entry.result.student: entry for entry in entries}
        failures: dict[tuple[str, str], str] = {}
        if not by_student:
            return failures
        with self._session() as db, db.begin():
            notebook = db.scalars(
                select(Notebook).join(Assignment).where(Assignment.name == name, Notebook.name == name)
            ).one()
            cells = {kind: names(db, kind, notebook.id) for kind in CELLS}
            there = set(db.scalars(select(Student.id).where(Student.id.in_(by_student))))
            papers = _papers(db, notebook.assignment_id, by_student)
            for student, entry in by_student.items():
                try:
                    with db.begin_nested():
                        if student not in there:
                            db.add(Student(id=student))
                        paper = papers.get(student) or SubmittedAssignment(
                            id=new_uuid(), assignment_id=notebook.assignment_id, student_id=student
                        )
                        _put(db, paper, notebook.id, cells, entry)
                except OperationalError:  # of the file, not of the entry
                    raise
                except Exception as error:  # whatever it is, it is this entry's
                    failures[entry.key] = f"The gradebook does not take its result ({type(error).__name__}: {error})."
            db.execute(REMEMBER)
        return failures

    def deduct(self, name: str) -> None:
        """Bring the late penalties of the assignment `name` to what they are now. Raise `UserError` where it fails."""
        with self._session() as db, db.begin():
            deduct(db, name)

    def records(self, name: str) -> dict[str, Record]:
        """What the gradebook holds of the assignment `name`, by student."""
        with self._session() as db:
            return records(db, name)


def _holds(held: tuple[str, float | None] | None, entry: Entry) -> bool:
    """Is what the gradebook holds, a state and the automatic points, that of the entry?"""
    return (
        held is not None and held[0] == entry.state and math.isclose(held[1] or 0.0, entry.result.score, abs_tol=1e-6)
    )


def _papers(db: Session, assignment_id: str, students: Iterable[str]) -> dict[str, SubmittedAssignment]:
    """The submissions that stand, with all their grades and comments, in four queries."""
    inside = selectinload(SubmittedAssignment.notebooks)
    query = (
        select(SubmittedAssignment)
        .where(SubmittedAssignment.assignment_id == assignment_id, SubmittedAssignment.student_id.in_(list(students)))
        .options(inside.selectinload(SubmittedNotebook.grades), inside.selectinload(SubmittedNotebook.comments))
    )
    return {paper.student_id: paper for paper in db.scalars(query)}


def _put(
    db: Session, paper: SubmittedAssignment, notebook_id: str, cells: dict[type, dict[str, str]], entry: Entry
) -> None:
    """Write all that the gradebook takes from one entry, and that it holds this entry now."""
    db.add(paper)
    paper.timestamp = moment(entry.timestamp) or paper.timestamp
    _mark(paper, notebook_id, cells, entry)
    db.flush()
    db.execute(applied.delete().where(applied.c.submission_id == paper.id))
    db.execute(applied.insert(), {"submission_id": paper.id, "state": entry.state})


def _mark(paper: SubmittedAssignment, notebook_id: str, cells: dict[type, dict[str, str]], entry: Entry) -> None:
    """Write one result as nbgrader's SaveAutoGrades does: points of automatic cells, 0 for manual ones that were left
    untouched (or never came), None for those that wait for a person; "No response." where nothing was written."""
    sheet = next((s for s in paper.notebooks if s.notebook_id == notebook_id), None)
    if sheet is None:
        sheet = SubmittedNotebook(id=new_uuid(), notebook_id=notebook_id)
        paper.notebooks.append(sheet)
    grades = {g.cell_id: g for g in sheet.grades}
    for name, cell in {**cells[GradeCell], **cells[TaskCell]}.items():
        row = grades.get(cell)
        if row is None:
            row = Grade(id=new_uuid(), cell_id=cell)
            sheet.grades.append(row)
        if name in cells[SolutionCell] or name in cells[TaskCell]:
            row.auto_score = None if entry.notebook and name not in entry.result.untouched else 0.0
        else:
            row.auto_score = float(entry.result.cells[name]["points"]) if entry.notebook else 0.0
        row.needs_manual_grade = row.auto_score is None or row.manual_score is not None
    comments = {c.cell_id: c for c in sheet.comments}
    for name, cell in {**cells[SolutionCell], **cells[TaskCell]}.items():
        line = comments.get(cell)
        if line is None:
            line = Comment(id=new_uuid(), cell_id=cell)
            sheet.comments.append(line)
        line.auto_comment = "No response." if name in entry.result.untouched and name not in cells[TaskCell] else None
