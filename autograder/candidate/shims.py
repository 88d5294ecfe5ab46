"""What a candidate's code finds in the place of what confinement takes away, and none of the grader's own names."""

from __future__ import annotations

import sys
from types import ModuleType

from autograder.objects import modes
from autograder.objects.recipes import RECIPES
from convcourse import graded


def adopt() -> None:
    """Put it in place, in the candidate."""
    graded.adopt()
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
