"""What confines students' code on this machine: a line a layer, and what mends a gap.

Nothing is taken from a version number that can be tried: a child confines itself as a candidate does, attempts what
must be refused and what must work, and tells.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from autograder.classroom.surroundings import Check, alembic, memory, processes, scratch, user
from autograder.wire.limits import LIMITS, MIB

PR_GET_DUMPABLE, PR_SET_DUMPABLE = 3, 4
PROBE_SECONDS = 20
NEWER = "Use Linux 6.12 or newer."


def checks() -> Iterator[Check]:
    """Every layer, from the kernel up to nbgrader."""
    yield _kernel()
    if platform.system() != "Linux":
        return
    yield _landlock()
    yield _seccomp()
    yield from _probed()
    yield _second_wall()
    yield _dumpable()
    yield _tracing()
    yield user()
    yield processes()
    yield scratch()
    yield memory()
    yield alembic()


def _kernel() -> Check:
    found = f"{platform.system()} {platform.release()}"
    if platform.system() == "Linux":
        return Check("kernel", "PASS", found)
    return Check(
        "kernel", "FAIL", found, "Students' code can be confined on Linux only: use a Linux machine or container."
    )


def _landlock() -> Check:
    from autograder.candidate.confine import LANDLOCK, LEAST_LANDLOCK
    from autograder.classroom.second_wall import is_whole

    try:
        import sandlock

        version = sandlock.landlock_abi_version()
    except Exception as error:
        return Check(
            "Landlock (files)",
            "FAIL",
            f"not to be had: {error}",
            f"{NEWER} `landlock` must be in its list of security modules.",
        )
    layer, found = "Landlock (files)", f"version {version}"
    if version >= LANDLOCK:
        return Check(layer, "PASS", found)
    if version < LEAST_LANDLOCK:
        return Check(layer, "FAIL", f"{found}, and {LEAST_LANDLOCK} is the least that is needed", NEWER)
    found += f", which guards neither signals nor abstract sockets, as {LANDLOCK} does"
    if is_whole():
        return Check(layer, "CAUTION", f"{found}; seccomp and bubblewrap guard them", NEWER)
    return Check(layer, "FAIL", f"{found}; bubblewrap must do it", f"{NEWER} Or install bubblewrap, see below.")


def _seccomp() -> Check:
    try:
        import pyseccomp  # noqa: F401 - loads the system's library
    except Exception as error:
        return Check(
            "seccomp (system calls)",
            "FAIL",
            f"libseccomp cannot be loaded: {error}",
            "Debian and Ubuntu: apt install libseccomp2",
        )
    return Check("seccomp (system calls)", "PASS", "libseccomp is there")


# What a confined child tries


def _opened(path: str) -> Callable[[], object]:
    return lambda: os.close(os.open(path, os.O_RDONLY))


def _forked() -> None:
    if os.fork() == 0:
        os._exit(0)


def _socket(family: int) -> Callable[[], object]:
    return lambda: socket.socket(family).close()


def _much_memory() -> None:
    import mmap

    mmap.mmap(-1, (LIMITS.memory_mib + 64) * MIB).close()


def _thread() -> None:
    import threading

    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()


def _scratch_file() -> None:
    Path("probe").write_text("x")


def _attempts(scratch: Path, parent: int) -> dict[str, Callable[[], object]]:
    repository = Path(__file__).parents[2]
    return {
        "read the exams": _opened(str(repository / "autograder" / "exam" / "core.py")),
        "read other files": _opened("/etc/passwd"),
        "list the repository": lambda: os.listdir(repository),
        "write outside its folder": lambda: (scratch.parent / "autograder-probe").write_text("x"),
        "open a socket": _socket(socket.AF_INET),
        "open a socket within the machine": _socket(socket.AF_UNIX),
        "start a process": _forked,
        "start a program": lambda: os.execv("/bin/true", ["true"]),
        "send its parent a signal": lambda: os.kill(parent, 0),
        "send all a signal": lambda: os.kill(-1, 0),
        f"take more than {LIMITS.memory_mib} MiB": _much_memory,
    }


WORKS: dict[str, Callable[[], object]] = {"start a thread": _thread, "write in its folder": _scratch_file}


def _probed() -> Iterator[Check]:
    """One child, confined as a candidate is, behind the second wall where that is needed; a line for the walls, one for
    what must work, one for new privileges."""
    told = _probe_behind_the_wall() or _probe()
    if "failed" in told:
        yield Check("confinement, tried", "FAIL", str(told["failed"]), "The lines above say which layer is missing.")
        return
    done = [name for name, refused in told["attempts"].items() if not refused]
    if done:
        yield Check("confinement, tried", "FAIL", f"a confined process could {', '.join(done)}", NEWER)
    else:
        yield Check("confinement, tried", "PASS", f"refused: to {', '.join(told['attempts'])}")
    broken = [name for name, refused in told["works"].items() if refused]
    if broken:
        yield Check(
            "what must work",
            "FAIL",
            f"a confined process could not {', '.join(broken)}",
            "Is the temporary folder writable?",
        )
    else:
        yield Check("what must work", "PASS", f"allowed: to {', '.join(told['works'])}")
    if told["no new privileges"]:
        yield Check("no new privileges", "PASS", "set in a candidate")
    else:
        yield Check("no new privileges", "FAIL", "a candidate could gain rights by a program that gives them", NEWER)


def _probe_behind_the_wall() -> dict[str, Any] | None:
    """The same behind bubblewrap, where Landlock does not suffice without; None where it does, or there is none."""
    from autograder.candidate.confine import LANDLOCK
    from autograder.classroom.second_wall import is_whole, prefix

    try:
        import sandlock

        needed = sandlock.landlock_abi_version() < LANDLOCK and is_whole()
    except Exception:  # told in a line of its own
        needed = False
    if not needed:
        return None
    program = [*prefix(), sys.executable, "-m", __name__]
    done = subprocess.run(program, capture_output=True, text=True, timeout=2 * PROBE_SECONDS)
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {"failed": f"behind bubblewrap the trial ended without a word: {done.stderr[-300:]}"}


def _probe() -> dict[str, Any]:
    """Fork a child that confines itself and tries; what it tells, and what the kernel says of it."""
    scratch = Path(tempfile.mkdtemp(prefix="doctor-"))
    ours, theirs = socket.socketpair()
    parent, pid = os.getpid(), os.fork()
    if pid == 0:
        try:
            signal.alarm(PROBE_SECONDS)
            ours.close()
            os.write(theirs.fileno(), json.dumps(_confined_child(theirs.fileno(), scratch, parent)).encode())
            os.read(theirs.fileno(), 1)  # until the parent has looked
        finally:
            os._exit(0)
    theirs.close()
    with ours:
        said = ours.recv(1 << 16)
        status = Path(f"/proc/{pid}/status").read_text()
    os.waitpid(pid, 0)
    shutil.rmtree(scratch, ignore_errors=True)
    told = json.loads(said) if said else {"failed": "the confined process ended without a word"}
    return told | {"no new privileges": "NoNewPrivs:\t1" in status}


def _confined_child(descriptor: int, scratch: Path, parent: int) -> dict[str, Any]:
    from autograder.candidate import confine

    try:
        confine.confine(confine.Confinement(descriptor, scratch, LIMITS))
    except RuntimeError as error:
        return {"failed": str(error)}
    return {
        "attempts": {name: _is_refused(attempt) for name, attempt in _attempts(scratch, parent).items()},
        "works": {name: _is_refused(attempt) for name, attempt in WORKS.items()},
    }


def _is_refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except Exception:
        return True
    return False


# What lies around the candidates


def _dumpable() -> Check:
    """Memory of trusted processes is closed to others of the same user. Tried in a child: here it would stay so."""
    pid = os.fork()
    if pid == 0:
        prctl = ctypes.CDLL(None).prctl
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        os._exit(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0))
    _, status = os.waitpid(pid, 0)
    if status == 0:
        return Check("trusted processes' memory", "PASS", "can be closed to processes of the same user")
    return Check("trusted processes' memory", "FAIL", "cannot be closed to processes of the same user", NEWER)


def _second_wall() -> Check:
    from autograder.classroom.second_wall import is_whole, prefix

    layer = "bubblewrap (a second wall)"
    if is_whole():
        return Check(
            layer, "PASS", "stands around the grader's processes: no network, no others, files to be read only"
        )
    if prefix():
        return Check(
            layer, "CAUTION", "stands around the grader's processes, but cannot set them apart from others here",
            "Grade outside of a container, or where /proc may be mounted.",
        )  # fmt: skip
    if shutil.which("bwrap"):
        return Check(
            layer, "CAUTION", "is installed, but may not make namespaces here; the first walls suffice",
            "Allow unprivileged user namespaces, where the machine's rules do.",
        )  # fmt: skip
    return Check(
        layer, "CAUTION", "is not installed; the first walls suffice", "Debian and Ubuntu: apt install bubblewrap"
    )


def _tracing() -> Check:
    try:
        scope = int(Path("/proc/sys/kernel/yama/ptrace_scope").read_text())
    except (OSError, ValueError):
        scope = 0
    if scope:
        return Check("tracing", "PASS", f"yama's ptrace_scope is {scope}")
    return Check(
        "tracing", "CAUTION", "yama does not restrict it; a candidate may not trace all the same (seccomp)",
        "Where the kernel has yama: sysctl kernel.yama.ptrace_scope=1",
    )  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(_probe()))
