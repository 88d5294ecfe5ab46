"""`RemoteSubject`: what a student wrote, reached in the candidate. Each thing that a `Subject` does is a question.

Nothing that comes back is believed but as an answer: each has exactly the form that its question calls for, or the
candidate is given up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from autograder.exam.subject import Raised, Script, Subject
from autograder.objects import operations, replies
from autograder.objects.operations import KINDS
from autograder.objects.replies import Misshapen
from autograder.objects.table import OPERATIONS
from autograder.wire import messages
from autograder.wire.errors import plain

if TYPE_CHECKING:
    from autograder.examiner.link import Link

NAME_LIMIT = 100


class Hold:
    """An object that the candidate keeps for as long as this lives."""

    __slots__ = ("id", "link")

    def __init__(self, link: Link, id: int):
        self.link, self.id = link, id

    def __del__(self) -> None:
        self.link.released.append(self.id)


class RemoteSubject(Subject):
    """A handle. Attributes that a `Subject` does not have are asked of the student's object."""

    def __init__(self, link: Link, handle: messages.Handle):
        self.link, self.hold = link, Hold(link, handle.id)
        self.name, self.kind = plain(handle.name, NAME_LIMIT), handle.kind

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("link", "hold"):
            raise AttributeError(name)
        try:
            return self.attribute(name)
        except Raised as error:
            if error.kind == "AttributeError":
                raise AttributeError(f"`{self.name}` has no attribute `{name}`") from None
            raise

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"

    def _ask(self, operation: str, *values: Any) -> Any:
        return self.link.ask(operation, self.hold.id, values, self.ban)

    def _do(self, operation, *values):
        return self._read(operation, self._ask(operation, *values), values)

    def _read(self, operation: str, told: Any, values: tuple[Any, ...]) -> Any:
        try:
            return OPERATIONS[operation].reply.read(told, values, RemoteSubject)
        except Misshapen:
            self.link.distrust()

    def vjps(self, calls):
        told = self._ask("vjps", [tuple(call) for call in calls], self.inferring)
        self._expect(type(told) is list and len(told) == len(calls))
        answers = map(self.link.value_or_raised, told)
        return [one if isinstance(one, Raised) else self._read("vjp", one, call) for one, call in zip(answers, calls)]

    def scripts(self, scripts):
        told = self._ask("scripts", [list(script) for script in scripts])
        self._expect(type(told) is list and len(told) == len(scripts))
        return [self._played(script, steps) for script, steps in zip(scripts, told)]

    def _played(self, script: Script, told: Any) -> list[Any]:
        self._expect(type(told) is list and 0 < len(told) <= len(script))
        found: list[Any] = []
        for (_, operation, *values), told_of_step in zip(script, told):
            one = self.link.value_or_raised(told_of_step)
            if isinstance(one, Raised):
                found.append(one)
                break
            if operation == "make":
                self._expect(one in KINDS)
            else:
                one = self._read(operation, one, tuple(values))
            found.append(one)
        self._expect(len(found) == len(told) and (len(found) == len(script) or isinstance(found[-1], Raised)))
        return found

    def _forward(self, args, kwargs):
        told = self._ask("forward", args, kwargs)
        self._expect(type(told) is tuple and len(told) == 2 and type(told[1]) is int and is_value(told[0]))
        leaves = [t for t in operations.tensors((args, kwargs)) if t.requires_grad]
        return told[0], (Hold(self.link, told[1]), [(t.shape, t.dtype) for t in leaves])

    def _backward(self, token, cotangent):
        hold, leaves = token
        found = self.link.ask("backward", hold.id, (cotangent,), self.ban)
        self._expect(type(found) is list and len(found) == len(leaves))
        for gradient, (shape, dtype) in zip(found, leaves, strict=True):
            self._expect(gradient is None or _is_tensor(gradient, shape, dtype))
        return found

    def _expect(self, true: bool) -> None:
        if not true:
            self.link.distrust()


def is_value(value: Any) -> bool:
    """Is it a plain value, with subjects in it, and no message?"""
    return replies.is_value(value, RemoteSubject)


def _is_tensor(value: Any, shape: torch.Size, dtype: torch.dtype) -> bool:
    return isinstance(value, torch.Tensor) and value.shape == shape and value.dtype == dtype
