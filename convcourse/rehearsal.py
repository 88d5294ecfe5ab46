"""Running a notebook as the grader will: all code cells from top to bottom, in a fresh process and an empty folder,
with the packages of the course, on one thread, within the limits of the assignment.

The process runs `stage.main`. It reads the cells from a file beside the one into which it writes a line of JSON when a
cell starts, when it ends, and when all have ended; so the parent knows which cell it was that ended the process.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from convcourse.handed_out import PATIENCE, Allowed

SLACK = 60.0  # seconds that the process may take to start
SURROUNDINGS = {
    "NBGRADER_EXECUTION": "validate",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "PYTHONUTF8": "1",
    "PYTHONIOENCODING": "utf-8",
}
# Imports this package, wherever it lies, and nothing else from there. Imports hold hardly any garbage: nobody
# looks for it until `stage.perform` runs the cells.
LOAD = """
import gc, sys
gc.disable()
sys.path.append(sys.argv[1])
from convcourse import stage
sys.path.pop()
"""
START = f"{LOAD}stage.main(*sys.argv[2:])\n"


@dataclass(frozen=True)
class Cue:
    """A cell to run. own: the student added it; check: it is a visible check, which has its own limit of time."""

    source: str
    own: bool = False
    check: bool = False


@dataclass
class Ran:
    """What came of it, by the cell's number. errors: how it ended; late: how it ended where it used up what it may;
    defined: of the names, those that were there when it had ended. stopped: why the last cell was not reached, or None;
    running: the cell in hand then."""

    errors: dict[int, str] = field(default_factory=dict)
    late: dict[int, str] = field(default_factory=dict)
    defined: dict[int, set[str]] = field(default_factory=dict)
    stopped: str | None = None
    running: int | None = None
    seconds: float = 0.0


def rehearse(cues: Sequence[Cue], names: Sequence[str], allowed: Allowed) -> Ran:
    """Run cells, and say which of the names are defined after each."""
    limits = [allowed.call_seconds if cue.check else allowed.cell_seconds for cue in cues]
    cells = [(i, cue.source, cue.own, seconds) for i, (cue, seconds) in enumerate(zip(cues, limits))]
    work = {"cells": cells, "names": list(names), "allowed": asdict(allowed)}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        task, told, folder = Path(place, "task.json"), Path(place, "told.jsonl"), Path(place, "work")
        folder.mkdir()
        task.write_text(json.dumps(work), encoding="utf-8")
        told.touch()
        start = time.monotonic()
        process = begin(task, told, folder)
        try:
            stopped = watch(process, told, PATIENCE * max(limits, default=0.0) + SLACK)
        finally:
            end(process)
        ran = Ran(stopped=stopped, seconds=time.monotonic() - start)
        for line in lines(told):
            ran.running = line.get("start", None if "end" in line else ran.running)
            if "end" in line:
                ran.defined[line["end"]] = set(line["defined"])
                if line["error"]:
                    ran.errors[line["end"]] = line["error"]
                if line["late"]:
                    ran.late[line["end"]] = line["late"]
    return ran


def begin(task: Path, told: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Start the process, in this folder."""
    return subprocess.Popen(
        [sys.executable, "-c", START, str(Path(__file__).parents[1]), str(task), str(told)],
        cwd=folder,
        env={**os.environ, **SURROUNDINGS},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def watch(process: subprocess.Popen[bytes], told: Path, longest: float) -> str | None:
    """Wait for the process; a sentence where it did not get to the end. longest: seconds without a sign of it."""
    size, since = 0, time.monotonic()
    while process.poll() is None:
        time.sleep(0.05)
        if told.stat().st_size != size:
            size, since = told.stat().st_size, time.monotonic()
        elif time.monotonic() - since > longest:
            return "a cell took too long, and could not be interrupted."
    written = [line for line in lines(told) if "alive" not in line]
    if not written:
        return "the cells could not be started: IPython or PyTorch does not run in this Python environment."
    if "all" in written[-1]:
        return None
    return written[-1].get("stopped", "a cell ended the process. Does it call `exit`, or take too much memory?")


def lines(told: Path) -> list[dict[str, Any]]:
    """What the process has told so far; a line that is only half written is left for later."""
    return [json.loads(line) for line in told.read_text(encoding="utf-8").split("\n")[:-1]]


def end(process: subprocess.Popen[bytes]) -> None:
    """The process and what it started are gone."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
