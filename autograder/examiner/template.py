"""The template, from which examiners and zygotes are forked, and the examiner's loop.

Who runs it. `classroom.pool`, in the main process: `python -m autograder.examiner.template`. It imports torch, pyplot
and the like once (seconds of CPU, while the main process imports nbgrader beside it), and on each order forks a zygote
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
import hashlib
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # an examiner imports these after the fork
    from nbformat import NotebookNode

    from autograder.examiner.grading import Job
    from autograder.examiner.link import ZygoteClient

PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
NOTHING: dict[str, Any] = {"result": None, "evidence": None, "failure": None}


def template(control: socket.socket, assignments: list[str]) -> None:
    """Import everything once, then fork a zygote and an examiner on each order, until the main process is gone."""
    import nbformat  # noqa: F401 - an examiner's need, but a second's work (its schema's grammars), and no secret

    from autograder.candidate import preload, zygote

    preload.preload(assignments)
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
    """An examiner: grade what comes, until the main process closes the connection.

    Each order is answered twice. First, before anything that a student wrote is read: how many seconds the submission
    may take (or, where not even that can be said, why). Then what came of it.
    """
    import nbformat

    from autograder.examiner.grading import Job
    from autograder.examiner.held import assignment
    from autograder.examiner.link import ZygoteClient

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
        answer, notebook = {**NOTHING}, None
        path = order.pop("source")
        try:
            sources[path] = sources.get(path) or nbformat.read(path, as_version=4)
            seconds = assignment(order["assignment"]).limits.notebook_seconds
        except Exception as error:  # no submission's fault
            traceback.print_exc()
            answer["failure"] = f"The grader cannot grade this assignment ({type(error).__name__}: {error})."
        else:
            with contextlib.suppress(OSError):  # the main process is gone: so says the next order
                main.send_bytes(json.dumps({"seconds": seconds}).encode())
            answer, notebook = answer_to(Job(**order), submitted, sources[path], client, key)
        with contextlib.suppress(OSError):
            main.send_bytes(json.dumps(answer | {"notebook": notebook is not None}).encode())
            if notebook is not None:
                main.send_bytes(notebook)


def answer_to(
    job: Job, submitted: bytes, source: NotebookNode, client: ZygoteClient, key: bytes
) -> tuple[dict[str, Any], bytes | None]:
    """Grade one submission within the memory that it may have: what to tell, and the executed notebook as text.

    What fails, and is not the machine's, is a result too. Raise `ZygoteGone` where this examiner can grade no more.
    """
    import nbformat

    from autograder.examiner.grade_cells import points_of
    from autograder.examiner.grading import grade
    from autograder.examiner.memory import bounded
    from autograder.examiner.mishaps import ZygoteGone, is_machines, told
    from autograder.examiner.results import SubmissionResult

    try:
        with bounded():
            result, notebook, evidence = grade(job, submitted, source, client, key)
            text = None if notebook is None else nbformat.writes(notebook).encode()
            return {**NOTHING, "result": result.to_json(), "evidence": evidence}, text
    except ZygoteGone:  # the main process has a new pair forked
        raise
    except Exception as error:
        traceback.print_exc()
        if is_machines(error):
            return {**NOTHING, "failure": f"The grader failed on it ({type(error).__name__}: {error})."}, None
        status, sentence, fault = told(error, "the notebook", "the notebook")
    digest = hashlib.sha256(submitted).hexdigest()
    result = SubmissionResult.without_grading(
        job.student, job.assignment, status, sentence, points_of(source), job.job, digest, [fault]
    )
    return {**NOTHING, "result": result.to_json(), "evidence": [] if job.explain else None}, None


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
