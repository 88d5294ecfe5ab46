"""The operations that an exam can do with a student's object, wherever that is: name → function, form of its reply.

A new one is a line here and a method of `exam.subject.Subject`, which says what it takes; the candidate, the examiner
and tests all go by this table. What is made of several of these (`vjps`, `scripts`), or keeps something between two
questions (`forward` and `backward`), is written out where it happens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograder.objects import footprint, operations, replies
from autograder.objects.ban import BAN
from autograder.objects.replies import Out, Reply


@dataclass(frozen=True)
class Operation:
    """`run(object, *values)` gives a result; `reply` is how it crosses."""

    run: Callable[..., Any]
    reply: Reply

    def told(self, obj: Any, values: tuple[Any, ...], out: Out) -> Any:
        """Do it, and say what came of it."""
        return self.reply.told(self.run(obj, *values), out)


def _make(obj: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    BAN.refuse_bases(obj)
    made = obj(*args, **kwargs)
    BAN.refuse_bases(made)  # a function, or `__new__`, makes what it likes
    return made


OPERATIONS = {
    "vjp": Operation(operations.vjp, replies.ANSWER),
    "gradients": Operation(operations.gradients, replies.ANSWER),
    "make": Operation(_make, replies.THING),
    "state": Operation(operations.state, replies.ENTRIES),
    "outline": Operation(operations.outline, replies.OUTLINES),
    "load": Operation(operations.load, replies.NOTHING),
    "train": Operation(operations.train, replies.NOTHING),
    "to": Operation(operations.to, replies.NOTHING),
    "again": Operation(operations.again, replies.PAIR),
    "run": Operation(operations.run, replies.NOTHING),
    "attribute": Operation(operations.attribute, replies.VALUE),
    "source": Operation(operations.source, replies.TEXT),
    "part": Operation(footprint.part, replies.THING),
    "footprint": Operation(footprint.footprint, replies.FOOTPRINT),
    "is_": Operation(footprint.is_, replies.TRUTH),
}
