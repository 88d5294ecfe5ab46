"""Frames: how bytes pass between two processes, one of which may be hostile.

    head length (4 bytes) | body length (8 bytes) | head: JSON text | body: the tensors' bytes, one after the other

Lengths are checked before memory is taken. A read has one deadline for all of its bytes. There is one question and one
answer at a time, so a frame with bytes behind it is a fault, and so are bytes that come when nothing was asked.
"""

from __future__ import annotations

import os
import select
import struct
import time
from collections.abc import Callable, Iterable

HEADER = struct.Struct("<IQ")
CHUNK = 1 << 16
# Seconds after which `tick` is called, again and again, as long as a frame is not whole.
TICK = 0.05
FOREVER = float("inf")


class WireError(Exception):
    """The other side broke the rules of the wire; nothing that it sends can be used any more."""


class Malformed(WireError):
    """Bytes that are no message, or not one that may come now."""


class TooLong(WireError):
    """A message longer than it may be."""


class Late(WireError):
    """The deadline passed before the message was whole."""


class Closed(WireError):
    """The other side is gone."""


def packed(head: bytes, body: Iterable[bytes] = ()) -> bytes:
    """A whole frame."""
    parts = list(body)
    return b"".join((HEADER.pack(len(head), sum(map(len, parts))), head, *parts))


def unpacked(frame: bytes) -> tuple[bytes, memoryview]:
    """Head and body of a frame that came whole."""
    if len(frame) < HEADER.size or len(frame) != HEADER.size + sum(HEADER.unpack_from(frame)):
        raise Malformed("no frame")
    head, _ = HEADER.unpack_from(frame)
    return frame[HEADER.size : HEADER.size + head], memoryview(frame)[HEADER.size + head :]


class Stream:
    """One end of a socket pair, by its descriptor.

    `tick` is called while a frame comes or goes, whether its bytes come slowly or not at all; what it raises ends that.
    `received`: bytes read so far.
    """

    def __init__(self, descriptor: int, tick: Callable[[], None] = lambda: None):
        self.descriptor = descriptor
        self._tick, self._due = tick, 0.0
        self.received = 0
        self._in, self._out = select.poll(), select.poll()
        self._in.register(descriptor, select.POLLIN)
        self._out.register(descriptor, select.POLLOUT)

    def send(self, head: bytes, body: Iterable[bytes] = (), deadline: float = FOREVER) -> None:
        """Write one frame; raise `Late` where the other side does not take it in time."""
        data = memoryview(packed(head, body))
        while data:
            try:
                data = data[os.write(self.descriptor, data) :]
            except BlockingIOError:
                self._wait(self._out, deadline)
            except OSError as error:
                raise Closed(str(error)) from None

    def receive(self, head_limit: int, body_limit: int, deadline: float = FOREVER) -> tuple[bytes, memoryview]:
        """Read one frame: its head and its body. The limits are of their bytes."""
        first = b""
        while len(first) < HEADER.size:
            first += self._read(deadline)
        head, body = HEADER.unpack_from(first)
        if head > head_limit or body > body_limit:
            raise TooLong(f"{head} and {body} bytes, where {head_limit} and {body_limit} are allowed")
        total = HEADER.size + head + body
        if len(first) > total:
            raise Malformed("bytes behind the message")
        frame = bytearray(total)
        frame[: len(first)] = first
        view, filled = memoryview(frame), len(first)
        while filled < total:
            more = self._read(deadline)
            if filled + len(more) > total:
                raise Malformed("bytes behind the message")
            view[filled : filled + len(more)] = more
            filled += len(more)
        return bytes(view[HEADER.size : HEADER.size + head]), view[HEADER.size + head :]

    def has_bytes(self) -> bool:
        """Has something come that was not read, or is the other side gone?"""
        return bool(self._in.poll(0))

    def _read(self, deadline: float) -> bytes:
        while True:
            if deadline != FOREVER:  # without one the descriptor blocks
                self._wait(self._in, deadline)
            try:
                data = os.read(self.descriptor, CHUNK)
            except BlockingIOError:
                self._wait(self._in, deadline)
                continue
            except OSError as error:
                raise Closed(str(error)) from None
            if not data:
                raise Closed("the other side is gone")
            self.received += len(data)
            return data

    def _wait(self, poll: select.poll, deadline: float) -> None:
        while True:
            now = time.monotonic()
            if now >= deadline:
                raise Late("the deadline passed")
            if now >= self._due:
                self._due = now + TICK
                self._tick()
            if poll.poll(min(deadline - now, TICK) * 1000):
                return
