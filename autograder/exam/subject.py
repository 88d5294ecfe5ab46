"""`Subject`: all that a criterion may do with what a student wrote.

Two implementations: `LocalSubject`, an object of this process (tests, stock nbgrader), and `RemoteSubject` in
`autograder.examiner.proxies`, a handle to an object in the candidate. Criteria use nothing else: no `isinstance`, no
hooks, no `.grad`, since none of these work through a handle.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

from autograder.exam.values import owned
from autograder.objects import modes, operations
from autograder.objects.ban import BAN
from autograder.objects.footprint import Footprint
from autograder.objects.operations import Answer, Entry, Outline
from autograder.objects.recipes import Recipe
from autograder.objects.replies import ANSWER
from autograder.objects.rule import BannedOperator
from autograder.objects.table import OPERATIONS
from autograder.wire.errors import kind_of, message_of, name_of

# Steps `(on, operation, *values)`: the operation is the name of a method below, and `values` are what it takes; its
# object is the subject itself (`on` = 0) or what the script's n-th "make" made (`on` = n), whose kind that step gives.
# A "make" takes `args, kwargs`. What a script made is gone when it ends.
Script = Sequence[tuple]


class Raised(Exception):
    """The student's code raised. `kind` is a name from `wire.errors`; `message` is bounded plain text.

    name: of the exception's own class. line: of the student's code in which it was raised, "" where that is not known.
    absent: of a NameError, the name that is missing and why, where that is known.
    """

    def __init__(self, kind: str, message: str, name: str = "", line: str = "", absent: str = ""):
        where = f" at {line}" if line else ""
        super().__init__(f"{name or kind}{where}: {message}")
        self.kind, self.message = kind, message
        self.name, self.line, self.absent = name or kind, line, absent

    @property
    def refusal(self) -> bool:
        """Is it what INTERFACE calls a refusal: ValueError or RuntimeError?"""
        return self.kind in ("ValueError", "RuntimeError")


class Banned(Raised):
    """The student's code called an operator that is banned in this function."""


def raised(error: BaseException) -> Raised:
    """Describe a student's exception; nothing that its class overrides can make this fail."""
    banned = issubclass(type(error), BannedOperator)
    return (Banned if banned else Raised)(kind_of(error), message_of(error), name_of(error))


def copy(value: Any) -> Any:
    """What the callee gets: tensors copied, with their layout (strides, expansion, offset) and `requires_grad`, recipes
    built, subjects as what they stand for."""
    if isinstance(value, torch.Tensor):
        source = value.detach()
        twin = source.new_empty(0).set_(
            source.untyped_storage().clone(), source.storage_offset(), source.shape, source.stride()
        )
        return twin.requires_grad_(value.requires_grad)
    if isinstance(value, tuple | list):
        return type(value)(copy(item) for item in value)
    if isinstance(value, dict):
        return {key: copy(item) for key, item in value.items()}
    if isinstance(value, Recipe):
        return value.build()
    return value.obj if isinstance(value, LocalSubject) else value


class Bridge(torch.autograd.Function):
    """A call of a subject as one node of the examiner's graph: its backward is asked of the subject."""

    @staticmethod
    def forward(ctx, subject, args, kwargs, *leaves):
        output, ctx.token = subject._forward(args, kwargs)
        ctx.subject = subject
        return output

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, cotangent):
        return None, None, None, *ctx.subject._backward(ctx.token, cotangent)


class Missing:
    """Stands for a graded name that the student's notebook does not define. `why`: what follows on the name in a
    sentence."""

    kind = "missing"

    def __init__(self, name: str, why: str = "is not defined where this cell runs"):
        self.name, self.why = name, why


class Subject(ABC):
    """A student's function, class, module or other object. `kind` is one of `operations.describe`'s words."""

    name: str
    kind: str
    ban: str | None = None
    inferring: bool = False

    def __call__(self, *args, **kwargs) -> Any:
        """Call it. Tensors come back dense and owned; where an argument requires a gradient, attached to autograd."""
        leaves = [t for t in operations.tensors((args, kwargs)) if t.requires_grad]
        if leaves and torch.is_grad_enabled() and not self.inferring:
            return Bridge.apply(self, args, kwargs, *leaves)
        return self.vjp(args, kwargs, None).output

    @property
    def value(self) -> Any:
        """The plain value that it is; None, as for None, where it is none."""
        return None

    @property
    def is_module(self) -> bool:
        """Is it an instance of nn.Module?"""
        return self.kind == "module"

    def series(self) -> AbstractContextManager[None]:
        """A run of calls with nothing of ours between them: what has to be set up for a call stays up throughout."""
        return nullcontext()

    @contextmanager
    def inference(self) -> Iterator[None]:
        """Calls within this block run without gradients."""
        before, self.inferring = self.inferring, True
        try:
            yield
        finally:
            self.inferring = before

    @abstractmethod
    def _do(self, operation: str, *values: Any) -> Any:
        """An operation of `objects.table`, done on the object."""

    def vjp(self, args: tuple, kwargs: dict[str, Any], cotangent: torch.Tensor | None) -> Answer:
        """One call and, with a cotangent of the output's shape, one backward pass, in one round trip."""
        return self._do("vjp", args, kwargs, cotangent, self.inferring)

    @abstractmethod
    def vjps(self, calls: Sequence[tuple]) -> list[Answer | Raised]:
        """`vjp` of each (args, kwargs, cotangent), in one round trip; their backward passes are made together."""

    def scripts(self, scripts: Sequence[Script]) -> list[list[Any]]:
        """Several scripts in one round trip: what each step gave; an error (`Raised`) ends its script."""
        with self.series():
            return [self._play(script) for script in scripts]

    def _play(self, script: Script) -> list[Any]:
        made: list[Subject] = [self]
        told: list[Any] = []
        for on, operation, *values in script:
            try:
                if operation == "make":
                    made.append(made[on].make(*values[0], **values[1]))
                    told.append(made[-1].kind)
                else:
                    told.append(getattr(made[on], operation)(*values))
            except Raised as error:
                return [*told, error]
        return told

    def make(self, *args, **kwargs) -> Subject:
        """Construct an instance of a class."""
        made = self._do("make", args, kwargs)
        made.name, made.ban = self.name, self.ban
        return made

    def state(self) -> dict[str, Entry]:
        """A module's parameters and buffers by name."""
        return self._do("state")

    def outline(self) -> dict[str, Outline]:
        """`state` without the values: shapes, and which names share a tensor."""
        return self._do("outline")

    def load(self, mapping: dict[str, torch.Tensor]) -> None:
        """`load_state_dict(mapping, strict=True)`."""
        self._do("load", dict(mapping))

    def gradients(self, args: tuple, kwargs: dict[str, Any], cotangent: torch.Tensor) -> Answer:
        """One forward and backward pass through a module, with the gradient of every parameter."""
        return self._do("gradients", args, kwargs, cotangent)

    def train(self, mode: bool = True) -> None:
        """Set training mode; `eval()` is `train(False)`."""
        self._do("train", mode)

    def eval(self) -> None:
        """Set evaluation mode."""
        self.train(False)

    def to(self, dtype: torch.dtype) -> None:
        """Change a module's floating-point type in place."""
        self._do("to", dtype)

    def again(self, args: tuple, others: tuple, kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """Two answers: to `args`, as it stands after a call with `others`, whose tensors have the same shapes; and to
        `args` once its tensors hold the others' values."""
        return self._do("again", args, others, kwargs)

    def run(self, args: tuple, kwargs: dict[str, Any]) -> None:
        """One call, for what it leaves of models and tensors that stand for themselves among the arguments."""
        self._do("run", args, kwargs)

    def attribute(self, name: str) -> Any:
        """The attribute's value, or a Subject where it is no plain value."""
        return self._do("attribute", name)

    def source(self) -> str | None:
        """The text it was written as, where it can be had."""
        return self._do("source")

    def part(self, path: str) -> Subject:
        """The module within a module at a dotted path ("features.0"): the very one, to be handed in beside its
        model."""
        return self._do("part", path)

    def footprint(self) -> Footprint:
        """Modes, flags, gradients, hooks and values of a module: equal where it was left as it was found."""
        return self._do("footprint")

    def is_(self, other: Subject) -> bool:
        """Do the two stand for one object?"""
        return self._do("is_", other)

    @abstractmethod
    def _forward(self, args: tuple, kwargs: dict[str, Any]) -> tuple[torch.Tensor, Any]:
        """A call that keeps its graph, and a token for `_backward`."""

    @abstractmethod
    def _backward(self, token: Any, cotangent: torch.Tensor) -> list[torch.Tensor | None]:
        """Gradients of the leaves of that call, in order of appearance."""


class LocalSubject(Subject):
    """An object of this process. What it prints or warns is swallowed; what it raises becomes `Raised`."""

    def __init__(self, obj: Any, name: str | None = None):
        self.obj = obj
        with self._quietly():
            self.name = name or str(getattr(obj, "__name__", type(obj).__name__))
            self.kind = operations.describe(obj)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            BAN.during(self.ban),
            modes.kept(),
        ):
            warnings.simplefilter("ignore")
            try:
                yield
            except Exception as error:
                raise raised(error) from None

    @property
    def value(self):
        with self._quietly():
            return owned(operations.in_numbers(self.obj)) if self.kind == "value" else None

    def series(self):
        return BAN.during(self.ban)

    def _do(self, operation, *values):
        done = OPERATIONS[operation]
        with self._quietly():
            told = owned(done.told(self.obj, copy(values), LocalSubject))
        return done.reply.read(told, values, LocalSubject)

    def vjps(self, calls):
        with self._quietly():
            copies = [(copy(args), copy(kwargs), cotangent) for args, kwargs, cotangent in calls]
            found = operations.vjps(self.obj, copies, self.inferring)
            told = [one if isinstance(one, Exception) else ANSWER.told(one, LocalSubject) for one in found]
        return [self._answer(one, call) for one, call in zip(told, calls, strict=True)]

    def _answer(self, told: Any, call: tuple) -> Answer | Raised:
        """One call's answer; what cannot be taken over costs this call alone."""
        if isinstance(told, Exception):
            return raised(told)
        try:
            return ANSWER.read(owned(told), call, LocalSubject)
        except Exception as error:
            return raised(error)

    def _forward(self, args, kwargs):
        with self._quietly(), torch.enable_grad():
            args, kwargs = copy(args), copy(kwargs)
            output = operations.call(self.obj, args, kwargs)
            return owned(output), (output, [t for t in operations.tensors((args, kwargs)) if t.requires_grad])

    def _backward(self, token, cotangent):
        output, leaves = token
        with self._quietly():
            return list(torch.autograd.grad(output, leaves, cotangent, retain_graph=True, allow_unused=True))
