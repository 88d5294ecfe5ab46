"""Rehearsals that do not import PyTorch anew. A server has imported what each needs; a rehearsal is a fork of it.

What `rehearsal.begin` itself does, tests without the server try, and those that start `python -m convcourse check`.
"""

import json
import os
import select
import subprocess
import sys
from pathlib import Path

from convcourse import rehearsal

ROOT = Path(__file__).resolve().parents[1]
# Reads a line for each rehearsal; tells the number of its process and, when it has ended, its exit status.
SERVER = f"""{rehearsal.LOAD}
import json, os
stage.import_ahead()
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
    print("process", child, flush=True)
    print("status", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
os._exit(0)  # without seconds of clearing up
"""


class Forked:
    """The process of one rehearsal, with what the parent uses of `subprocess.Popen`."""

    def __init__(self, server: subprocess.Popen, task: Path, told: Path, folder: Path):
        self._said = server.stdout
        server.stdin.write(json.dumps([[str(task), str(told)], str(folder)]).encode() + b"\n")
        self.pid, self._status = self._told("process"), None

    def _told(self, what: str) -> int:
        word, _, number = self._said.readline().decode().partition(" ")
        assert word == what, f"the server of rehearsals told {word!r} in the place of {what!r}"
        return int(number)

    def poll(self) -> int | None:
        if self._status is None and select.select([self._said], [], [], 0)[0]:
            self.wait()
        return self._status

    def wait(self) -> int:
        if self._status is None:
            self._status = self._told("status")
        return self._status


def start_server() -> subprocess.Popen:
    """The process that rehearsals are forked from. Closing its stdin ends it."""
    return subprocess.Popen(
        [sys.executable, "-c", SERVER, str(ROOT)],
        env={**os.environ, **rehearsal.SURROUNDINGS},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    )
