"""The walls around a candidate: one function each, put up in the order of `WALLS`, by the candidate itself.

A wall that cannot be put up stops the run. Each is irreversible, and needs neither root nor a container.

What they leave to others: processor time, the bytes of the scratch folder and the number of threads are watched from
outside (`examiner.timekeeping`, `examiner.watch`); memory that is no address space (memfd, the buffers of sockets and
long pipes) is out of reach through `system_calls`.
"""

from __future__ import annotations

import ctypes
import math
import os
import resource
import sys
import sysconfig
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from autograder.candidate import syscalls
from autograder.wire.limits import MIB, Limits

PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
# Landlock's version from which signals and abstract sockets are confined too; and the least that is of use, which holds
# files, their moves and their lengths (Linux 6.7). Between the two `system_calls` alone refuses signals, sockets and
# commands to devices, as it does everywhere, and bubblewrap must stand around it.
LANDLOCK, LEAST_LANDLOCK = 6, 4
# What Python, its packages and the system's libraries read; what is not there is left out.
SYSTEM = (
    "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/usr/share/fonts", "/usr/local/share/fonts",
    "/usr/share/fontconfig", "/etc/fonts", "/usr/share/zoneinfo", "/etc/localtime", "/usr/share/mime",
    "/etc/mime.types", "/etc/ld.so.cache", "/usr/share/locale", "/proc/cpuinfo", "/proc/meminfo",
    "/sys/devices/system/cpu", "/dev/zero", "/dev/random", "/dev/urandom",
)  # fmt: skip
WRITABLE = ("/dev/null",)
# How far a candidate stands behind others in line for a processor: it has a third of the share of its examiner.
NICE = 5


@dataclass(frozen=True)
class Confinement:
    """What is walled in: the one descriptor that stays open, the one folder that may be written, the limits, and the
    processor, by default the one that the candidate is on when it is born."""

    descriptor: int
    scratch: Path
    limits: Limits
    processor: int | None = None


def descriptors(to: Confinement) -> None:
    """Every descriptor but the examiner's is closed; the standard ones lead nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    low = 3
    if to.descriptor < low:
        raise OSError(f"the examiner's descriptor is {to.descriptor}, one of the standard ones")
    os.closerange(low, to.descriptor)
    os.closerange(to.descriptor + 1, 1 << 20)


def environment(to: Confinement) -> None:
    """No variable of the grader's is left, nor a path that leads to it."""
    home, work = to.scratch / "home", to.scratch / "work"
    for folder in (home, work):
        folder.mkdir()
    os.environ.clear()
    os.environ.update(
        {name: str(home) for name in ("HOME", "TMPDIR", "MPLCONFIGDIR", "IPYTHONDIR", "XDG_CACHE_HOME")},
        **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
        LANG="C.UTF-8", PATH="/usr/bin:/bin", NBGRADER_EXECUTION="autograde",
    )  # fmt: skip
    tempfile.tempdir = None  # found anew, in the new environment
    os.chdir(work)
    sys.argv = [""]
    sys.path = ["", *(path for path in sys.path if any(Path(path).is_relative_to(top) for top in readable()))]


def processor(to: Confinement) -> None:
    """One processor, so that a candidate's threads wait for each other and not others for them; and a lower priority.

    A session of its own makes the candidate one group for the kernel's scheduler, where that groups processes by
    session (autogroup): then 64 threads have the share of one, and the priority is the group's."""
    os.setsid()
    os.nice(NICE)
    with suppress(OSError):  # not there, or set by another a tenth of a second ago
        Path("/proc/self/autogroup").write_text(str(NICE), encoding="ascii")
    where = ctypes.CDLL(None).sched_getcpu() if to.processor is None else to.processor
    os.sched_setaffinity(0, {where})


def resources(to: Confinement) -> None:
    """Limits that the kernel holds. Threads are not among them: it counts those of all a user's processes together."""
    limits = to.limits
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    for kind, value in {
        resource.RLIMIT_AS: pages * resource.getpagesize() + limits.memory_mib * MIB,
        resource.RLIMIT_FSIZE: limits.scratch_mib * MIB // 2,  # one file, which fails before the watch ends it all
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }.items():
        resource.setrlimit(kind, (value, value))
    cpu = math.ceil(limits.notebook_seconds) + 10  # the examiner ends it before, as long as there is one
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))  # SIGXCPU, then SIGKILL


def files(to: Confinement) -> None:
    """Landlock: the named folders may be read, the scratch folder written; no signal leaves, no abstract socket."""
    import sandlock

    own = Path(__file__).resolve().parents[1]
    if any(own.is_relative_to(top) for top in readable()):
        raise OSError(f"{own} lies where candidates may read; install the project with `pip install --editable`")
    version = sandlock.landlock_abi_version()
    if version < LEAST_LANDLOCK:
        raise OSError(f"Landlock is at version {version}, and {LEAST_LANDLOCK} is the least that is needed")
    if version < LANDLOCK and not behind_bubblewrap():
        raise OSError(f"Landlock is at version {version}; below {LANDLOCK} bubblewrap must stand around students' code")
    sandlock.confine(
        sandlock.Sandbox(
            fs_readable=list(readable()), fs_writable=[str(to.scratch), *WRITABLE], disable=lacking(version)
        )
    )


def lacking(version: int) -> list[int]:
    """What Landlock does not have at this version, of what it has at the newest that we know."""
    import sandlock

    since = {
        sandlock.Protection.FS_IOCTL_DEV: 5,
        sandlock.Protection.SIGNAL_SCOPE: 6,
        sandlock.Protection.ABSTRACT_UNIX_SOCKET_SCOPE: 6,
    }
    return [protection for protection, first in since.items() if version < first]


def behind_bubblewrap() -> bool:
    """Is the first process that can be seen from here bubblewrap's? Then no other process but the grader's own can be
    reached by a signal, and no abstract socket of the machine's (see `classroom.second_wall`)."""
    try:
        return Path("/proc/1/comm").read_text(encoding="utf-8").strip() == "bwrap"
    except OSError:
        return False


def system_calls(to: Confinement) -> None:
    """seccomp: what is not allowed is refused with EPERM, so that it fails with a sentence and the run goes on."""
    syscalls.allow_only()


WALLS = (descriptors, environment, processor, resources, files, system_calls)
# The first four are always there; without the others (`--unsafe-no-sandbox`) nothing is promised.
ALWAYS = WALLS[:4]


def confine(to: Confinement, confined: bool = True) -> None:
    """Put up every wall. In the process that is to be confined, while it has one thread."""
    for wall in WALLS if confined else ALWAYS:
        try:
            wall(to)
        except Exception as error:
            raise RuntimeError(f"The wall `{wall.__name__}` could not be put up: {error}") from error


def prctl(option: int, value: int) -> None:
    """Raise OSError where the kernel refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl({option}, {value}): {os.strerror(ctypes.get_errno())}")


@cache
def readable() -> tuple[str, ...]:
    """What a candidate may read: Python, its packages, `convcourse`, the system's libraries and fonts."""
    paths = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths |= {path for path in SYSTEM if os.path.exists(path)}
    paths.add(os.path.join(sys.base_prefix, "lib"))
    spec = find_spec("convcourse")
    assert spec is not None and spec.origin is not None
    paths.add(os.path.dirname(spec.origin))
    return tuple(sorted(os.path.realpath(path) for path in paths if path and os.path.exists(path)))
