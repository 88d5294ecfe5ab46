"""bubblewrap, where it is installed: a second wall, around all processes that run beside students' code.

A candidate's own walls (`candidate.confine`) are the first, and suffice by themselves. Had one of them a hole, a
candidate would find itself without a network, in a file system that can only be read but for the scratch folders.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

SECONDS = 10.0  # for a trial


@cache
def prefix() -> tuple[str, ...]:
    """What goes before a command; () where bubblewrap is not installed, or this machine refuses it."""
    program = shutil.which("bwrap")
    if program is None:
        return ()
    words: tuple[str, ...] = (program, "--ro-bind", "/", "/", "--dev", "/dev")
    for folder in (tempfile.gettempdir(), *_matplotlib()):
        words += ("--bind-try", folder, folder)
    words += ("--unshare-net", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--")
    try:
        refused = subprocess.run([*words, "true"], capture_output=True, timeout=SECONDS).returncode
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return () if refused else words


def _matplotlib() -> list[str]:
    """Its folders: where it cannot write them it makes its list of fonts anew at every start."""
    if own := os.environ.get("MPLCONFIGDIR"):
        return [own]
    homes = ("XDG_CACHE_HOME", ".cache"), ("XDG_CONFIG_HOME", ".config")
    return [os.path.join(os.environ.get(name) or Path.home() / usual, "matplotlib") for name, usual in homes]
