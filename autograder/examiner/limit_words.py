"""Which limit was run into, in the words that the student reads."""

from __future__ import annotations

import signal

from autograder.wire.codec import NODES
from autograder.wire.limits import HEAD_LIMIT, MIB, Limits
from autograder.wire.messages import Ended

TOO_LONG = "The notebook's code gave back more than {} MiB at once, or {} MiB in all."


def too_late(limits: Limits, cell: str, seconds: float, whole: bool) -> str:
    """A deadline passed: of the whole notebook, of a cell, or of calls ("" for `cell`), which had these seconds."""
    if whole:
        return f"The whole notebook may take {limits.notebook_seconds:g} seconds; that time was up."
    if cell:
        return f"The cell `{cell}` took longer than {seconds:g} seconds."
    return f"The calls of one hidden test took longer than {seconds:g} seconds."


def out_of_memory(limits: Limits, where: str) -> str:
    return f"{where} needed more than {limits.memory_mib} MiB of memory."


def too_large(limits: Limits, what: str) -> str:
    """Something is more than an answer may hold; `what`: a subject and its verb, as "`KERNELS` holds"."""
    return (
        f"{what} more than can be examined: at most {NODES:,} numbers and texts (a tensor counts as one), "
        f"{HEAD_LIMIT // MIB} MiB of text, and {limits.answer_mib} MiB of tensors at once."
    )


def over(limits: Limits, status: str, cell: str, seconds: float) -> str | None:
    """How a cell ended, where it was a limit; it had these seconds."""
    where = f"The cell `{cell}`"
    return {
        "timeout": too_late(limits, cell, seconds, whole=False),
        "memory": out_of_memory(limits, where),
        "output": f"{where} put out more than {limits.output_kib} KiB or {limits.outputs:,} outputs, or the "
        f"notebook more than {limits.outputs_mib} MiB in all.",
    }.get(status)


def death(limits: Limits, ended: Ended) -> tuple[str, str]:
    """Status and sentence for a candidate that ended by itself."""
    if ended.signal == signal.SIGXCPU or ended.cpu_seconds >= limits.cpu_seconds:
        return "timeout", f"The notebook's code took more than {limits.cpu_seconds} seconds of processor time."
    how = f" ({signal.Signals(ended.signal).name})" if ended.signal else ""
    return "crashed", f"The notebook's code ended the process that it ran in{how}."
