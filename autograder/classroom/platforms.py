"""Marks for a learning platform: files that Moodle's and Canvas's gradebooks import.

One file for each assignment, with those students only who have a mark: an empty field would take a grade away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from autograder.classroom.folder import ClassFolder, write_whole
from autograder.classroom.report import csv_text
from autograder.classroom.standings import Line


def moodle_csv(assignment: str, lines: Iterable[Line]) -> str:
    """For *Grades, Import, CSV file*: whoever imports maps one of the first two columns to the users, and the last to
    the assignment."""
    columns = ["ID number", "Email address", "First name", "Last name", assignment]
    rows = []
    for line in lines:
        if line.record:
            person = line.record.person
            about = line.student, person.email, person.first_name, person.last_name, line.record.total
            rows.append(dict(zip(columns, about)))
    return csv_text(columns, rows)


def canvas_csv(assignment: str, lines: Iterable[Line]) -> str:
    """For *Gradebook, Import*: Canvas finds a student by the ID, `lms_user_id` in the roster, else by the login."""
    columns = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment]
    there = [line for line in lines if line.record]
    most = max((line.record.max_total for line in there if line.record), default=0.0)
    rows: list[dict[str, Any]] = [{"Student": "    Points Possible", assignment: most}]
    for line in there:
        assert line.record
        person = line.record.person
        name = ", ".join(filter(None, (person.last_name, person.first_name))) or line.student
        about = {"Student": name, "ID": person.lms_user_id, "SIS Login ID": line.student}
        rows.append(about | {assignment: line.record.total})
    return csv_text(columns, rows)


FORMATS: dict[str, Callable[[str, Iterable[Line]], str]] = {"moodle": moodle_csv, "canvas": canvas_csv}


def write_for(platform: str, folder: ClassFolder, lines: Iterable[Line]) -> list[Path]:
    """Write `<platform>-<assignment>.csv` for each assignment into the class folder; return the files. `platform`: one
    of `FORMATS`."""
    written = []
    ordered = sorted(lines, key=lambda line: line.key[::-1])
    for assignment, of_name in groupby(ordered, lambda line: line.assignment):
        path = folder.root / f"{platform}-{assignment}.csv"
        write_whole(path, FORMATS[platform](assignment, of_name))
        written.append(path)
    return written
