"""Calls of a subject under a ban, as an exam that states one makes them."""

from collections.abc import Iterator
from contextlib import contextmanager

from autograder.exam.subject import Subject


@contextmanager
def banning(subject: Subject, name: str) -> Iterator[None]:
    """Calls within this block run under the ban list `name`."""
    before, subject.ban = subject.ban, name
    try:
        yield
    finally:
        subject.ban = before
