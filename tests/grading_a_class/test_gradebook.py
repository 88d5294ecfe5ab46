"""The gradebook that is written in bulk is the one that nbgrader writes cell by cell."""

import copy
import os
import shutil
import sqlite3
import sys
from pathlib import Path

import nbgrader.api
import pytest
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
    SaveAutoGrades,
    SaveCells,
)

from autograder.classroom import gradebook
from autograder.classroom.errors import UserError
from autograder.classroom.gradebook import Gradebook
from autograder.classroom.places import COURSE
from autograder.classroom.released import Conflict, released
from autograder.examiner.rebuild import untouched

NAME = "01-convolution"
pytestmark = pytest.mark.filterwarnings("ignore:Object of type")  # nbgrader's own way with SQLAlchemy


@pytest.fixture
def book(folder, source):
    made = Gradebook(folder.gradebook)
    made.prepare(NAME, released(source))
    yield made
    made.close()


def rows(path, query):
    db = sqlite3.connect(path)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


def change(path, statement):
    db = sqlite3.connect(path)
    db.execute(statement)
    db.commit()
    db.close()


CELLS = """select base_cell.type, base_cell.name, grade_cells.max_score, grade_cells.cell_type from base_cell
           left join grade_cells on grade_cells.id = base_cell.id order by 1, 2"""
SOURCES = "select name, cell_type, locked, source, checksum from source_cell order by name"
OTHERS = """select assignment.name, assignment.course_id, assignment.duedate, notebook.name, notebook.kernelspec,
            course.id, alembic_version.version_num from assignment
            join notebook on notebook.assignment_id = assignment.id
            join course on course.id = assignment.course_id, alembic_version"""
GRADES = """select submitted_assignment.student_id, base_cell.name, auto_score, manual_score, extra_credit,
            needs_manual_grade from grade join base_cell on base_cell.id = grade.cell_id
            join submitted_notebook on submitted_notebook.id = grade.notebook_id
            join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id order by 1, 2"""
COMMENTS = """select submitted_assignment.student_id, base_cell.name, auto_comment, manual_comment
              from comment join base_cell on base_cell.id = comment.cell_id
              join submitted_notebook on submitted_notebook.id = comment.notebook_id
              join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id order by 1, 2"""
DISCUSSION = "(select id from base_cell where name = 'discussion' and type = 'GradeCell')"


@pytest.fixture(scope="module")
def made_by_nbgrader(tmp_path_factory):
    """An empty gradebook of nbgrader's, which it takes more than a second to make."""
    path = tmp_path_factory.mktemp("nbgrader") / "nbgrader.db"
    with pytest.MonkeyPatch.context() as patched:  # it starts `alembic` by name
        patched.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
        nbgrader.api.Gradebook(f"sqlite:///{path}", COURSE).close()
    return path


@pytest.fixture
def by_nbgrader(tmp_path, source, made_by_nbgrader):
    """A gradebook that nbgrader made, and a function that has it mark an executed notebook."""
    path = Path(shutil.copy(made_by_nbgrader, tmp_path))
    resources = {
        "nbgrader": {"notebook": NAME, "assignment": NAME, "student": "", "db_url": f"sqlite:///{path}"},
        "language": "python",
    }
    with nbgrader.api.Gradebook(resources["nbgrader"]["db_url"], COURSE) as db:
        db.add_assignment(NAME)
    nb = copy.deepcopy(source)
    for step in (LockCells, ClearSolutions, CheckCellMetadata, ComputeChecksums, SaveCells):
        nb, _ = step().preprocess(nb, resources)

    def mark(student, executed):
        with nbgrader.api.Gradebook(resources["nbgrader"]["db_url"], COURSE) as db:
            db.update_or_create_student(student)
            db.update_or_create_submission(NAME, student)
        about = {"nbgrader": resources["nbgrader"] | {"student": student}}
        SaveAutoGrades().preprocess(copy.deepcopy(executed), about)
        return path

    mark.path = path
    return mark


def test_an_assignment_is_entered_as_nbgrader_does(book, folder, by_nbgrader):
    for query in (CELLS, SOURCES, OTHERS):
        assert rows(folder.gradebook, query) == rows(by_nbgrader.path, query)


@pytest.mark.parametrize("answer", ["Because.", "Your answer"])
@pytest.mark.parametrize(
    "code", ["def conv2d(x):\n    return 1", "def conv2d(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()"]
)
def test_marks_and_comments_are_those_of_nbgrader(book, folder, by_nbgrader, source, entry, executed, answer, code):
    nb = executed(code, answer)
    book.write(NAME, [entry(untouched=untouched(nb, source))])
    other = by_nbgrader("ada", nb)
    assert rows(folder.gradebook, GRADES) == rows(other, GRADES)
    assert rows(folder.gradebook, COMMENTS) == rows(other, COMMENTS)


def test_writing_again_changes_nothing(book, folder, source, entry):
    entries = [entry("ada"), entry("ben", (0.0, 0.0, 0.0))]
    book.write(NAME, entries)
    before = rows(folder.gradebook, GRADES), rows(folder.gradebook, "select id from grade order by id")
    for _ in range(3):
        book.write(NAME, entries)
    book.prepare(NAME, released(source))
    assert (rows(folder.gradebook, GRADES), rows(folder.gradebook, "select id from grade order by id")) == before


def test_what_people_entered_is_never_touched(book, folder, entry):
    book.write(NAME, [entry()])
    cell = "(select id from base_cell where name = '{}' limit 1)"
    change(
        folder.gradebook,
        f"update grade set manual_score = 3.5, extra_credit = 1, needs_manual_grade = 0 where cell_id = {DISCUSSION}",
    )
    change(folder.gradebook, f"update grade set manual_score = 7 where cell_id = {cell.format('conv2d-hidden')}")
    change(
        folder.gradebook, f"update comment set manual_comment = 'Well done.' where cell_id = {cell.format('conv2d')}"
    )
    for newer in (
        entry(points=(0.0, 0.0, 0.0), job="j2"),
        entry(notebook=False, status="unreadable", score=0.0, cells={}, job="j3"),
    ):
        book.write(NAME, [newer])
        marks = {
            name: (auto, manual, extra, needs) for _, name, auto, manual, extra, needs in rows(folder.gradebook, GRADES)
        }
        assert marks["discussion"][1:3] == (3.5, 1.0)
        assert marks["conv2d-hidden"] == (0.0, 7.0, None, 1)
        record = book.records(NAME)["ada"]
        assert record.comments == {"conv2d": "Well done."}
        assert (record.total, record.manual_points, record.extra_credit) == (11.5, 3.5, 1)
        assert record.override == 7 and record.by_hand == [
            "`conv2d`: 7 of 8, changed by hand; automatic 0",
            "`discussion`: +1 of extra credit",
        ]


def test_a_submission_that_cannot_be_read_replaces_the_older_mark_by_0(book, folder, entry):
    book.write(NAME, [entry()])
    assert book.records(NAME)["ada"].total == 8
    book.write(NAME, [entry(notebook=False, status="unreadable", score=0.0, cells={}, job="j2")])
    assert book.records(NAME)["ada"].total == 0
    assert {row[2] for row in rows(folder.gradebook, GRADES)} == {0.0}


def test_an_entry_that_cannot_be_written_harms_no_other(book, folder, entry, monkeypatch):
    good = [entry("ada", (0.0, 0.0, 0.0), job="j2"), entry("ben"), entry("cem")]
    broken = entry("broken", cells={})  # a cell that the gradebook asks for has no points
    book.write(NAME, [entry("ada")])
    for _ in range(2):  # and not in the next run either
        failures = book.write(NAME, [good[0], broken, *good[1:]])
        assert list(failures) == [("broken", NAME)] and "KeyError" in failures["broken", NAME]
        assert {row[0] for row in rows(folder.gradebook, GRADES)} == {"ada", "ben", "cem"} == set(book.students())
        assert {name: record.total for name, record in book.records(NAME).items()} == {"ada": 0, "ben": 8, "cem": 8}
        assert book.missing([*good, broken]) == [broken]
    assert book.write(NAME, [entry("broken")]) == {}


@pytest.mark.parametrize("error", [ArithmeticError("decimal"), RecursionError(), MemoryError(), AssertionError()])
def test_whatever_the_error_is_it_is_one_entrys(book, entry, monkeypatch, error):
    def fails_for_ben(paper, *arguments, mark=gradebook._mark):
        if paper.student_id == "ben":
            raise error
        mark(paper, *arguments)

    monkeypatch.setattr(gradebook, "_mark", fails_for_ben)
    failures = book.write(NAME, [entry("ada"), entry("ben"), entry("cem")])
    assert list(failures) == [("ben", NAME)]
    assert set(book.records(NAME)) == {"ada", "cem"}


def test_a_gradebook_that_others_hold_is_said_in_a_sentence(folder, source, entry, monkeypatch):
    monkeypatch.setattr(gradebook, "LOCK_SECONDS", 0.1)
    book = Gradebook(folder.gradebook)
    book.prepare(NAME, released(source))
    other = sqlite3.connect(folder.gradebook, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UserError, match="locked"):
        book.write(NAME, [entry("ada")])
    for attempt in (lambda: Gradebook(folder.gradebook), lambda: book.prepare(NAME, released(source)), book.students):
        with pytest.raises(UserError, match=r"locked.*Run the same command again"):
            attempt()
    other.execute("ROLLBACK")
    assert book.write(NAME, [entry("ada")]) == {} and set(book.records(NAME)) == {"ada"}
    other.close()
    book.close()


def test_what_the_gradebook_lacks_is_found(book, folder, entry):
    entries = [entry("ada"), entry("ben")]
    assert book.missing(entries) == entries
    book.write(NAME, entries)
    assert book.missing(entries) == []
    assert book.missing([entry("ada", job="newer")]) == [entry("ada", job="newer")]
    with nbgrader.api.Gradebook(f"sqlite:///{folder.gradebook}") as db:  # a person takes a submission out
        db.remove_submission(NAME, "ben")
    assert book.missing(entries) == [entries[1]]
    book.write(NAME, [entries[1]])
    assert book.records(NAME)["ben"].total == 8


def test_a_roster_is_told_from_names_that_the_grader_entered(book, folder, entry):
    with nbgrader.api.Gradebook(f"sqlite:///{folder.gradebook}") as db:
        db.add_student("ada", first_name="Ada")
        db.add_student("ben")
    book.write(NAME, [entry("chiara")])
    assert {student: person.known for student, person in book.students().items()} == {
        "ada": True,
        "ben": False,
        "chiara": False,
    }


def test_the_exchanges_time_says_how_late(book, folder, entry):
    with nbgrader.api.Gradebook(f"sqlite:///{folder.gradebook}") as db:
        db.update_or_create_assignment(NAME, duedate="2026-10-12 08:00:00 UTC")
    book.write(
        NAME,
        [
            entry("ada", timestamp="2026-10-12 09:00:00.000000 UTC"),
            entry("ben", timestamp="2026-10-12 07:59:59 UTC"),
            entry("chiara"),
        ],
    )
    assert {s: r.late_seconds for s, r in book.records(NAME).items()} == {"ada": 3600, "ben": 0, "chiara": 0}


@pytest.mark.parametrize("stamp", ["yesterday", "9" * 30 + "m", "2026-10-12 09:00:00 " + "9" * 60])
def test_a_forged_time_stops_nothing(book, entry, stamp):
    book.write(NAME, [entry("ada", timestamp=stamp), entry("ben")])
    assert set(book.records(NAME)) == {"ada", "ben"}


def test_a_changed_assignment_is_brought_up_to_date(book, folder, source, entry):
    book.write(NAME, [entry()])
    source.cells = [cell for cell in source.cells if not cell.id.startswith("bonus")]
    next(cell for cell in source.cells if cell.id == "conv2d-hidden").metadata.nbgrader.points = 6.0
    book.prepare(NAME, released(source))
    assert not [row for row in rows(folder.gradebook, GRADES) if row[1].startswith("bonus")]
    with nbgrader.api.Gradebook(f"sqlite:///{folder.gradebook}") as db:
        assert db.find_assignment(NAME).max_score == 2 + 6 + 4
    changed = entry(job="j2")
    book.write(NAME, [changed])
    assert book.missing([changed]) == []


def test_manual_marks_of_a_cell_that_goes_away_are_not_thrown_away(book, folder, source, entry):
    book.write(NAME, [entry()])
    change(
        folder.gradebook,
        f"update grade set manual_score = 3 where cell_id = {DISCUSSION}",
    )
    before = rows(folder.gradebook, GRADES)
    source.cells = [cell for cell in source.cells if cell.id != "discussion"]
    with pytest.raises(Conflict, match="discussion"):
        book.prepare(NAME, released(source))
    assert rows(folder.gradebook, GRADES) == before
