"""Examiners, each with a zygote of its own, forked from one process that has imported everything once.

Who runs it. `Pool`, in the main process, starts the template: `python -m autograder.examiner.pool`. The template imports
torch, pyplot and the like once (3.5 s of CPU, while the main process imports nbgrader beside it), and on each order forks
a zygote and an examiner. A zygote forks students' candidates; an examiner grades one job after the other.

What each holds. The template has read nothing: no key, no exam, no student's file; and whatever a fork shares is a channel.
An examiner is told the key over its own socket, after the fork. It imports the exams after the fork too, so that no zygote
has them in memory.

Descriptors. Template: its control socket (orders, each with an examiner's socket in it). Examiner: its socket to the main
process and its end of the zygote's. Zygote: the other end. Nothing else but stderr.

Who dies with whom. Each end closes when its owner dies, and EOF ends the reader; the kernel kills the template with the main
process, examiners and zygotes with the template. A dead examiner costs the job in hand, which is said; a new pair takes its place.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Any

PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
PATIENCE = 120.0  # seconds that an examiner may take beyond its own limits before it counts as dead


@dataclass(frozen=True)
class Task:
    """A submission to grade: `source` is the path of the instructor's notebook."""

    student: str
    assignment: str
    job: str
    submitted: bytes
    source: Path
    explain: bool = False


@dataclass(frozen=True)
class Done:
    """What came of a task: the result's JSON object, and the executed notebook as text, or None where nothing was executed;
    `evidence` only where it was asked for. `result` is None where the examiner died: `failure` says how."""

    task: Task
    result: dict[str, Any] | None
    notebook: str | None = None
    evidence: list[dict[str, Any]] | None = None
    failure: str | None = None


class PoolError(Exception):
    """No examiner could be started: the grader's fault, or no confinement."""


@dataclass
class _Examiner:
    pid: int
    connection: Connection
    task: Task | None = None
    deadline: float = float("inf")


class Pool:
    """As many examiners as `jobs`. `grade` yields results in the order in which they are ready."""

    def __init__(self, jobs: int, key: bytes, *, confined: bool = True, log: Any = None):
        """Start the template and return at once; the first `grade` waits for it. `log` takes its stderr."""
        self._jobs, self._key, self._confined = jobs, key, confined
        self._examiners: list[_Examiner] = []
        self._control, theirs = socket.socketpair()
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MPLBACKEND": "agg", "NBGRADER_EXECUTION": "autograde"}
        with theirs:
            self._template = subprocess.Popen(
                [sys.executable, "-m", "autograder.examiner.pool", str(theirs.fileno()), str(os.getpid())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the main process, which then ends the others
                env=environment,
            )

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the template and with it all others."""
        for examiner in self._examiners:
            examiner.connection.close()
        self._control.close()
        try:
            self._template.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._template.kill()
            self._template.wait()

    def grade(self, tasks: Iterator[Task], seconds: float) -> Iterator[Done]:
        """Grade the tasks; an examiner that is silent for `seconds` (and patience beyond) on one counts as dead."""
        waiting = True
        while waiting or any(e.task for e in self._examiners):
            for index in range(self._jobs):
                if waiting and (index >= len(self._examiners) or self._examiners[index].task is None):
                    task = next(tasks, None)
                    if task is None:
                        waiting = False
                        break
                    self._give(index, task, seconds + PATIENCE)
            busy = {e.connection: e for e in self._examiners if e.task}
            if not busy:
                continue
            until = min(e.deadline for e in busy.values()) - time.monotonic()
            for ready in wait(list(busy), max(0.0, until)):
                yield self._take(busy[ready])  # type: ignore[index]
            for examiner in busy.values():
                if examiner.task and time.monotonic() > examiner.deadline:
                    yield self._bury(examiner, "it did not answer in time")

    def _give(self, index: int, task: Task, seconds: float) -> None:
        if index == len(self._examiners):
            self._examiners.append(self._start())
        examiner = self._examiners[index]
        order = {"student": task.student, "assignment": task.assignment, "job": task.job, "source": str(task.source), "explain": task.explain}
        examiner.task, examiner.deadline = task, time.monotonic() + seconds
        # An examiner that has just died is noticed when its answer is read.
        with contextlib.suppress(OSError):
            examiner.connection.send_bytes(json.dumps(order).encode())
            examiner.connection.send_bytes(task.submitted)

    def _take(self, examiner: _Examiner) -> Done:
        task = examiner.task
        assert task is not None
        try:
            answer = json.loads(examiner.connection.recv_bytes())
            notebook = examiner.connection.recv_bytes().decode() if answer["notebook"] else None
        except (EOFError, OSError):
            return self._bury(examiner, "it died")
        examiner.task = None
        return Done(task, answer["result"], notebook, answer["evidence"], answer["failure"])

    def _bury(self, examiner: _Examiner, how: str) -> Done:
        task = examiner.task
        assert task is not None
        examiner.connection.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(examiner.pid, signal.SIGKILL)
        self._examiners[self._examiners.index(examiner)] = self._start()
        return Done(task, None, failure=f"The examiner was lost: {how}.")

    def _start(self) -> _Examiner:
        """Have the template fork a pair; tell the examiner what it must know and wait until it is ready."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"pair"], [theirs.fileno()])
            except OSError as error:
                raise PoolError(f"The grader's processes did not start ({error}). Run `autograder doctor`.") from error
        connection = Connection(ours.detach())
        connection.send_bytes(json.dumps({"key": self._key.hex(), "confined": self._confined}).encode())
        try:
            hello = json.loads(connection.recv_bytes())
        except EOFError:
            raise PoolError("An examiner ended before it began; its words are above. Run `autograder doctor`.") from None
        if hello["refusal"]:
            raise PoolError(hello["refusal"])
        return _Examiner(hello["pid"], connection)


def _die_with(parent: int) -> None:
    """Be killed when the parent dies. (The kernel means the thread that forked: it is each parent's only one, or its main one.)"""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
