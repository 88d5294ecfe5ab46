"""Cells that are not written yet, told in Jupyter in a sentence where Python would show a traceback.

A cell that should set a value (`KERNELS`, `answer_1`) stands as `raise NotImplementedError()`, and the check below it
asks for a name that is not there. All other errors look as they always do.
"""

from __future__ import annotations

import linecache
import sys
from types import TracebackType
from typing import Any

STUB, CHECK = "raise NotImplementedError()", "checks."


def tell_kindly() -> None:
    """In IPython's shell of this process, where there is one: show such errors as their sentence."""
    if "IPython" not in sys.modules:
        return
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is not None and not shell.custom_exceptions:
        shell.set_custom_exc((NotImplementedError, NameError), _show)


def _show(shell: Any, kind: type, error: BaseException, trace: TracebackType, tb_offset: int | None = None) -> None:
    said = sentence(error, trace)
    if said is None:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
    else:
        shell._showtraceback(kind, error, [f"✗ {said}"])


def sentence(error: BaseException, trace: TracebackType) -> str | None:
    """What is said of an error that a cell's own line raised because something is not written; None for any other."""
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    line = linecache.getline(code.co_filename, trace.tb_lineno).strip()
    if code.co_name != "<module>":
        return None
    if isinstance(error, NotImplementedError) and line == STUB:
        return f"This cell is not written yet. Replace `{STUB}`."
    if isinstance(error, NameError) and line.startswith(CHECK):
        return f"`{error.name}` is not there yet. Write the cell above, and run it."
    return None
