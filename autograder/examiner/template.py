"""The template, from which examiners and zygotes are forked, and the examiner's loop.

Who runs it. `classroom.pool`, in the main process: `python -m autograder.examiner.template`. It imports torch, pyplot
and the like once (3.5 s of CPU, while the main process imports nbgrader beside it), and on each order forks a zygote
and an examiner. A zygote forks students' candidates; an examiner grades one job after the other.

What each holds. The template has read nothing: no key, no exam, no student's file; and whatever a fork shares is a
channel. An examiner is told the key over its own socket, after the fork. It imports the exams after the fork too, so
that no zygote has them in memory.

Descriptors. Template: its control socket (orders, each with an examiner's socket in it). Examiner: its socket to the
main process and its end of the zygote's. Zygote: the other end. Nothing else but stderr.

Who dies with whom. Each end closes when its owner dies, and EOF ends the reader; the kernel kills the template with
the main process, examiners and zygotes with the template.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4


def template(control: socket.socket, assignments: list[str]) -> None:
    """Import everything once, then fork a zygote and an examiner on each order, until the main process is gone."""
    from autograder.candidate import preload, zygote

    preload.preload(assignments)
    import nbformat  # noqa: F401 - an examiner's need, but a second's work (its schema's grammars), and no secret

    gc.freeze()
    me = os.getpid()
    while True:
        order, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not order:
            return
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        to_main = socket.socket(fileno=descriptors[0])
        to_zygote, to_examiner = socket.socketpair()
        if os.fork() == 0:
            _die_with(me)
            for other in (control, to_main, to_zygote):
                other.close()
            for name in [n for n in sys.modules if n.startswith("autograder.examiner")]:
                del sys.modules[name]
            _leave(zygote.main, to_examiner)
        if os.fork() == 0:
            _die_with(me)
            for other in (control, to_examiner):
                other.close()
            _leave(examine, Connection(to_main.detach()), to_zygote)
        for ours in (to_main, to_zygote, to_examiner):
            ours.close()


def examine(main: Connection, to_zygote: socket.socket) -> None:
    """An examiner: grade what comes, until the main process closes the connection."""
    import nbformat

    from autograder.examiner.grading import Job, grade
    from autograder.examiner.link import ZygoteClient, ZygoteGone

    told = json.loads(main.recv_bytes())
    client, key = ZygoteClient(to_zygote, told["confined"]), bytes.fromhex(told["key"])
    main.send_bytes(json.dumps({"pid": os.getpid()}).encode())
    sources: dict[str, nbformat.NotebookNode] = {}
    while True:
        try:
            order = json.loads(main.recv_bytes())
            submitted = main.recv_bytes()
        except (EOFError, OSError):
            return
        path = order.pop("source")
        sources[path] = sources.get(path) or nbformat.read(path, as_version=4)
        answer: dict[str, Any] = {"result": None, "evidence": None, "failure": None}
        notebook = None
        try:
            result, notebook, answer["evidence"] = grade(Job(**order), submitted, sources[path], client, key)
            answer["result"] = result.to_json()
        except ZygoteGone:  # the main process has a new pair forked
            raise
        except Exception as error:  # the grader's own fault: said, and the next submission is graded
            traceback.print_exc()
            answer["failure"] = f"The grader failed on it ({type(error).__name__}: {error})."
        with contextlib.suppress(OSError):  # the main process is gone: so says the next order
            main.send_bytes(json.dumps(answer | {"notebook": notebook is not None}).encode())
            if notebook is not None:
                main.send_bytes(nbformat.writes(notebook).encode())


def _leave(work: Callable[..., None], *arguments: Any) -> None:
    """Do the child's work and end it here, whatever happens; never return into the template's loop."""
    try:
        work(*arguments)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _die_with(parent: int) -> None:
    """Be killed when the parent dies (the kernel means the thread that forked, which here is each parent's only
    one)."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    _die_with(int(sys.argv[2]) or os.getppid())
    template(socket.socket(fileno=int(sys.argv[1])), sys.argv[3:])
