"""Rehearsals that do not import PyTorch anew. One process has imported what each needs; a rehearsal is a fork of it.

Tests that start `python -m convcourse check` have the process that students have.
"""

import json
import os
import select
import subprocess
import sys
from pathlib import Path

from convcourse import rehearsal

ROOT = Path(__file__).resolve().parents[1]
# Reads a line for each rehearsal; writes the number of its process and, when it has ended, its exit status.
SERVER = """
import contextlib, gc, importlib, json, os, sys
gc.disable()
sys.path.append(sys.argv[1])
from convcourse import stage
sys.path.pop()
for name in stage.AHEAD:
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
for line in sys.stdin:
    arguments, folder = json.loads(line)
    child = os.fork()
    if child == 0:
        os.setsid()
        os.chdir(folder)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        stage.main(*arguments)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
os._exit(0)  # without seconds of clearing up
"""


class Forked:
    """The process of one rehearsal, with what the parent uses of `subprocess.Popen`."""

    def __init__(self, server: subprocess.Popen, task: Path, told: Path, folder: Path):
        self._said = server.stdout
        server.stdin.write(json.dumps([[str(task), str(told)], str(folder)]).encode() + b"\n")
        self.pid, self._status = int(self._said.readline()), None

    def poll(self) -> int | None:
        if self._status is None and select.select([self._said], [], [], 0)[0]:
            self.wait()
        return self._status

    def wait(self) -> int:
        if self._status is None:
            self._status = int(self._said.readline())
        return self._status


def start_server() -> subprocess.Popen:
    """The process that rehearsals are forked of. Closing its stdin ends it."""
    return subprocess.Popen(
        [sys.executable, "-c", SERVER, str(ROOT)],
        env={**os.environ, **rehearsal.SURROUNDINGS},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    )
