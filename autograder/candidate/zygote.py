"""The zygote: has everything imported, and forks a candidate for each submission.

Who runs it: the examiner's template (`examiner.pool`). What it holds: no key, no exam, no student's data; whatever a
fork shares is a channel. Descriptors: its end of the socket pair to its examiner, and stderr; a candidate's end of
another pair passes through it. When its examiner is gone (EOF), it kills what it forked and ends.

It has one thread, or it refuses to fork, and runs no operation on a tensor.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import socket
from pathlib import Path

from autograder.candidate import confine
from autograder.candidate.answering import Answering
from autograder.candidate.shell import start
from autograder.candidate.shims import adopt
from autograder.wire import codec, messages
from autograder.wire.frames import Stream, unpacked
from autograder.wire.limits import Limits

PR_SET_CHILD_SUBREAPER = 36
ORDER_LIMIT = 1 << 16


def main(sock: socket.socket) -> None:
    """Follow the examiner's orders until it is gone."""
    confine.prctl(PR_SET_CHILD_SUBREAPER, 1)  # what a candidate started does not outlive it unseen
    gc.collect()
    gc.freeze()
    stream = Stream(sock.fileno())
    processor, _kept = _own_processor()
    candidate = 0
    try:
        while True:
            data, passed, _, _ = socket.recv_fds(sock, ORDER_LIMIT, 1)
            if not data:
                return
            order = codec.decode(*unpacked(data), messages.ORDERS)
            report: messages.Ended | messages.Forked | messages.Refused = _end(candidate)
            candidate = 0
            if isinstance(order, messages.End):
                pass
            elif (threads := len(os.listdir("/proc/self/task"))) != 1:
                report = messages.Refused(f"the zygote has {threads} threads, and a fork copies only one")
            else:
                candidate = os.fork()
                if candidate == 0:
                    _be_candidate(order, passed[0], processor)
                report = messages.Forked(candidate)
            for descriptor in passed:
                os.close(descriptor)
            stream.send(*codec.encode(report))
    finally:
        _end(candidate)


def _own_processor() -> tuple[int | None, socket.socket | None]:
    """A processor for its candidates that no other zygote of this machine has, where one is left, and what keeps it:
    a name in the kernel, which is free again when its socket is closed."""
    for processor in sorted(os.sched_getaffinity(0)):
        kept = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            kept.bind(f"\0autograder-processor-{processor}")
            return processor, kept
        except OSError:
            kept.close()
    return None, None


def _be_candidate(order: messages.Fork, descriptor: int, processor: int | None) -> None:
    """In the child: confine, say so, answer questions; never return."""
    try:
        parent = os.getppid()
        confine.prctl(confine.PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        confine.prctl(confine.PR_SET_DUMPABLE, 1)  # it holds no secret, and the examiner looks at its descriptors
        limits = Limits(**order.limits)
        stream = Stream(descriptor)
        try:
            walled = confine.Confinement(descriptor, Path(order.scratch), limits, processor)
            confine.confine(walled, order.confined)
        except RuntimeError as error:
            stream.send(*codec.encode(messages.Refused(str(error))))
            os._exit(1)
        adopt()
        shell = start(limits)
        stream.send(*codec.encode(messages.Ready()))
        Answering(stream, shell, limits).serve()
    finally:
        os._exit(1)


def _end(candidate: int) -> messages.Ended:
    """Kill the candidate and all it started, wait until they are gone, and say how it ended."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    number, peak = 0, 0
    for pid in [candidate] if candidate else []:
        os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
        number, peak = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, usage.ru_maxrss
    while children := _children():
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return messages.Ended(number, spent, peak >> 10)


def _children() -> list[int]:
    return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
