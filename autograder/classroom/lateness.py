"""How late a submission is, what that costs, and who has more time.

What lateness costs is nbgrader's to say: the class that its configuration names, in this course's folder or wherever
nbgrader looks, is asked here as `nbgrader autograde` asks it. nbgrader asks once, before people have marked; here it is
asked again whenever marks are written down, so that a penalty follows the mark, the due date and the extension.
"""

from __future__ import annotations

import logging
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.paths import jupyter_config_path
from nbgrader.api import Assignment, Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.converters import Autograde
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload
from traitlets.config import Application
from traitlets.utils.importstring import import_item

from autograder.classroom.errors import UserError, did_you_mean
from autograder.classroom.folder import printable
from autograder.classroom.places import COURSE

if TYPE_CHECKING:
    from traitlets.config import Config

ROOT = Path(__file__).parents[2]
OF_PAPER = SubmittedAssignment.assignment


def seconds_late(paper: SubmittedAssignment) -> float:
    """Seconds after the due date and the extension; 0 where one of the times is not known. (nbgrader's own property
    fails on an extension without a due date.)"""
    if paper.timestamp is None or paper.assignment.duedate is None:
        return 0.0
    return paper.total_seconds_late


def deduct(db: Session, name: str) -> None:
    """Bring the late penalties of the assignment `name` to what they are now: of today's marks, due date and
    extensions, with the plugin that nbgrader's configuration names. Raise `UserError` where it fails."""
    papers = select(SubmittedAssignment).join(Assignment).where(Assignment.name == name)
    late = {paper.id: seconds_late(paper) for paper in db.scalars(papers.options(joinedload(OF_PAPER)))}
    deducted = SubmittedNotebook.late_submission_penalty.is_not(None)
    stand = set(db.scalars(select(SubmittedNotebook.assignment_id).where(deducted)))
    concerned = [paper for paper, seconds in late.items() if seconds or paper in stand]
    step = configured() if concerned else None
    if step is None:
        return
    sheets = select(SubmittedNotebook).where(SubmittedNotebook.assignment_id.in_(concerned))
    for sheet in db.scalars(sheets.options(joinedload(SubmittedNotebook.assignment))):
        seconds = late[sheet.assignment_id]
        found = penalty(step, sheet.assignment.student_id, sheet, seconds) if seconds else None
        if found != sheet.late_submission_penalty:
            sheet.late_submission_penalty = found


def penalty(step: AssignLatePenalties, student: str, sheet: SubmittedNotebook, late: float) -> float | None:
    """What `step` takes off the marked notebook `sheet` of a submission that is `late` seconds late; None where it
    takes nothing. Raise `UserError` where it fails."""
    try:
        found = step.plugin_inst.late_submission_penalty(student, sheet.score, late)
        return None if found is None else step._check_late_penalty(sheet, found)
    except Exception as error:  # code of the instructor's own
        kind = type(step.plugin_inst)
        raise UserError(
            f"The late penalty of {student} cannot be had: {kind.__module__}.{kind.__name__} raised "
            f"{type(error).__name__}: {error}. nbgrader_config.py names this class. Mend it, and grade again."
        ) from error


def extend(path: Path, student: str, assignment: str, more: timedelta) -> datetime:
    """Give a student more time than the due date of the assignment, or with no time take it back; return the deadline,
    in UTC. `path`: the gradebook, which knows the assignment. Raise `UserError` where there is no due date, or no such
    student."""
    with Gradebook(f"sqlite:///{path}", COURSE) as db:
        due = db.find_assignment(assignment).duedate
        if due is None:
            raise UserError(
                f"{assignment} has no due date that could be extended. First: "
                f'nbgrader db assignment add {assignment} --duedate="2026-10-12 08:00 Europe/Berlin"'
            )
        try:
            db.find_student(student)
        except MissingEntry:
            meant = did_you_mean(student, [one.id for one in db.students])
            raise UserError(
                f"The gradebook knows no student {printable(student)}.{meant} Those who have handed in nothing yet are "
                f"entered with: nbgrader db student add {shlex.quote(printable(student))}"
            ) from None
        db.update_or_create_submission(assignment, student)
        db.grant_extension(assignment, student, minutes=more / timedelta(minutes=1))
        return due + more


@cache
def configured() -> AssignLatePenalties | None:
    """nbgrader's step that assigns late penalties, with the plugin that the configuration names; None where the
    configuration has no such step. Raise `UserError` where it cannot be read."""
    try:
        with _importable(ROOT):
            config = _configuration()
            steps = config.get("Autograde", {}).get("autograde_preprocessors", Autograde().autograde_preprocessors)
            for step in map(_class_of, steps):
                if issubclass(step, AssignLatePenalties):
                    made = step(config=config)
                    made.log = logging.getLogger(__name__)  # nbgrader's own tells of each student
                    made.init_plugin()
                    return made
    except Exception as error:
        raise UserError(f"nbgrader's configuration cannot be used ({type(error).__name__}: {error}).") from error
    return None


def _configuration() -> Config:
    """What `nbgrader autograde`, started in this project's folder, reads."""
    reader = Application(raise_config_file_errors=True)
    reader.load_config_file("nbgrader_config", path=[str(ROOT), *jupyter_config_path()])
    return reader.config


def _class_of(step: Any) -> type:
    return import_item(step) if isinstance(step, str) else step


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Within the block, modules of the folder can be imported by name, as by nbgrader's commands."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
