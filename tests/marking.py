"""What a gradebook says, for tests of pages, tables and runs."""

import contextlib
import sqlite3

from autograder.classroom.marks import CellMark, Record


def record_of(result, *, given=(), extra=(), discussion=None, **others):
    """The record of a result, whose discussion waits for a mark of 4 points at most. given, extra: scores and extra
    credit that people entered, by grade_id; discussion: the points that a person gave for it."""
    given, extra = dict(given), dict(extra)
    cells = {
        name: CellMark(cell["max_points"], cell["points"], given.get(name), extra.get(name, 0.0))
        for name, cell in result.cells.items()
    }
    nothing = 0.0 if "discussion" in result.untouched else None  # as the gradebook has it
    cells["discussion"] = CellMark(4.0, nothing, discussion, extra.get("discussion", 0.0), manual=True)
    return Record(cells=cells, **others)


def entered(folder):
    """The students of whom the class's gradebook holds a submission."""
    with contextlib.closing(sqlite3.connect(folder.gradebook)) as db:
        return {row[0] for row in db.execute("select student_id from submitted_assignment")}
