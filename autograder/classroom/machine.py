"""How many examiners the machine can have at work at once: by its processors, and by its memory."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from autograder.examiner.memory import EXAMINER_MIB
from autograder.wire.limits import LIMITS, MIB

# What an examiner, its zygote and a candidate take before a submission's own: they share most of it.
BORN_MIB = 600
# The most that one submission at work can take, all of its processes together.
JOB_MIB = BORN_MIB + EXAMINER_MIB + LIMITS.memory_mib


def memory_mib(cgroups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int:
    """The machine's memory, or what the control groups of this process (a container, a batch job) leave of it."""
    return min([psutil.virtual_memory().total, *_cgroup_limits(cgroups, own)]) // MIB


def _cgroup_limits(cgroups: Path, own: Path) -> list[int]:
    """The limits in bytes of all groups above this process; none where there are no control groups."""
    try:
        lines = [line.split(":", 2) for line in own.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        return []
    found = []
    for _, controllers, path in (line for line in lines if len(line) == 3):
        if controllers == "":
            root, name = cgroups, "memory.max"
        elif controllers == "memory":
            root, name = cgroups / "memory", "memory.limit_in_bytes"
        else:
            continue
        group = root / path.lstrip("/")
        for folder in (group, *group.parents):
            try:
                text = (folder / name).read_text(encoding="ascii").strip()
            except (OSError, UnicodeDecodeError):
                text = "max"  # a group that cannot be seen from within
            found += [int(text)] if text.isdecimal() else []
            if folder == root:
                break
    return found


def default_jobs() -> int:
    """One examiner a processor that this process may use, as far as memory suffices; at least one."""
    return max(1, min(len(os.sched_getaffinity(0)), memory_mib() // JOB_MIB))


def too_many(jobs: int) -> str | None:
    """A sentence where so many examiners may take more memory than there is, else None."""
    there = memory_mib()
    if jobs * JOB_MIB <= there:
        return None
    return (
        f"{jobs} examiner{'s' if jobs > 1 else ''} at work may take {jobs * JOB_MIB:,} MiB of memory, and this machine "
        f"has {there:,} MiB. Where it runs out, the kernel ends processes, and submissions end as `crashed`. "
        f"Give --jobs {max(1, there // JOB_MIB)}, or fewer."
    )
