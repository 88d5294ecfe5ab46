"""What there is to grade, and the name of the work: a hash of all that a result depends on."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.classroom.folder import ClassFolder, Submission
from autograder.classroom.journal import Entry
from autograder.examiner.grade_cells import points_of
from autograder.examiner.results import SubmissionResult
from convcourse import handed_out

if TYPE_CHECKING:  # which imports this module
    from autograder.classroom.pool import Task

ROOT = Path(__file__).parents[2]
# What marks depend on: all files of these folders. When one changes, every submission is a new job.
MARKS = (
    "autograder/exam",
    "autograder/examiner",
    "autograder/candidate",
    "autograder/objects",
    "autograder/wire",
    "convcourse",
)
PACKAGES = (
    *("torch", "torchvision", "numpy", "scipy", "pillow", "ipython", "nbformat", "matplotlib"),
    *("scikit-image", "scikit-learn"),
)


def source_of(assignment: str) -> Path:
    """The instructor's notebook, built from solutions/ by `make assignments`."""
    return ROOT / "_build" / "source" / assignment / f"{assignment}.ipynb"


@cache
def grader_version() -> str:
    """A hash of everything besides submission and assignment that a mark depends on."""
    digest = hashlib.sha256(repr([platform.python_version(), *map(version, PACKAGES)]).encode())
    for file in (file for folder in MARKS for file in sorted((ROOT / folder).rglob("*"))):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(f"\0{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def job_name(submitted: bytes, source: bytes, told: Iterable[str] = ()) -> str:
    """The name of the work: the same bytes, assignment and grader give the same result. `told`: accidents with the
    file, which are part of it."""
    parts = hashlib.sha256(submitted).hexdigest(), hashlib.sha256(source).hexdigest(), grader_version(), *told
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def may_take(assignment: str) -> float:
    """Seconds of processor time that a notebook of the assignment may take; 0 where this is not known."""
    try:
        return handed_out.assignments()[assignment].allowed.notebook_seconds
    except Exception:  # the list is damaged; the examiner says so of each submission
        return 0.0


@cache
def max_score(source: bytes) -> float:
    """The automatic points of an assignment."""
    return points_of(json.loads(source))


def entry_of(task: Task, result: dict[str, Any], executed: bool) -> Entry:
    """The entry of what came of a task: the result as JSON, and whether there is an executed notebook."""
    source = hashlib.sha256(task.source.read_bytes()).hexdigest()
    made = SubmissionResult.from_json(result)
    made = replace(made, repaired=[*task.told, *made.repaired])
    return Entry(made, True, executed, task.timestamp, source=source, grader=grader_version())


def without_grading(folder: ClassFolder, submission: Submission, status: str, why: str | None) -> Entry:
    """The entry of a submission that nothing is executed of: 0 points, and why."""
    most = max_score(source_of(submission.assignment).read_bytes())
    job = hashlib.sha256(f"{status}\n{why}\n{most}".encode()).hexdigest()
    result = SubmissionResult.without_grading(*submission.key, status, why, most, job)
    return Entry(result, known=True, timestamp=folder.timestamp(submission))
