"""The main process's side of the examiners: it gives each a submission, and takes what came of it.

`Pool` starts the template (see `examiner.template`), which forks pairs of an examiner and a zygote. A dead examiner
costs the job in hand, which is said; a new pair takes its place.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from autograder.classroom import second_wall
from autograder.classroom.errors import UserError

# Of the environment only this: what a process is born with lies in its memory, and in that of all it forks.
PASSED = "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "MPLCONFIGDIR"
# Seconds after which an examiner that says nothing counts as dead; its own limits end a submission long before.
SILENCE = 1800.0


@dataclass(frozen=True)
class Task:
    """A submission to grade. `source`: the instructor's notebook; `timestamp`: when the exchange says it came."""

    student: str
    assignment: str
    job: str
    submitted: bytes
    source: Path
    timestamp: str | None = None
    explain: bool = False


@dataclass(frozen=True)
class Done:
    """What came of a task: the result as a JSON object, the executed notebook as text (None: nothing was executed),
    and the evidence, where it was asked for. `result` is None where there is none, which `failure` explains."""

    task: Task
    result: dict[str, Any] | None
    notebook: str | None = None
    evidence: list[dict[str, Any]] | None = None
    failure: str | None = None


class PoolError(UserError):
    """No examiner could be started: the grader's fault, or no confinement."""


@dataclass
class _Examiner:
    """The main process's side of one examiner."""

    connection: Connection
    pid: int = 0
    task: Task | None = None
    deadline: float = float("inf")

    def give(self, task: Task) -> None:
        """Send it a task. If it has just died, that is noticed when its answer is read."""
        self.task, self.deadline = task, time.monotonic() + SILENCE
        order = {
            "student": task.student,
            "assignment": task.assignment,
            "job": task.job,
            "source": str(task.source),
            "explain": task.explain,
        }
        with contextlib.suppress(OSError):
            self.connection.send_bytes(json.dumps(order).encode())
            self.connection.send_bytes(task.submitted)


class Pool:
    """As many examiners as `jobs`. `grade` yields what came of each task, in the order in which they are done."""

    def __init__(self, jobs: int, key: bytes, assignments: Iterable[str], *, confined: bool = True):
        """Start the template and return at once; the first `grade` waits for it. `assignments`: whose notebooks will
        come."""
        self._jobs, self._key, self._confined = jobs, key, confined
        self._examiners: list[_Examiner] = []
        self._control, theirs = socket.socketpair()
        wall = second_wall.prefix() if confined else ()
        parent = "0" if wall else str(os.getpid())  # behind the wall it is the wall's process that dies with this one
        passed = {name: os.environ[name] for name in PASSED if name in os.environ}
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        with theirs:
            self._template = subprocess.Popen(
                [
                    *wall,
                    sys.executable,
                    "-m",
                    "autograder.examiner.template",
                    str(theirs.fileno()),
                    parent,
                    *assignments,
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the main process, which then ends the others
                env={
                    **passed,
                    **threads,
                    "MPLBACKEND": "agg",
                    "NBGRADER_EXECUTION": "autograde",
                    "PYTHONHASHSEED": "0",
                },
            )

    def close(self) -> None:
        """End the template, and with it all others."""
        for examiner in self._examiners:
            examiner.connection.close()
        self._control.close()
        try:
            self._template.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._template.kill()
            self._template.wait()

    def grade(self, tasks: Iterator[Task]) -> Iterator[Done]:
        """Grade the tasks, each by the next examiner that is free. A dead one costs its task and is replaced."""
        if not self._examiners:
            self._examiners = self._start(self._jobs)
        more = True
        while True:
            for examiner in self._examiners:
                if more and examiner.task is None:
                    task = next(tasks, None)
                    if task is None:
                        more = False
                    else:
                        examiner.give(task)
            busy = {e.connection: e for e in self._examiners if e.task}
            if not busy:
                return
            until = min(e.deadline for e in busy.values()) - time.monotonic()
            ready = wait(list(busy), max(0.0, until))
            for connection, examiner in busy.items():
                if connection in ready or time.monotonic() > examiner.deadline:
                    yield self._take(examiner, connection in ready)

    def _take(self, examiner: _Examiner, answered: bool) -> Done:
        task, examiner.task = examiner.task, None
        assert task is not None
        try:
            if not answered:
                raise EOFError
            answer = json.loads(examiner.connection.recv_bytes())
            notebook = examiner.connection.recv_bytes().decode() if answer["notebook"] else None
        except (EOFError, OSError):
            examiner.connection.close()
            with contextlib.suppress(ProcessLookupError):
                os.kill(examiner.pid, signal.SIGKILL)
            self._examiners[self._examiners.index(examiner)] = self._start(1)[0]
            how = "was lost while grading it" if answered else "did not answer in time"
            return Done(task, None, failure=f"The examiner {how}.")
        return Done(task, answer["result"], notebook, answer["evidence"], answer["failure"])

    def _start(self, count: int) -> list[_Examiner]:
        """Have the template fork so many pairs; tell each examiner what it must know, and wait until all are ready."""
        examiners = []
        for _ in range(count):
            ours, theirs = socket.socketpair()
            with theirs, contextlib.suppress(OSError):  # a template that is gone: the hello below will not come
                socket.send_fds(self._control, [b"p"], [theirs.fileno()])
            connection = Connection(ours.detach())
            with contextlib.suppress(OSError):
                connection.send_bytes(json.dumps({"key": self._key.hex(), "confined": self._confined}).encode())
            examiners.append(_Examiner(connection))
        for examiner in examiners:
            try:
                examiner.pid = json.loads(examiner.connection.recv_bytes())["pid"]
            except (EOFError, OSError):
                raise PoolError(
                    "The grader's processes did not start; their words are above. `autograder doctor` may say why."
                ) from None
        return examiners
