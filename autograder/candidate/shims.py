"""Honest habits that confinement would break, given a meaning that needs no process and no terminal."""

from __future__ import annotations

import builtins
import getpass
import sys
from types import ModuleType
from typing import Any

import torch
from IPython.extensions import autoreload
from torch.utils.data import DataLoader

from autograder.candidate.shell import NO_INPUT
from autograder.objects import modes
from autograder.objects.recipes import RECIPES


def adopt() -> None:
    """Put them in place, in the candidate."""
    builtins.input = getpass.getpass = _no_input
    torch.compile = _uncompiled
    torch.set_num_threads = _one_thread
    autoreload.load_ipython_extension = _no_autoreload
    DataLoader.__init__ = _in_this_process(DataLoader.__init__)  # type: ignore[method-assign]
    modes.begin(0)  # what a fork inherits differs from one run of the grader to the next
    _leave_no_names()


def _leave_no_names() -> None:
    """Nothing of the grader's is found by its name from here on, nor read again. Networks that an exam hands in have
    classes of ours, and a student's code may save such a network whole: their classes, and nothing else, stay."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "autograder"]:
        del sys.modules[name]
    for recipe in RECIPES.values():
        if isinstance(recipe, type):
            parts = recipe.__module__.split(".")
            for count in range(1, len(parts) + 1):
                name = ".".join(parts[:count])
                sys.modules.setdefault(name, ModuleType(name))
            setattr(sys.modules[recipe.__module__], recipe.__name__, recipe)


def _no_input(*_: Any, **__: Any) -> str:
    raise EOFError(NO_INPUT)


def _uncompiled(model: Any = None, **_: Any) -> Any:
    """`torch.compile`, also as a decorator with arguments: what was given is used as it is."""
    return (lambda given: given) if model is None else model


def _one_thread(nthreads: int) -> None:
    """A candidate has one processor: more threads would only wait for each other."""


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
