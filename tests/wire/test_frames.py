"""Frames: whole, in time, and of the size they may have."""

import os
import socket
import threading
import time

import pytest

from autograder.wire.frames import HEADER, TICK, Closed, Late, Malformed, Stream, TooLong, packed, unpacked


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield Stream(ours.fileno()), theirs


def soon(seconds: float = 0.3) -> float:
    return time.monotonic() + seconds


@pytest.mark.parametrize("size", [0, 1, 100, 1 << 16, 3_000_000])
def test_a_frame_comes_as_it_went(ends, size):
    ours, theirs = ends
    body = os.urandom(size)
    sender = threading.Thread(target=lambda: Stream(theirs.fileno()).send(b"[]", [body[:10], body[10:]]))
    sender.start()
    head, got = ours.receive(10, size, soon(10))
    sender.join()
    assert (head, bytes(got)) == (b"[]", body)
    assert not ours.has_bytes()


def test_a_frame_in_one_piece_is_taken_apart():
    head, body = unpacked(packed(b"[1]", [b"ab", b"c"]))
    assert (head, bytes(body)) == (b"[1]", b"abc")
    for broken in (b"", b"ab", packed(b"[1]")[:-1], packed(b"[1]") + b"x"):
        with pytest.raises(Malformed):
            unpacked(broken)


@pytest.mark.parametrize("lengths", [(11, 0), (0, 21), (2**32 - 1, 0), (0, 2**64 - 1), (2**32 - 1, 2**64 - 1)])
def test_lengths_are_checked_before_memory_is_taken(ends, lengths):
    ours, theirs = ends
    theirs.sendall(HEADER.pack(*lengths))
    with pytest.raises(TooLong):
        ours.receive(10, 20, soon())


def test_bytes_behind_a_message_are_a_fault(ends):
    ours, theirs = ends
    theirs.sendall(packed(b"[]") + b"x")
    with pytest.raises(Malformed):
        ours.receive(10, 10, soon())


def test_a_deadline_is_for_all_bytes_together(ends):
    """Bytes that drip in one by one do not prolong it."""
    ours, theirs = ends
    frame = packed(b"[" + b" " * 1000 + b"]")
    over = threading.Event()

    def drip():
        for byte in frame:
            if over.wait(0.02):
                return
            theirs.send(bytes([byte]))

    dripping = threading.Thread(target=drip)
    dripping.start()
    began = time.monotonic()
    with pytest.raises(Late):
        ours.receive(2000, 0, soon(0.3))
    assert time.monotonic() - began < 2
    over.set()
    dripping.join()


def test_who_does_not_read_is_late_too(ends):
    ours, _ = ends
    with pytest.raises(Late):
        ours.send(b"[]", [bytes(10_000_000)], soon())


def test_the_end_is_told_from_silence(ends):
    ours, theirs = ends
    theirs.sendall(packed(b"[]")[:7])
    assert ours.has_bytes()
    theirs.close()
    with pytest.raises(Closed):
        ours.receive(10, 10, soon())


def test_a_tick_can_end_the_waiting():
    class Enough(Exception):
        pass

    def tick():
        raise Enough

    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(Enough):
        Stream(ours.fileno(), tick).receive(10, 10, soon(5))


def test_who_sends_byte_by_byte_does_not_keep_the_tick_away(ends):
    ours, theirs = ends
    ticks = []
    slow = Stream(ours.descriptor, lambda: ticks.append(1))
    frame = packed(b"[" + b" " * 100 + b"]")

    def drip():
        for byte in frame:
            theirs.send(bytes([byte]))
            time.sleep(TICK / 10)

    dripping = threading.Thread(target=drip)
    dripping.start()
    slow.receive(200, 0, soon(60))
    dripping.join()
    assert len(ticks) >= 3 and slow.received == len(frame)
