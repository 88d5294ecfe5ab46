"""`RemoteSubject`: what a student wrote, reached in the candidate. Each thing that a `Subject` does is a question.

Nothing that comes back is believed but as an answer: each has exactly the form that its question calls for, or the
candidate is given up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from autograder.exam.subject import Raised, Script, Subject
from autograder.objects import operations
from autograder.objects.operations import KINDS, Answer, Entry, Outline
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

    def vjp(self, args, kwargs, cotangent):
        return self._answer(self._ask("vjp", args, kwargs, cotangent, self.inferring), args, kwargs)

    def gradients(self, args, kwargs, cotangent):
        return self._answer(self._ask("gradients", args, kwargs, cotangent), args, kwargs)

    def vjps(self, calls):
        told = self._ask("vjps", [tuple(call) for call in calls], self.inferring)
        self._expect(type(told) is list and len(told) == len(calls))
        answers = map(self.link.value_or_raised, told)
        return [one if isinstance(one, Raised) else self._answer(one, *call[:2]) for one, call in zip(answers, calls)]

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
            if operation in ("vjp", "gradients"):
                one = self._answer(one, values[0], values[1])
            elif operation == "state":
                one = self._entries(one)
            elif operation == "make":
                self._expect(one in KINDS)
            found.append(one)
        self._expect(len(found) == len(told) and (len(found) == len(script) or isinstance(found[-1], Raised)))
        return found

    def make(self, *args, **kwargs):
        made = self._subject(self._ask("make", args, kwargs))
        made.name, made.ban = self.name, self.ban
        return made

    def state(self):
        return self._entries(self._ask("state"))

    def outline(self):
        rows = self._rows(self._ask("outline"), tuple)
        return {name: Outline(*row) for name, *row in rows}

    def load(self, mapping):
        self._ask("load", dict(mapping))

    def train(self, mode=True):
        self._ask("train", mode)

    def to(self, dtype):
        self._ask("to", dtype)

    def attribute(self, name):
        value = self._ask("attribute", name)
        self._expect(is_value(value))
        return value

    def source(self):
        text = self._ask("source")
        self._expect(text is None or type(text) is str)
        return text

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

    def _answer(self, told: Any, args: tuple, kwargs: dict[str, Any]) -> Answer:
        self._expect(type(told) is tuple and len(told) == 4)
        output, gradients, after, parameters = told
        self._expect(is_value(output) and type(gradients) is list and type(parameters) is dict)
        given = [*operations.tensors(args), *operations.tensors(kwargs)]
        self._expect(len(gradients) == sum(t.requires_grad for t in given))
        self._expect(all(g is None or isinstance(g, torch.Tensor) for g in (*gradients, *parameters.values())))
        self._expect(all(type(name) is str for name in parameters))
        if after is None:  # all arguments stand as they were
            after = [t.detach() for t in given]
        self._expect(type(after) is list and len(after) == len(given))
        self._expect(all(isinstance(t, torch.Tensor) for t in after))
        return Answer(output, gradients, after, parameters)

    def _entries(self, told: Any) -> dict[str, Entry]:
        return {name: Entry(*row) for name, *row in self._rows(told, torch.Tensor)}

    def _rows(self, told: Any, kind: type) -> list[tuple[Any, ...]]:
        self._expect(type(told) is list)
        for row in told:
            self._expect(type(row) is tuple and len(row) == 5 and type(row[0]) is str)
            self._expect(row[1] is None or isinstance(row[1], kind))
            self._expect([type(part) for part in row[2:]] == [int, bool, bool])
            self._expect(kind is not tuple or row[1] is None or all(type(n) is int and n >= 0 for n in row[1]))
        return told

    def _subject(self, told: Any) -> RemoteSubject:
        self._expect(isinstance(told, RemoteSubject))
        return told

    def _expect(self, true: bool) -> None:
        if not true:
            self.link.distrust()


def is_value(value: Any) -> bool:
    """Is it a plain value, with subjects in it, and no message?"""
    if isinstance(value, (list, tuple)):
        return all(map(is_value, value))
    if isinstance(value, dict):
        return all(map(is_value, value.values()))
    return value is None or isinstance(value, (bool, int, float, str, torch.Tensor, torch.dtype, RemoteSubject))


def _is_tensor(value: Any, shape: torch.Size, dtype: torch.dtype) -> bool:
    return isinstance(value, torch.Tensor) and value.shape == shape and value.dtype == dtype
