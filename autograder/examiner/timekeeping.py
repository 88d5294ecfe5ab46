"""What time a candidate takes, told from outside, and what becomes of a question that takes more than it may.

Processor time decides, for it is the student's own, however busy the machine is. Who sleeps or waits for ever uses
none; so there is a bound by the clock too, `PATIENCE` times as wide, less the time in which one of its threads was
ready and stood in line for the processor. Both are told by the kernel; no clock in the candidate decides anything.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from autograder.examiner import limit_words
from autograder.examiner.watch import Exceeded
from autograder.wire.limits import PATIENCE, Limits

# A cell that was interrupted says so within this time (seconds, of either kind), or its candidate is ended.
GRACE = 2.0


@dataclass(frozen=True)
class Taken:
    """Seconds. `processor`: of all threads together; `clock`: what passed, less the time in line for a processor."""

    processor: float = 0.0
    clock: float = 0.0

    def __add__(self, other: Taken) -> Taken:
        return Taken(self.processor + other.processor, self.clock + other.clock)

    def __sub__(self, other: Taken) -> Taken:
        return Taken(self.processor - other.processor, self.clock - other.clock)

    def over(self, seconds: float, patience: float = PATIENCE) -> str:
        """What this is too much of, where so many seconds are allowed: "processor", "clock", or "" for nothing."""
        if self.processor > seconds:
            return "processor"
        return "clock" if self.clock > patience * seconds else ""


NOTHING = Taken()


class Timekeeper:
    """Over one candidate. `before`: what earlier candidates of the same submission took.

    `interrupted`: why the cell in hand was interrupted, in the student's words, or "".
    """

    def __init__(self, pid: int, limits: Limits, before: Taken):
        self._pid, self._limits, self._before = pid, limits, before
        self._now = self._began = NOTHING
        self._asked, self._looked = 0.0, time.monotonic()
        self._in_line: dict[str, float] = {}  # of each thread, at the last look
        self._cell, self._seconds, self.interrupted = "", float("inf"), ""

    def start(self, seconds: float, cell: str) -> None:
        """A question begins, which may take these seconds: a cell, or calls ("")."""
        self._cell, self._seconds, self.interrupted = cell, seconds, ""
        self._looked = time.monotonic()  # what the examiner did since the last answer is not the candidate's
        self._began = self._read()
        self._asked = self._began.clock

    def check(self) -> None:
        """Interrupt a cell that takes too long. Raise `Exceeded` where that did not help, for calls, and where the
        whole submission took too long."""
        self._wind()
        self.check_whole()
        taken = self._now - self._began
        if self.interrupted:
            if taken.over(GRACE, patience=1.0):
                raise Exceeded("timeout", self.interrupted)
        elif by := taken.over(self._seconds):
            told = limit_words.too_late(self._limits, self._cell, self._seconds, by)
            if not self._cell:
                raise Exceeded("timeout", told)
            self.interrupted, self._began = told, self._now
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGALRM)

    def check_whole(self) -> None:
        """Raise `Exceeded` where the whole submission took too long."""
        self._read()
        if by := self.taken().over(self._limits.notebook_seconds):
            raise Exceeded("timeout", limit_words.all_used(self._limits, by, self._cell))

    def taken(self) -> Taken:
        """What the submission took, up to the last look."""
        return self._before + self._now

    def _read(self) -> Taken:
        """Look at the processor's time."""
        with suppress(OSError):  # it is gone: what it had taken before counts
            processor = time.clock_gettime((~self._pid << 3) | 2)  # the kernel's number for a process's clock
            self._now = Taken(processor, self._now.clock)
        return self._now

    def _wind(self) -> None:
        """Add to the clock what passed since it was last looked at, less the time in line.

        The kernel tells that time when it is over, so that the clock goes back then, but not before the question."""
        now, before, self._in_line = time.monotonic(), self._in_line, self._times_in_line()
        in_line = max((spent - before.get(thread, 0.0) for thread, spent in self._in_line.items()), default=0.0)
        clock = max(self._asked, self._now.clock + now - self._looked - max(0.0, in_line))
        self._now, self._looked = Taken(self._now.processor, clock), now

    def _times_in_line(self) -> dict[str, float]:
        """Thread -> seconds in which it was ready to run and did not."""
        found, threads = {}, f"/proc/{self._pid}/task"
        with suppress(OSError):
            for thread in os.listdir(threads):
                with suppress(OSError):  # it has ended meanwhile
                    told = Path(f"{threads}/{thread}/schedstat").read_text(encoding="ascii")
                    found[thread] = int(told.split()[1]) * 1e-9
        return found
