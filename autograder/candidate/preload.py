"""What every candidate needs, imported and warmed up once, before anything is forked and anything secret is read.

One thread, before and after: a fork copies only the thread that forks. Not one operation on a tensor: after one on two
threads a fork would hang in its first convolution.
"""

from __future__ import annotations

import gc
import importlib
import io
import linecache
import os
import pkgutil
import tempfile
from collections.abc import Container, Iterable

from autograder.objects.assignments import ASSIGNMENTS, topic

MODULES = (
    "torch", "torch.fx.experimental.symbolic_shapes",  # which autograd imports at its first use
    "numpy", "scipy.ndimage", "matplotlib.pyplot", "matplotlib.animation",
    "skimage.data", "skimage.color", "skimage.io", "skimage.transform", "skimage.measure",
    "PIL.Image", "tqdm.auto", "IPython.display", "IPython.core.completer", "matplotlib_inline.backend_inline",
    "sandlock", "pyseccomp",
)  # fmt: skip
CELLS = (
    "1 + 1", "1 / 0", "%matplotlib inline", "!true", "import sys; print(sys.path, file=sys.stderr)",
    "from convcourse import plots; plots.show_row([[[0, 1]]], ['A title'])",
)  # fmt: skip


def preload(assignments: Iterable[str] = ASSIGNMENTS) -> None:
    """Import what notebooks of these assignments need, run a few cells in a shell that is thrown away, draw pictures,
    read the photographs and set up each ban: later ones find all in place. What is there then stays, and forks do not
    look through it for garbage."""
    gc.disable()  # imports hold hardly any garbage, and to look for it takes a fifth of the time
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    wanted = tuple(assignments)
    for name in (*MODULES, *(name for assignment in wanted for name in ASSIGNMENTS.get(assignment, ()))):
        importlib.import_module(name)
    _import_all("convcourse", but={f"convcourse.checks.{topic(name)}" for name in ASSIGNMENTS if name not in wanted})
    from autograder.candidate import answering, confine, shell, shims  # noqa: F401 - no candidate may read them
    from autograder.objects import ban
    from convcourse.data import photographs

    with tempfile.TemporaryDirectory() as folder:
        os.environ["IPYTHONDIR"] = folder
        shell.rehearse(CELLS)
        os.environ.pop("IPYTHONDIR")
    _draw()
    for name in photographs.NAMES:
        photographs.stored(name)
    confine.readable()
    for rule in (*ban.LISTS, None):
        ban.BAN.switch(rule)
    linecache.clearcache()  # the rehearsal's errors had the grader's own text read
    gc.freeze()
    gc.enable()


def _import_all(package: str, but: Container[str]) -> None:
    """All of a package but these modules: checks of one assignment import what another does without."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
        if module.name in but or module.name.endswith("__main__"):
            continue
        importlib.import_module(module.name)
        if module.ispkg:
            _import_all(module.name, but)


def _draw() -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([0, 1], label="$x_1$")
    axes.set_title("A title")
    axes.legend()
    figure.savefig(io.BytesIO(), format="png")
    plt.close("all")
