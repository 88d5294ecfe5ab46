"""The visible checks of the assignments: `checks.convolution.conv2d(conv2d)` says within a second what is wrong.

They cover the ordinary cases only. Passing them is not full marks. An assignment's checks are loaded when they are
first named.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from convcourse.checks.unwritten import tell_kindly

tell_kindly()


def __getattr__(name: str) -> ModuleType:
    full = f"{__name__}.{name}"
    try:
        return import_module(full)
    except ModuleNotFoundError as error:
        if error.name != full:
            raise
        raise AttributeError(f"there are no checks of {name!r}") from None
