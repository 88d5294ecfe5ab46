"""nbgrader's own exchange, in one process: its real classes, a folder as the exchange, the student's id given."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeReleaseAssignment,
    ExchangeSubmit,
)
from traitlets.config import Config

from autograder.classroom.places import COURSE

LOG = logging.getLogger("autograder.demo.exchange")


class SubmitAt(ExchangeSubmit):
    """Submits at a time that is told, so that the demo is the same each time."""

    at = ""

    def set_timestamp(self) -> None:
        self.timestamp = self.at


class ClassExchange:
    """The exchange of one class folder. Students work in `homes/<student>/`."""

    def __init__(self, root: Path, released: Path, assignment: str):
        """`released`: the folder with what students receive."""
        LOG.setLevel(logging.ERROR)
        self.root, self.released, self.assignment = root, released, assignment
        self.config = Config()
        self.config.Exchange.root = str(root / "exchange")
        self.config.Exchange.cache = str(root / "cache")
        self.config.ExchangeCollect.check_owner = False  # all students of a demo are one user

    def release(self) -> None:
        """The instructor hands the assignment out."""
        self._act(ExchangeReleaseAssignment, force=True)

    def fetch(self, student: str) -> Path:
        """A student gets the assignment; returns their notebook."""
        home = self.root / "homes" / student
        home.mkdir(parents=True, exist_ok=True)
        self._act(ExchangeFetchAssignment, student, assignment_dir=str(home))
        return home / self.assignment / f"{self.assignment}.ipynb"

    def submit(self, student: str, at: datetime) -> None:
        """A student hands in what is in their folder."""
        folder = self.root / "homes" / student / self.assignment
        step = self._step(SubmitAt, student, assignment_dir=str(folder.parent))
        step.at = at.strftime("%Y-%m-%d %H:%M:%S.%f UTC")
        step.start()

    def collect(self) -> None:
        """The instructor collects into `submitted/`."""
        self._act(ExchangeCollect)

    def _act(self, kind: type, student: str = "*", **settings: object) -> None:
        self._step(kind, student, **settings).start()

    def _step(self, kind: type, student: str, **settings: object):
        place = CourseDirectory(
            root=str(self.root),
            course_id=COURSE,
            assignment_id=self.assignment,
            student_id=student,
            release_directory=str(self.released),
            db_url=f"sqlite:///{self.root / 'gradebook.db'}",
            parent=None,
            log=LOG,
        )
        return kind(coursedir=place, authenticator=Authenticator(), config=self.config, log=LOG, **settings)
