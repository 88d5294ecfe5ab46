"""What a notebook finds where it is graded: nobody to answer, no commands, no further processes.

Candidates of the grader and the rehearsal at home take it from here, so that a cell ends alike in both.
"""

from __future__ import annotations

import builtins
import getpass
import sys
from typing import Any

import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.extensions import autoreload
from IPython.utils.text import SList
from torch.utils.data import DataLoader

NO_COMMANDS = "Commands and new processes are refused while a notebook is graded; the other cells run all the same.\n"
NO_INPUT = "Nobody can answer input() while a notebook is graded; give the value in the code."


class GradedShell(InteractiveShell):
    """IPython without windows and without commands."""

    def enable_gui(self, gui=None):
        """`%matplotlib inline` asks for it; there is no window to enable."""

    def system(self, cmd):
        sys.stderr.write(NO_COMMANDS)
        self.user_ns["_exit_code"] = 1

    system_piped = system_raw = system

    def getoutput(self, cmd, split=True, depth=0):
        sys.stderr.write(NO_COMMANDS)
        return SList() if split else ""

    def ask_exit(self):
        """`exit` and `quit`: a notebook's other cells run all the same."""


def adopt() -> None:
    """Give honest habits that need a process or a person a meaning without them, in this process."""
    builtins.input = getpass.getpass = _no_input
    torch.compile = _uncompiled
    torch.set_num_threads = _one_thread
    autoreload.load_ipython_extension = _no_autoreload
    DataLoader.__init__ = _in_this_process(DataLoader.__init__)  # type: ignore[method-assign]


def _no_input(*_: Any, **__: Any) -> str:
    raise EOFError(NO_INPUT)


def _uncompiled(model: Any = None, **_: Any) -> Any:
    """`torch.compile`, also as a decorator with arguments: what was given is used as it is."""
    return (lambda given: given) if model is None else model


def _one_thread(nthreads: int) -> None:
    """One processor is there: more threads would only wait for each other."""


def _no_autoreload(shell: Any) -> None:
    """`%autoreload 2` is heard and does nothing: no file changes while a notebook is graded."""
    for name in ("autoreload", "aimport"):
        shell.register_magic_function(lambda line: None, "line", name)


def _in_this_process(init: Any) -> Any:
    """`DataLoader(num_workers=2)` counts as 0, and what only workers need is left out."""

    def wrapped(self: DataLoader, *args: Any, **kwargs: Any) -> None:
        for name in ("num_workers", "prefetch_factor", "persistent_workers", "multiprocessing_context", "timeout"):
            kwargs.pop(name, None)
        if len(args) > 5:  # dataset, batch_size, shuffle, sampler, batch_sampler, num_workers
            args = (*args[:5], 0, *args[6:])
        init(self, *args, **kwargs)

    return wrapped
