"""Which limit was run into, in the words that the student reads."""

from __future__ import annotations

import signal

from autograder.wire.codec import NODES
from autograder.wire.limits import HEAD_LIMIT, MIB, PATIENCE, Limits
from autograder.wire.messages import Ended

KEPT_LOADER = "The notebook's code read a loader after the call that it was given to. Read it within that call only."
TOO_LONG = "The notebook's code gave back more than {} MiB at once, or {} MiB in all."


def too_late(limits: Limits, cell: str, seconds: float, by: str) -> str:
    """A cell, or calls ("" for `cell`), took more than these seconds, `by` the "processor"'s time or by the "clock"."""
    what = f"The cell `{cell}`" if cell else "The calls of one hidden test"
    if by == "processor":
        return f"{what} took longer than {seconds:g} seconds of processor time."
    return (
        f"{what} took longer than {PATIENCE * seconds:g} seconds by the clock, with less than {seconds:g} seconds of "
        "processor time, because the code waits or sleeps."
    )


def all_used(limits: Limits, by: str, cell: str = "") -> str:
    """The submission took more than the whole notebook may, while this cell ran ("": none did)."""
    where = f"; they were used up while the cell `{cell}` ran" if cell else ""
    if by == "processor":
        return f"The whole notebook took longer than {limits.notebook_seconds:g} seconds of processor time{where}."
    seconds = PATIENCE * limits.notebook_seconds
    return f"The whole notebook took longer than {seconds:g} seconds by the clock, most of them waiting{where}."


def out_of_memory(limits: Limits, where: str) -> str:
    return f"{where} needed more than {limits.memory_mib} MiB of memory."


def too_large(limits: Limits, what: str) -> str:
    """Something is more than an answer may hold; `what`: a subject and its verb, as "`KERNELS` holds"."""
    return (
        f"{what} more than can be examined: at most {NODES:,} numbers and texts (a tensor counts as one), "
        f"{HEAD_LIMIT // MIB} MiB of text, and {limits.answer_mib} MiB of tensors at once."
    )


def over(limits: Limits, status: str, cell: str, interrupted: str) -> str | None:
    """How a cell ended, where it was a limit. `interrupted`: why it was, in these words."""
    where = f"The cell `{cell}`"
    return {
        "timeout": interrupted,
        "memory": out_of_memory(limits, where),
        "output": f"{where} put out more than {limits.output_kib} KiB or {limits.outputs:,} outputs, or the "
        f"notebook more than {limits.outputs_mib} MiB in all.",
    }.get(status)


def death(limits: Limits, ended: Ended) -> tuple[str, str]:
    """Status and sentence for a candidate that ended by itself."""
    if ended.signal == signal.SIGXCPU:
        return "timeout", all_used(limits, "processor")
    how = f" ({signal_name(ended.signal)})" if ended.signal else ""
    return "crashed", f"The notebook's code ended the process that it ran in{how}."


def signal_name(number: int) -> str:
    """Half of all signals, the real-time ones, have a number alone."""
    names = {known.value: known.name for known in signal.Signals}
    return names.get(number, f"signal {number}")
