"""What a command was asked to work on: the class folder, the assignments in it, the file to write."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from autograder.classroom.errors import UserError, did_you_mean
from autograder.classroom.folder import ClassFolder
from autograder.classroom.names import student_id
from autograder.classroom.terminal import say

LAYOUT = "submitted/<student>/<assignment>/<assignment>.ipynb"


def open_class(folder: Path) -> ClassFolder:
    """The class folder. Raise `UserError` where it is none, or where it is not ours to look into."""
    try:
        return _opened(folder)
    except PermissionError as error:
        raise UserError(
            f"{error.filename} cannot be reached: you have no right to look there. Take a class folder of your own."
        ) from error


def _opened(folder: Path) -> ClassFolder:
    if (folder / "submitted").is_dir():
        place = ClassFolder(folder.resolve())
        refuse_broken(place.gradebook)
        return place
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file. Expected: a class folder, which holds {LAYOUT}.")
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}. A class folder holds {LAYOUT}.")
    if folder.name == "submitted":
        raise UserError(f"{folder} lies in the class folder. Give that one: --class {folder.resolve().parent}")
    raise UserError(f"{folder} has no folder `submitted`. Expected: {folder / LAYOUT}")


def known_assignments(place: ClassFolder, named: list[str]) -> list[str]:
    """The assignments to grade: those named, or all that were submitted and that we have a source of. Raise `UserError`
    where there is none."""
    from autograder.classroom.jobs import source_of

    wanted = list(dict.fromkeys(named)) or place.assignments()
    without = [name for name in wanted if not source_of(name).is_file()]
    if not wanted:
        raise UserError(f"Found nothing to grade in {place.submitted}: no student's folder holds an assignment's.")
    sources = source_of("any").parent.parent
    if without and (named or without == wanted):
        there = sorted(path.name for path in sources.glob("*") if path.is_dir())
        meant = "".join(did_you_mean(name, there) for name in without)
        raise UserError(
            f"No source of {', '.join(without)} in {sources}, only of: {', '.join(there) or 'none'}.{meant} "
            "`make assignments` builds them."
        )
    chosen = [name for name in wanted if name not in without]
    for name in place.unused(without, chosen) if without else ():
        say(f"Left out: {name}, of which there is no source in {sources}.")
    return chosen


def tell_stray(place: ClassFolder) -> None:
    """Say what lies in `submitted/` itself and is looked at by nobody."""
    if stray := place.stray():
        more = f" and {len(stray) - 1} more" if len(stray) > 1 else ""
        say(f"Left out: {stray[0]}{more} in {place.submitted} itself. Whose is it? Put it into the student's folder.")


def known_student(place: ClassFolder, student: str) -> None:
    """Raise `UserError` where nobody of this name has a folder."""
    students = place.students()
    if student_id(student) not in students:
        raise UserError(f"{place.submitted} has no folder named {student}.{did_you_mean(student, students)}")


def refuse_broken(gradebook: Path) -> None:
    """Raise `UserError` where the gradebook is there and is no whole database: before anything is added to it."""
    if not gradebook.is_file() or not gradebook.stat().st_size:
        return
    try:
        with closing(sqlite3.connect(f"{gradebook.as_uri()}?mode=ro", uri=True)) as database:
            ((found,),) = database.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.OperationalError:  # in use, or not readable: what opens it says so
        return
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise UserError(
            f"The gradebook {gradebook} is damaged ({found.splitlines()[-1]}). Nothing was changed. Restore it from a "
            "backup, or move it away: `autograder grade` then makes a new one from journal.jsonl. What was entered by "
            "hand is in the old one alone."
        )


def refuse_unwritable(file: Path) -> None:
    """Raise `UserError` where this file cannot be written: before the work, whose result it is to hold, is done."""
    where = file if file.exists() else file.parent
    if file.is_dir():
        why = "it is a folder"
    elif not where.exists():
        why = f"there is no folder {where}"
    elif not where.is_dir() and where != file:
        why = f"{where} is no folder"
    elif not os.access(where, os.W_OK):
        why = "you have no right to write there"
    else:
        return
    raise UserError(f"{file} cannot be written: {why}. Nothing was graded.")
