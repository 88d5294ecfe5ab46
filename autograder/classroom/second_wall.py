"""bubblewrap, where it is installed: a second wall, around all processes that run beside students' code.

A candidate's own walls (`candidate.confine`) are the first, and suffice by themselves where Landlock has all of its
protections. Had one of them a hole, a candidate would find itself without a network, in a file system that can only be
read but for the scratch folders, among no processes but the grader's. Where Landlock guards neither signals nor
abstract sockets (before Linux 6.12), this wall is needed: namespaces for processes and for the network guard both.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import psutil

SECONDS = 10.0  # for a trial
PROCESSES = "--unshare-pid", "--proc", "/proc"


@cache
def prefix() -> tuple[str, ...]:
    """What goes before a command; () where bubblewrap is not installed, or this machine refuses it."""
    program = shutil.which("bwrap")
    if program is None:
        return ()
    words: tuple[str, ...] = (program, "--ro-bind", "/", "/", "--dev", "/dev")
    for folder in (tempfile.gettempdir(), *_matplotlib()):
        words += ("--bind-try", folder, folder)
    words += ("--unshare-net", "--unshare-ipc", "--unshare-uts", "--die-with-parent")
    # Within a container /proc often cannot be mounted anew, and without it processes cannot be set apart.
    return next(filter(_stands, ((*words, *PROCESSES, "--"), (*words, "--"))), ())


def _stands(words: tuple[str, ...]) -> bool:
    try:
        return subprocess.run([*words, "true"], capture_output=True, timeout=SECONDS).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def is_whole() -> bool:
    """Does the wall set processes apart, too?"""
    return set(PROCESSES) <= set(prefix())


def outside(pid: int, top: int) -> int:
    """The number here of the process that has this one behind the wall, somewhere below the process `top`. Raise
    `ProcessLookupError` where there is none."""
    for process in psutil.Process(top).children(recursive=True):
        with contextlib.suppress(OSError):
            (numbers,) = re.findall(r"^NSpid:(.*)$", Path(f"/proc/{process.pid}/status").read_text(), re.M)
            if int(numbers.split()[-1]) == pid:
                return process.pid
    raise ProcessLookupError(f"no process below {top} has the number {pid}")


def _matplotlib() -> list[str]:
    """Its folders: where it cannot write them it makes its list of fonts anew at every start."""
    if own := os.environ.get("MPLCONFIGDIR"):
        return [own]
    homes = ("XDG_CACHE_HOME", ".cache"), ("XDG_CONFIG_HOME", ".config")
    return [os.path.join(os.environ.get(name) or Path.home() / usual, "matplotlib") for name, usual in homes]
