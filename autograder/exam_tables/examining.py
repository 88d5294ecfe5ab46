"""Examine an implementation in this process, or many on all cores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from importlib import import_module
from multiprocessing import get_context
from typing import TypeVar

import torch

from autograder import exam as exams
from autograder.exam.core import Exam, Outcome, exams_of
from autograder.exam.mistakes import FORGOTTEN
from autograder.exam.setting import Local, current
from autograder.exam_tables.implementations import Implementation

T = TypeVar("T")


@dataclass
class Quiet(Local):
    """This process, without a table in the output; `salt` gives other seeds."""

    salt: str = ""

    def seed(self, key: str) -> int:
        return super().seed(f"{self.salt}{key}")

    def show(self, exam: Exam, outcomes: list[Outcome]) -> None:
        self.passed[exam.name] = all(o.earned == o.points for o in outcomes)


@contextmanager
def chosen(variable: ContextVar[T], value: T) -> Iterator[None]:
    """Within the block the variable has this value."""
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def setting(where: Local) -> AbstractContextManager[None]:
    """Within the block exams are held in this setting."""
    return chosen(current, where)


def parts_of(name: str) -> list[Exam]:
    """The exams of the assignment whose package is called `name`, in its order."""
    return exams_of(import_module(f"{exams.__name__}.{name}"))


@dataclass(frozen=True)
class Task:
    """An implementation to examine: with the seeds of this salt, and with slow criteria only where asked.

    forgotten: by an exam that does not know the mistake which it has.
    """

    exam: str
    implementation: Implementation
    salt: str = ""
    slow: bool = False
    forgotten: bool = False


def examine(task: Task) -> list[Outcome]:
    """The outcomes of every criterion of all that the file defines."""
    names = task.implementation.names
    module = task.implementation.load()
    parts = parts_of(task.exam)
    # A name that another cell would define counts as right, so nothing stands in for a file's own helpers.
    passed = {part.name: part.graded_name not in names for part in parts}
    outcomes: list[Outcome] = []
    quiet = Quiet(passed, salt=task.salt)
    own = task.implementation.mistakes if task.forgotten else frozenset()
    with setting(quiet), chosen(FORGOTTEN, own):
        for part in (part for part in parts if part.graded_name in names):
            asked = part if task.slow else replace(part, criteria=tuple(c for c in part.criteria if not c.slow))
            found = asked.examine(getattr(module, part.graded_name))
            current.get().show(asked, found)
            outcomes += found
        if quiet.faults:  # an implementation that an exam is not made for: no verdict may rest on that
            raise RuntimeError(f"the exam met what it did not expect: {'; '.join(quiet.faults)}")
    return outcomes


def examine_all(tasks: Iterable[Task]) -> list[list[Outcome]]:
    """Many, on all cores, in their order."""
    # Spawned, not forked: PyTorch's threads do not survive a fork.
    with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        return list(pool.map(examine, tasks, chunksize=4))
