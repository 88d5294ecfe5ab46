"""How much memory an examiner may take for one submission, and what running out of it looks like."""

from __future__ import annotations

import errno
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.wire.limits import MIB

# Beyond what the examiner holds when a submission comes. Honest networks of assignment 06 take 160 MiB (measured).
EXAMINER_MIB = 2048
TORCH_SAYS = "can't allocate memory"  # in a RuntimeError


@contextmanager
def bounded() -> Iterator[None]:
    """Within the block, this process may take `EXAMINER_MIB` of address space more than it has; asking for more is an
    exception, not the end of the machine."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = pages * resource.getpagesize() + EXAMINER_MIB * MIB
    resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def ran_out(error: BaseException) -> bool:
    """Does the exception say that there was no memory left?"""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and TORCH_SAYS in str(error))
