"""What `autograder doctor` says of the machine around the walls: user, /proc, disk, memory, nbgrader's needs."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from autograder.classroom.machine import JOB_MIB, default_jobs, memory_mib
from autograder.wire.limits import LIMITS, MIB


@dataclass(frozen=True)
class Check:
    """One layer. `verdict`: PASS, CAUTION (less than could be had) or FAIL (no confinement); `mend`: what to do."""

    layer: str
    verdict: str
    found: str
    mend: str = ""


def user() -> Check:
    if os.geteuid() != 0:
        return Check("user", "PASS", "not root")
    return Check(
        "user", "CAUTION", "the grader runs as root: should a wall have a hole, all of the machine lies behind it",
        "Grade as an ordinary user.",
    )  # fmt: skip


def processes() -> Check:
    """The zygote counts its threads and finds what outlived a candidate in /proc."""
    threads = Path("/proc/self/task")
    if threads.is_dir() and (threads / str(os.getpid()) / "children").exists():
        return Check("processes", "PASS", "threads and children are seen in /proc")
    return Check(
        "processes",
        "FAIL",
        "/proc does not list threads or children",
        "Mount /proc; the kernel needs CONFIG_PROC_CHILDREN.",
    )


def scratch() -> Check:
    about = os.statvfs(tempfile.gettempdir())
    free, wanted = about.f_bavail * about.f_frsize // MIB, LIMITS.scratch_mib * (os.cpu_count() or 1)
    found = f"{free:,} MiB free in {tempfile.gettempdir()}, {wanted:,} wanted"
    return Check(
        "scratch folders",
        "PASS" if free >= wanted else "CAUTION",
        found,
        "" if free >= wanted else "Set TMPDIR to a larger disk.",
    )


def memory() -> Check:
    there, processors = memory_mib(), len(os.sched_getaffinity(0))
    fits = there // JOB_MIB
    found = f"{there:,} MiB for examiners that may take {JOB_MIB:,} each: {default_jobs()} at work by default"
    if fits >= processors:
        return Check("memory", "PASS", found)
    mend = "Grade on a machine with more memory" if fits else "This is too little for one: use a larger machine"
    return Check("memory", "CAUTION", f"{found}, on {processors} processors", f"{mend}.")


def alembic() -> Check:
    """nbgrader starts it by name when it opens an older gradebook."""
    if shutil.which("alembic", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"):
        return Check("nbgrader", "PASS", "alembic is there")
    return Check(
        "nbgrader",
        "CAUTION",
        "alembic is not found, so nbgrader cannot upgrade an older gradebook",
        "pip install alembic",
    )
