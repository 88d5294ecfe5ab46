"""The main process's side of the examiners: it gives each a submission, and takes what came of it.

`Pool` starts the template (see `examiner.template`), which forks pairs of an examiner and a zygote.

Every submission that an examiner begins to read ends in a result. An examiner that takes too long over one is killed,
and what it took is the result. One that dies on a submission is replaced, and the submission tried again; when that
dies too, so it is told. The student's own code is under the examiner's limits (`wire.limits`); the watch here is over
the examiner itself, and counts its own processor time, so that other work on the machine costs nobody a mark.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from autograder.classroom import second_wall
from autograder.classroom.errors import UserError
from autograder.classroom.jobs import max_score
from autograder.examiner.results import SubmissionResult

# Of the environment only this: what a process is born with lies in its memory, and in that of all it forks.
PASSED = "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "MPLCONFIGDIR"
TEMPLATE = "-m", "autograder.examiner.template"
# Seconds that an examiner may take for one submission: of its own processor time as many as the assignment gives to
# the student's code, and these; by the clock, wide of all that it waits for, so many times as many.
OWN_SECONDS, WIDE = 60.0, 6.0
LOOK_SECONDS = 1.0  # between two looks at the examiners' clocks
TRIES = 2  # with an examiner that dies
LONGEST_ANSWER = 256 << 20


@dataclass(frozen=True)
class Task:
    """A submission to grade. `source`: the instructor's notebook; `timestamp`: when the exchange says it came; `told`:
    accidents with the file, in sentences; `recording`: it is the instructor's own solution (`examiner.grading.Job`)."""

    student: str
    assignment: str
    job: str
    submitted: bytes
    source: Path
    timestamp: str | None = None
    told: tuple[str, ...] = ()
    explain: bool = False
    recording: bool = False


@dataclass(frozen=True)
class Done:
    """What came of a task: the result as a JSON object, the executed notebook as text (None: nothing was executed),
    and the evidence, where it was asked for. `result` is None where the grader could not begin, or the machine failed,
    which `failure` explains."""

    task: Task
    result: dict[str, Any] | None
    notebook: str | None = None
    evidence: list[dict[str, Any]] | None = None
    failure: str | None = None


class PoolError(UserError):
    """No examiner could be started: the grader's fault, or no confinement."""


@dataclass
class _Examiner:
    """The main process's side of one examiner. `begun`: it has said how many seconds it may take, and reads; `spent`:
    its processor time when it got the task, and `since` the clock then."""

    connection: Connection
    pid: int = 0
    alive: bool = True
    task: Task | None = None
    begun: bool = False
    seconds: float = 0.0
    spent: float = 0.0
    since: float = 0.0

    def give(self, task: Task) -> None:
        """Send it a task. If it has just died, that is noticed when its answer is read."""
        self.task, self.begun, self.seconds = task, False, OWN_SECONDS
        self.spent, self.since = processor_seconds(self.pid), time.monotonic()
        order = {
            "student": task.student,
            "assignment": task.assignment,
            "job": task.job,
            "source": str(task.source),
            "explain": task.explain,
            "recording": task.recording,
        }
        with contextlib.suppress(OSError):
            self.connection.send_bytes(json.dumps(order).encode())
            self.connection.send_bytes(task.submitted)

    def receive(self) -> tuple[dict[str, Any], str | None] | None:
        """What it says next: the answer and the executed notebook, or None when it has only begun. Raise an exception
        of any kind where that is nothing it should say."""
        answer = json.loads(self.connection.recv_bytes(LONGEST_ANSWER))
        if "seconds" in answer:
            self.begun, self.seconds = True, answer["seconds"] + OWN_SECONDS
            return None
        return answer, self.connection.recv_bytes(LONGEST_ANSWER).decode() if answer["notebook"] else None

    def is_late(self) -> bool:
        """Has it taken more than it may?"""
        own = processor_seconds(self.pid) - self.spent
        return own > self.seconds or time.monotonic() - self.since > WIDE * self.seconds

    def kill(self) -> None:
        """End it; its zygote and candidate end with it."""
        self.task, self.alive = None, False
        self.connection.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def processor_seconds(pid: int) -> float:
    """The processor time that a process has taken, all its threads together; 0.0 where there is none."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # the kernel's name for this process's clock
    except OSError:
        return 0.0


def _ended(task: Task, status: str, sentence: str, fault: str) -> Done:
    """A task that no examiner could bring to an end: 0 points, why in words for the student, and for the instructor."""
    digest = hashlib.sha256(task.submitted).hexdigest()
    again = f"{fault}; `autograder grade --force --student {task.student}` tries again"
    result = SubmissionResult.without_grading(
        task.student, task.assignment, status, sentence, max_score(task.source.read_bytes()), task.job, digest, [again]
    )
    return Done(task, result.to_json(), evidence=[] if task.explain else None)


class Pool:
    """As many examiners as `jobs`. `grade` yields what came of each task, in the order in which they are done."""

    def __init__(self, jobs: int, key: bytes, assignments: Iterable[str], *, confined: bool = True):
        """Start the template and return at once; the first `grade` waits for it. `assignments`: whose notebooks will
        come."""
        self._jobs, self._key, self._confined = jobs, key, confined
        self._examiners: list[_Examiner] = []
        self._again: list[Task] = []
        self._deaths: Counter[tuple[str, str]] = Counter()
        self._control, theirs = socket.socketpair()
        wall = second_wall.prefix() if confined else ()
        self._walled = bool(wall)
        parent = "0" if wall else str(os.getpid())  # behind the wall it is the wall's process that dies with this one
        passed = {name: os.environ[name] for name in PASSED if name in os.environ}
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        with theirs:
            self._template = subprocess.Popen(
                [
                    *wall,
                    sys.executable,
                    *TEMPLATE,
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

    @property
    def alive(self) -> bool:
        """Can it start examiners yet?"""
        return self._template.poll() is None

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

    def at_work(self) -> list[tuple[Task, float]]:
        """What examiners grade now, each with the seconds since it was given to one; the longest first."""
        given = [(examiner.task, examiner.since) for examiner in list(self._examiners)]
        now = time.monotonic()
        return sorted(((task, now - since) for task, since in given if task), key=lambda both: -both[1])

    def grade(self, tasks: Iterator[Task]) -> Iterator[Done]:
        """Grade the tasks, each by the next examiner that is free; yield each as it is done. Raise `PoolError` where no
        examiner can be had any more."""
        if not self._examiners:
            self._examiners = self._start(self._jobs)
        while True:
            for number, examiner in enumerate(self._examiners):
                if examiner.task is None and (task := self._again.pop() if self._again else next(tasks, None)):
                    if not examiner.alive:
                        self._examiners[number] = examiner = self._start(1)[0]
                    examiner.give(task)
            busy = {e.connection: e for e in self._examiners if e.task}
            if not busy:
                return
            ready = wait(list(busy), LOOK_SECONDS)
            for connection, examiner in busy.items():
                done = self._answered(examiner) if connection in ready else self._late(examiner)
                if done:
                    yield done

    def _answered(self, examiner: _Examiner) -> Done | None:
        """What came of its task; None where it has only begun, or its task is to be tried again."""
        task, begun = examiner.task, examiner.begun
        assert task is not None
        try:
            said = examiner.receive()
        except Exception:  # its end, or nothing that it should say
            examiner.kill()
            self._deaths[task.student, task.assignment] += 1
            if self._deaths[task.student, task.assignment] < TRIES:
                self._again.append(task)
                return None
            if not begun:
                return Done(task, None, failure="The examiner was lost before it began to read it.")
            sentence = "The grader was lost each time it looked at the notebook. The instructor is told of it."
            return _ended(task, "crashed", sentence, f"the notebook: the examiner died on it {TRIES} times")
        if said is None:
            return None
        examiner.task = None
        answer, notebook = said
        return Done(task, answer["result"], notebook, answer["evidence"], answer["failure"])

    def _late(self, examiner: _Examiner) -> Done | None:
        """The result of a task over which the examiner takes too long; None where it does not."""
        task, begun, seconds = examiner.task, examiner.begun, examiner.seconds
        if task is None or not examiner.is_late():
            return None
        examiner.kill()
        if not begun:
            return Done(task, None, failure=f"The examiner did not begin to read it within {seconds:g} seconds.")
        sentence = f"The grader would need more than {seconds:g} seconds to look at what the notebook holds and does."
        return _ended(task, "timeout", sentence, f"the notebook: the examiner was killed after {seconds:g} seconds")

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
                pid = json.loads(examiner.connection.recv_bytes())["pid"]
                examiner.pid = second_wall.outside(pid, self._template.pid) if self._walled else pid
            except (EOFError, OSError):
                raise PoolError(
                    "The grader's processes did not start; their words are above. `autograder doctor` may say why."
                ) from None
        return examiners
