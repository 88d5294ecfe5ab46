"""Running a notebook as the grader will: all code cells from top to bottom, in a fresh process and an empty folder,
with the packages of the course, on one thread, with a time limit.

The process runs `main`. It reads the cells from a file beside the one into which it writes a line of JSON when a
cell starts, when it ends, and when all have ended; so the parent knows which cell it was that ran too long.
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from convcourse.missing import in_words
from convcourse.packages import refuse_others

CELL_SECONDS, ALL_SECONDS = 60.0, 300.0
SURROUNDINGS = {"NBGRADER_EXECUTION": "validate", "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
# Imports this package, wherever it lies, and nothing else from there.
START = """
import sys
sys.path.append(sys.argv[1])
from convcourse import rehearsal
sys.path.pop()
rehearsal.main(*sys.argv[2:])
"""


@dataclass
class Ran:
    """What came of it. errors: by the cell's number in the notebook; stopped: why it did not reach the end, or None."""

    finished: set[int] = field(default_factory=set)
    errors: dict[int, str] = field(default_factory=dict)
    defined: set[str] = field(default_factory=set)
    stopped: str | None = None
    seconds: float = 0.0


def rehearse(nb: NotebookNode, names: list[str]) -> Ran:
    """Run a notebook's code cells, and say which of the names are defined in the end."""
    cells = [(i, cell.source) for i, cell in enumerate(nb.cells) if cell.cell_type == "code"]
    with tempfile.TemporaryDirectory() as place:
        task, told, folder = Path(place, "task.json"), Path(place, "told.jsonl"), Path(place, "work")
        folder.mkdir()
        task.write_text(json.dumps({"cells": cells, "names": names}), encoding="utf-8")
        told.touch()
        start = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-c", START, str(Path(__file__).parents[1]), str(task), str(told)],
            cwd=folder,
            env={**os.environ, **SURROUNDINGS},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            stopped = watch(process, told, start)
        finally:
            end(process)
        ran = Ran(stopped=stopped, seconds=time.monotonic() - start)
        for line in lines(told):
            if "end" in line:
                ran.finished.add(line["end"])
                if line["error"]:
                    ran.errors[line["end"]] = line["error"]
            ran.defined |= set(line.get("defined", []))
    return ran


def watch(process: subprocess.Popen[bytes], told: Path, start: float) -> str | None:
    """Wait for the process; a sentence where it did not get to the end."""
    current, since = -1, start
    while process.poll() is None:
        time.sleep(0.05)
        last = max((line["start"] for line in lines(told) if "start" in line), default=-1)
        if last != current or last < 0:  # starting is no cell's fault
            current, since = last, time.monotonic()
        if time.monotonic() - since > CELL_SECONDS:
            return f"cell number {current + 1} ran for more than {CELL_SECONDS:.0f} seconds and was stopped."
        if time.monotonic() - start > ALL_SECONDS:
            return f"the notebook ran for more than {ALL_SECONDS:.0f} seconds and was stopped."
    written = lines(told)
    if written and "defined" in written[-1]:
        return None
    if not written:
        return "the cells could not be started: IPython does not run in this Python environment."
    number = max(line.get("start", -1) for line in written) + 1
    return f"the process ended in cell number {number}. Does this cell end it, or take too much memory?"


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


def run(task: Path, told: Path) -> None:
    """In the process: run the cells, tell how each went."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        def enable_gui(self, gui: str | None = None) -> None:
            """`%matplotlib inline` asks for none."""

    refuse_others()
    work = json.loads(task.read_text(encoding="utf-8"))
    shell = Shell.instance(config=Config(HistoryManager={"enabled": False}))
    with told.open("a", encoding="utf-8") as out:

        def tell(**line: Any) -> None:
            out.write(json.dumps(line) + "\n")
            out.flush()

        for number, source in work["cells"]:
            tell(start=number)
            result = shell.run_cell(source, store_history=False)
            error = result.error_before_exec or result.error_in_exec
            tell(end=number, error=sentence(error) if error else "")
        tell(defined=[name for name in work["names"] if name in shell.user_ns])


def sentence(error: BaseException) -> str:
    """An error in a line; a check's own words stand alone."""
    from convcourse.checks.core import CheckFailed

    return " ".join(str(error).split()) if isinstance(error, CheckFailed) else in_words(error)


def main(task: str, told: str) -> None:
    """The process, which ends here."""
    run(Path(task), Path(told))
    os._exit(0)
