"""The process in which a rehearsal runs a notebook's cells, as the grader would: `main`.

It has one thread for the cells and one that watches their time. It finds the packages of the course alone, a folder
with nothing in it, no network and no graphics card, and no more memory than there is where the notebook is graded. It
writes a line of JSON when a cell starts, when it ends, and when all have ended.
"""

from __future__ import annotations

import _thread
import contextlib
import gc
import importlib
import io
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import torch
from traitlets.config import Config

from convcourse.checks.core import CheckFailed
from convcourse.graded import GradedShell, adopt
from convcourse.handed_out import PATIENCE
from convcourse.missing import in_words
from convcourse.packages import refuse_others

GRACE = 2.0  # seconds after which a cell that was interrupted must have ended
AHEAD = "torchvision", "matplotlib.pyplot", "IPython.display"  # the grader has them before the first cell
NO_NETWORK = "There is no network where a notebook is graded."
NO_PROCESS = "New processes are refused where a notebook is graded."
REFUSED = {
    **dict.fromkeys(("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"), NO_NETWORK),
    **dict.fromkeys(
        ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.startfile"), NO_PROCESS
    ),
}


def _default_device() -> torch.device | None:
    device = torch.get_default_device()
    return None if device.type == "cpu" else device


# How a mode is read and set, and what it is when PyTorch is imported. The assignment's cells find it so, as in the
# grader; cells of one's own find what those before them left.
MODES: tuple[tuple[Callable[[], Any], Callable[[Any], Any], Any], ...] = (
    (torch.get_default_dtype, torch.set_default_dtype, torch.float32),
    (_default_device, torch.set_default_device, None),
    (torch.is_grad_enabled, torch.set_grad_enabled, True),
    (torch.is_anomaly_enabled, torch.set_anomaly_enabled, False),
    (torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms, False),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision, "highest"),
    (lambda: torch.is_autocast_enabled("cpu"), lambda mode: torch.set_autocast_enabled("cpu", mode), False),
    (np.geterr, lambda mode: np.seterr(**mode), np.geterr()),
)
IMPORTED = [imported for _, _, imported in MODES]


class TooMuch(BaseException):
    """A cell takes longer or puts out more than it may. No `Exception`, which students' code may catch."""


class Written(io.TextIOBase):
    """`sys.stdout` and `sys.stderr`: nobody reads it, but there may not be too much of it in one cell."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, kib: int):
        self._kib, self.left = kib, 0

    def write(self, text: str) -> int:
        self.left -= len(text.encode("utf-8", "replace"))
        if self.left < 0:
            raise TooMuch(f"it put out more than {self._kib} KiB of text")
        return len(text)

    def writable(self) -> bool:
        return True

    def renew(self) -> None:
        """A cell begins."""
        self.left = self._kib << 10


class Watch(threading.Thread):
    """Interrupts a cell that takes too long, and ends the process where that does not help or all time is used up."""

    def __init__(self, tell: Callable[..., None], notebook_seconds: float):
        super().__init__(daemon=True)
        self._tell, self._all = tell, Span(notebook_seconds)
        self._cell: Span | None = None
        self._late = 0.0  # when it was interrupted
        self.why = ""

    def begin(self, seconds: float) -> None:
        """A cell begins that may take these seconds."""
        self.why, self._late, self._cell = "", 0.0, Span(seconds)

    def end(self) -> None:
        """No cell runs."""
        self._cell = None

    def run(self) -> None:
        while True:
            time.sleep(0.1)
            self._tell(alive=True)
            cell = self._cell
            if too_much := self._all.over():
                self._stop(f"the notebook took {too_much}, and was stopped.")
            elif cell is None:
                continue
            elif self._late and time.monotonic() - self._late > GRACE:
                self._stop("a cell took too long, and could not be interrupted.")
            elif not self._late and (too_much := cell.over()):
                self.why, self._late = f"it took {too_much}", time.monotonic()
                if hasattr(signal, "pthread_kill"):  # which also wakes who sleeps
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
                else:
                    _thread.interrupt_main()

    def _stop(self, why: str) -> None:
        self._tell(stopped=why)
        os._exit(0)


class Span:
    """Time that passes from now on. It may be `seconds` of processor time, and more by the clock."""

    def __init__(self, seconds: float):
        self._seconds, self._processor, self._clock = seconds, time.process_time(), time.monotonic()

    def over(self) -> str:
        """What this is more than, "" where it is not too much."""
        processor, clock = time.process_time() - self._processor, time.monotonic() - self._clock
        if processor > self._seconds:
            return f"more than {self._seconds:g} seconds of processor time"
        # Who gets so little of the processor waits or sleeps, however busy the machine is.
        if clock > PATIENCE * self._seconds and processor < clock / 20:
            return f"more than {PATIENCE * self._seconds:g} seconds, most of them waiting"
        return ""


def put(modes: Sequence[Any]) -> None:
    """Set these modes, those that are others."""
    for (read, write, _), wanted in zip(MODES, modes):
        if read() != wanted:
            write(wanted)


def refuse(event: str, _: Any) -> None:
    """An audit hook: what asks for a network or a process fails with a sentence."""
    if event in REFUSED:
        raise OSError(REFUSED[event])


def bound_memory(mib: int) -> None:
    """From here on this process gets so much more memory, where the system can tell what it has (Linux)."""
    if sys.platform == "linux":
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + (mib << 20)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def sentence(error: BaseException) -> str:
    """An error in a line; a check's own words stand alone."""
    return " ".join(str(error).split()) if isinstance(error, CheckFailed) else in_words(error)


def main(task: str, told: str) -> None:
    """Run the cells that stand in one file, tell in the other how each went. The process ends here."""
    work = json.loads(Path(task).read_text(encoding="utf-8"))
    with Path(told).open("a", encoding="utf-8") as out:
        perform(work, out)
    os._exit(0)


def import_ahead() -> None:
    """Import what the grader has imported before the first cell, as far as it is installed."""
    for name in AHEAD:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def perform(work: dict[str, Any], out: TextIO) -> None:
    """Run the cells and tell how each went."""

    def tell(**line: Any) -> None:
        out.write(json.dumps(line) + "\n")
        out.flush()

    def interrupted(*_: Any) -> None:
        raise TooMuch(watch.why)

    import_ahead()
    adopt()
    refuse_others()
    shell = GradedShell.instance(config=Config(HistoryManager={"enabled": False}))
    shell.enable_matplotlib("inline")
    allowed = work["allowed"]
    bound_memory(allowed["memory_mib"])
    sys.addaudithook(refuse)
    written = Written(allowed["output_kib"])
    sys.stdout = sys.stderr = written
    gc.freeze()
    gc.enable()
    watch = Watch(tell, allowed["notebook_seconds"])
    signal.signal(signal.SIGINT, interrupted)
    watch.start()
    left = IMPORTED
    for number, source, own, seconds in work["cells"]:
        tell(start=number)
        written.renew()
        if own:
            put(left)
        error = run(shell, source, watch, seconds)
        if own:
            left = [read() for read, _, _ in MODES]
        put(IMPORTED)
        tell(
            end=number,
            error=sentence(error) if error and not isinstance(error, TooMuch) else "",
            late=watch.why or (str(error) if isinstance(error, TooMuch) else ""),
            defined=[name for name in work["names"] if name in shell.user_ns],
        )
    tell(all=True)


def run(shell: GradedShell, source: str, watch: Watch, seconds: float) -> BaseException | None:
    """Run one cell; the error with which it ended."""
    try:
        watch.begin(seconds)
        result = shell.run_cell(source, store_history=False)
        return result.error_before_exec or result.error_in_exec
    except BaseException as error:
        return error
    finally:
        watch.end()
