"""The examiner's side of a candidate: ask one question, take one answer, and trust nothing about it.

`ZygoteClient` has candidates forked; a `Link` is one of them: cells are run in it and objects asked about, until it is
closed or lost. Lost means gone: whatever the reason, its processes are dead when `Lost` is raised.

What arrives is a plain value of exact types by the time it leaves this module, a `RemoteSubject` where it stands for an
object of the candidate, or a `Raised`.
"""

from __future__ import annotations

import secrets
import socket
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from autograder.exam.core import Lost
from autograder.exam.subject import Missing, Raised, Subject
from autograder.examiner import limit_words
from autograder.examiner.mishaps import NotConfined, ZygoteGone
from autograder.examiner.outputs import CellRun, error_of, rebuilt
from autograder.examiner.proxies import RemoteSubject, is_value
from autograder.examiner.timekeeping import NOTHING, Taken, Timekeeper
from autograder.examiner.watch import Exceeded, Watch, remove
from autograder.objects import recipes
from autograder.objects.operations import KINDS
from autograder.wire import codec, messages
from autograder.wire.errors import TOO_LARGE
from autograder.wire.frames import FOREVER, Closed, Malformed, Stream, TooLong, WireError, packed
from autograder.wire.limits import HEAD_LIMIT, LIMITS, MIB, Limits

START_SECONDS = 120.0
ENDS = "ok", "error", "timeout", "memory", "output"


class ZygoteClient:
    """Has candidates forked by the zygote at the other end of the socket, one at a time."""

    def __init__(self, sock: socket.socket, confined: bool = True):
        self._socket, self._confined = sock, confined
        self._stream = Stream(sock.fileno())

    def fork(self, limits: Limits = LIMITS, before: Taken = NOTHING) -> Link:
        """A fresh candidate, confined, with a scratch folder of its own. `before`: the time that earlier candidates of
        the same submission took."""
        began = time.monotonic()
        try:
            scratch = Path(tempfile.mkdtemp(prefix="candidate-"))
            ours, theirs = socket.socketpair()
        except OSError as error:
            raise NotConfined(f"This machine has no room for a candidate: {error}.") from None
        try:
            with theirs:
                order = messages.Fork(str(scratch), self._confined, asdict(limits))
                report = self._order(order, theirs.fileno())
            if not isinstance(report, messages.Forked):
                raise NotConfined(getattr(report, "why", "The zygote did not fork."))
            link = Link(self, ours, report.pid, scratch, limits, before)
        except BaseException:
            ours.close()
            remove(scratch)
            raise
        link.begin()
        link.seconds["fork"] = time.monotonic() - began
        return link

    def end(self) -> messages.Ended:
        """Kill the candidate and what it started; how it ended."""
        report = self._order(messages.End())
        if not isinstance(report, messages.Ended):
            raise ZygoteGone("The zygote gave no report of a candidate's end.")
        return report

    def _order(self, order: Any, *descriptors: int) -> Any:
        try:
            socket.send_fds(self._socket, [packed(*codec.encode(order))], descriptors)
            answer = self._stream.receive(HEAD_LIMIT, 0, time.monotonic() + START_SECONDS)
            return codec.decode(*answer, messages.REPORTS)
        except (OSError, WireError) as error:
            raise ZygoteGone(f"The zygote does not answer ({error}).") from None


class Link:
    """One candidate. `seconds`: wall clock of its start, its cells and its calls."""

    def __init__(
        self, client: ZygoteClient, sock: socket.socket, pid: int, scratch: Path, limits: Limits, before: Taken
    ):
        self._client, self._socket, self._scratch, self._limits = client, sock, scratch, limits
        self._watch = Watch(pid, scratch, limits)
        self.timekeeper = Timekeeper(pid, limits, before)
        self._stream = Stream(sock.fileno(), self._tick)
        self._lost: Lost | None = None
        self._loaders: dict[int, recipes.Loader] = {}
        self._loaders_given = 0
        self._outputs_left, self._answers_left = limits.outputs_mib * MIB, limits.answers_mib * MIB
        self.proxy: Callable[[Link, messages.Handle], RemoteSubject] = RemoteSubject
        self._inward: dict[type, Callable[[Any], Any]] = {messages.Handle: self._proxy}
        self.absent: Callable[[str], str] = lambda message: ""  # why the name that a NameError misses is missing
        self.released: list[int] = []
        self.left: list[str] = []  # what of the scratch folder could not be removed
        self.seconds = {"fork": 0.0, "cells": 0.0, "calls": 0.0}
        sock.setblocking(False)

    def begin(self) -> None:
        """Wait until the candidate stands behind its walls; raise `NotConfined` where it does not."""
        try:
            message = self._receive(HEAD_LIMIT, 0, time.monotonic() + START_SECONDS)
        except (OSError, WireError, Exceeded) as error:
            message = messages.Refused(f"The candidate did not start ({error}).")
        if not isinstance(message, messages.Ready):
            self.close()
            raise NotConfined(message.why if isinstance(message, messages.Refused) else "The candidate did not start.")

    def run(self, cells: Iterable[tuple[str, str]]) -> list[CellRun]:
        """Run cells in order, each (cell id, source). A failing cell does not stop the others."""
        return [self.run_cell(cell, source) for cell, source in cells]

    def run_cell(self, cell: str, source: str, seconds: float | None = None, own: bool = False) -> CellRun:
        """Run one cell, which may take these seconds, by default as many as the limits give to a cell. `own`: see
        `messages.Run`."""
        began, limits = time.monotonic(), self._limits
        seconds = seconds or limits.cell_seconds
        try:
            ran = self._question(messages.Run(source, own), seconds, limits.ran_head, cell)
            if not isinstance(ran, messages.Ran) or ran.status not in ENDS:
                self.distrust()
            try:
                room = min(2 * limits.output_kib << 10, self._outputs_left)
                most = limits.outputs + 1  # the last says that there may be no more
                outputs, whole = rebuilt(ran.outputs, ran.count, room, most)
            except (Malformed, ValueError):
                self.distrust()
        finally:
            self.seconds["cells"] += time.monotonic() - began
        self._outputs_left -= sum(len(str(output)) for output in outputs)
        interrupted = self.timekeeper.interrupted
        status = "output" if not whole else "error" if ran.status == "timeout" and not interrupted else ran.status
        return CellRun(cell, outputs, status, limit_words.over(limits, status, cell, interrupted))

    def begin_criterion(self, seed: int) -> None:
        """From here on the student's random numbers follow from this seed."""
        self._value(self._question(messages.Begin(seed), self._limits.call_seconds))

    def look_up(self, name: str) -> Any:
        """What the name stands for at this moment: a plain value, a `RemoteSubject`, or `Missing`."""
        answer = self._question(messages.LookUp(name), self._limits.call_seconds)
        if isinstance(answer, messages.Undefined):
            return Missing(name)
        if isinstance(answer, messages.Failed) and answer.kind == TOO_LARGE:
            raise Lost("output", limit_words.too_large(self._limits, f"`{name}` holds"))
        value = self._value(answer)
        return value if is_value(value) else self.distrust()

    def build(self, recipe: recipes.Recipe) -> RemoteSubject:
        """What the recipe makes, as a subject."""
        built = self.ask("build", 0, (recipe,), None)
        return built if isinstance(built, RemoteSubject) else self.distrust()

    @contextmanager
    def stand_in(self, subject: Subject, names: Mapping[str, str]) -> Iterator[None]:
        """Within the block these names of the student's code stand for recipes of the recipes.

        `subject` is what is examined: all that it can call lives in the one namespace of the student's cells."""
        if names:
            self._value(self._question(messages.StandIn(dict(names)), self._limits.call_seconds))
        try:
            yield
        finally:
            if names and self._lost is None:
                self._value(self._question(messages.StandIn({}), self._limits.call_seconds))

    def ask(self, operation: str, target: int, values: tuple[Any, ...], ban: str | None) -> Any:
        """Do something with an object of the candidate, for `RemoteSubject`."""
        began = time.monotonic()
        try:
            return self._value(self._question(messages.Call(operation, target, values, ban), self._limits.call_seconds))
        finally:
            self.seconds["calls"] += time.monotonic() - began

    @property
    def alive(self) -> bool:
        """Is the candidate still there, whatever was said about it last?"""
        return self._lost is None

    def listen(self) -> None:
        """Raise `Lost` where the candidate has ended, or something came that nobody asked for."""
        if self._lost is not None:
            raise self._lost
        if self._stream.has_bytes():
            self._early()

    def close(self) -> None:
        """The candidate and all that it started are gone, and its scratch folder too."""
        if self._lost is None:
            self._lost = Lost("crashed", "The candidate was closed.")
            self._end()

    def distrust(self) -> NoReturn:
        """What came is no answer to what was asked."""
        self._lose("crashed", "The notebook's code wrote into the grader's own channel.")

    def _question(self, ask: Any, seconds: float, head_limit: int = HEAD_LIMIT, cell: str = "") -> Any:
        """Ask, and wait for the answer; what must not be ends the candidate."""
        self.listen()
        number, limits = secrets.randbits(64), self._limits
        released, self.released = self.released, []
        self._loaders = {}
        head, parts = codec.encode(messages.Question(number, released, ask), outward=self._outward, layouts=True)
        try:
            self.timekeeper.start(seconds, cell)
            self._stream.send(head, parts)
            while True:
                message = self._receive(head_limit, min(limits.answer_mib * MIB, self._answers_left))
                if isinstance(message, messages.Pull):
                    self._hand_out(message)
                elif isinstance(message, messages.Reply) and message.number == number:
                    self._answered(cell)
                    return message.answer
                else:
                    self.distrust()
        except TooLong:
            self._lose("output", limit_words.TOO_LONG.format(limits.answer_mib, limits.answers_mib))
        except (Closed, OSError):
            self._gone()
        except (WireError, ValueError):
            self.distrust()
        except Exceeded as error:
            self._lose(error.status, error.sentence)

    def _tick(self) -> None:
        self.timekeeper.check()
        self._watch.check(self._stream.received)

    def _answered(self, cell: str) -> None:
        """Raise `Exceeded` where the candidate has taken more than it may, now that it has answered."""
        self.timekeeper.check_whole()
        (self._watch.check if cell else self._watch.check_written)(self._stream.received)

    def _receive(self, head_limit: int, body_limit: int, deadline: float = FOREVER) -> Any:
        head, body = self._stream.receive(head_limit, body_limit, deadline)
        self._answers_left -= len(body)
        return codec.decode(head, body, messages.ANSWERS, inward=self._inward)

    def value_or_raised(self, answer: Any) -> Any:
        """One answer among several."""
        try:
            return self._value(answer)
        except Raised as error:
            return error

    def _value(self, answer: Any) -> Any:
        if isinstance(answer, messages.Done):
            return answer.value
        if not isinstance(answer, messages.Failed):
            self.distrust()
        if answer.kind == "MemoryError":
            self._lose("memory", limit_words.out_of_memory(self._limits, "A call"))
        if answer.kind == TOO_LARGE:  # said by the candidate itself, which lives on
            raise Lost("output", limit_words.too_large(self._limits, "A call gave back"))
        raise error_of(answer, self.absent)

    def _outward(self, value: Any) -> Any:
        """What an exam hands in beside plain values."""
        if isinstance(value, RemoteSubject):
            return messages.Held(value.hold.id)
        if isinstance(value, recipes.Recipe):
            return messages.Built(value.name, value.args, value.kwargs)
        if isinstance(value, recipes.Loader):
            self._loaders_given += 1
            self._loaders[self._loaders_given] = value
            return messages.Batches(self._loaders_given, len(value), len(value.dataset), value.batch_size)
        raise TypeError(f"a {type(value).__name__} cannot be handed in")

    def _hand_out(self, wanted: messages.Pull) -> None:
        loader = self._loaders.get(wanted.loader)
        if loader is None and 0 < wanted.loader <= self._loaders_given:
            self._lose("crashed", limit_words.KEPT_LOADER)
        if loader is None or not 0 <= wanted.position < len(loader):
            self.distrust()
        head, parts = codec.encode(messages.Batch(loader.batch(wanted.position)), layouts=True)
        self._stream.send(head, parts)

    def _proxy(self, handle: messages.Handle) -> RemoteSubject:
        if handle.kind not in KINDS:
            raise Malformed("a handle of no kind")
        return self.proxy(self, handle)

    def _early(self) -> NoReturn:
        """Something came before it was asked for: bytes, or the end."""
        try:
            came = self._socket.recv(1, socket.MSG_PEEK)
        except OSError:  # it closed the line with a question of ours unread
            came = b""
        if came:
            self.distrust()
        self._gone()

    def _gone(self) -> NoReturn:
        """The candidate has ended: say how."""
        self._raise(Lost(*limit_words.death(self._limits, self._end())))

    def _lose(self, status: str, sentence: str) -> NoReturn:
        self._end()
        self._raise(Lost(status, sentence))

    def _raise(self, lost: Lost) -> NoReturn:
        self._lost = lost
        raise lost from None

    def _end(self) -> messages.Ended:
        self._socket.close()
        try:
            return self._client.end()
        finally:
            if left := remove(self._scratch):
                self.left.append(f"The folder {self._scratch} could not be removed: {left}")
