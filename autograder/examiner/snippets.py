"""A step of a transcript as Python that makes it again: the call, its inputs in full, what is expected and what came.

The text is the body of a function in the file that `classroom.explain` prints, which defines what is not Python's own
here: `names` (the student's), `unpacked`, `compare`, `standing_in`.
"""

from __future__ import annotations

import base64
import inspect
import textwrap
import zlib
from collections.abc import Callable
from itertools import takewhile
from typing import Any

import torch

from autograder.exam.core import Evidence, Exam
from autograder.exam.functions import FunctionExam
from autograder.examiner.transcript import NotedSubject, Step, Thing, Transcript
from autograder.objects.recipes import Loader, Recipe
from autograder.wire import codec

LITERAL = 600  # numbers that are written as numbers; of more the bytes are
WIDTH = 112
# What is done with a thing before a step that the step may depend on.
CHANGES = "load", "train", "to", "vjp", "gradients"
PLAIN = {
    "state": "{name: tuple(tensor.shape) for name, tensor in %s.state_dict().items()}",
    "outline": "{name: tuple(tensor.shape) for name, tensor in %s.state_dict().items()}",
    "source": "inspect.getsource(%s)",
}
TOO_LARGE = 'print("What was asked here is too large to be written out.")\n'


def snippet(transcript: Transcript, exam: Exam, criterion: str, evidence: Evidence) -> str | None:
    """The case that evidence of a criterion tells of, as Python; None where nothing was asked of the student."""
    step = transcript.step_of(criterion, evidence)
    if step is None:
        return None
    owner = getattr(exam.read, "__self__", None)  # of a function's exam, what reads its calls
    reference = owner.reference if isinstance(owner, FunctionExam) else None
    writer = _Writer(transcript, exam.graded_name, reference)
    try:
        writer.begin(transcript.seeds.get(criterion))
        writer.last(step, evidence)
    except _TooLarge:
        return TOO_LARGE
    return "\n".join(part for text in writer.lines for line in text.split("\n") for part in broken(line)) + "\n"


class _TooLarge(Exception):
    """A step whose values were not kept."""


class _Writer:
    """The lines of one case."""

    def __init__(self, transcript: Transcript, name: str, reference: Callable[..., Any] | None):
        self.lines: list[str] = []
        self._transcript, self._name, self._reference = transcript, name, reference
        self._called: dict[Thing, str] = {}
        self._until: Step | None = None
        self._used = {name, "got", "expected", "names"}

    def begin(self, seed: int | None) -> None:
        for name, recipe in self._transcript.standing.items():
            self.lines.append(f"standing_in({name!r}, {recipe!r})  # {name} itself did not pass its exam")
        if seed is not None:
            self.lines.append(f"modes.begin({seed})  # where random numbers start")

    def last(self, step: Step, evidence: Evidence) -> None:
        """The step itself, and what is expected of it."""
        values, thing = self._values(step), self.thing(step.on, step)
        self._until, expected = step, _Unknown
        if step.operation in ("vjp", "gradients"):
            args, kwargs, cotangent = values[:3]
            written = self._arguments(args, kwargs, named=step.on.name == self._name)
            if cotangent is None:
                self.lines.append(f"got = {thing}({', '.join(written)})")
            else:
                self._gradients(thing, written, cotangent, parameters=step.operation == "gradients")
            if step.on.name == self._name and self._reference:
                expected = _expected(self._reference, args, kwargs, cotangent)
        elif step.operation == "again":
            self._again(thing, *values)
        elif step.operation == "make":
            self.lines.append(f"got = {thing}({', '.join(self._arguments(*values))})")
        elif step.operation in CHANGES:
            self._write(step)
            self.lines.append(f"got = {thing}")
        else:
            self.lines.append(f"got = {self._read(step.operation, thing, values)}")
        if evidence.expected == "a refusal" or expected is _Unknown:
            self.lines.append(f"compare(got, {evidence.expected!r})")
        else:
            self._assign("expected", self.value(expected))
            self.lines.append("compare(got, expected)")

    # Things

    def thing(self, thing: Thing, until: Step | None) -> str:
        """A variable that holds it; what makes it, and what it has gone through before a step, is written before."""
        if thing in self._called:
            return self._called[thing]
        if thing.by is None:
            name = self._called[thing] = thing.name if thing.name.isidentifier() else self._fresh("student")
            self.lines.append(f"{name} = names[{thing.name!r}]")
            return name
        name = self._fresh("made")
        if isinstance(thing.by, Recipe):
            self._assign(name, self.value(thing.by))
        else:
            values, on = self._values(thing.by), self.thing(thing.by.on, thing.by)
            made = thing.by.operation == "make"
            words = ", ".join(self._arguments(*values)) if made else ""
            self._assign(name, f"{on}({words})" if made else self._read(thing.by.operation, on, values))
        self._called[thing] = name
        for step in takewhile(lambda step: step is not until, thing.steps):
            self._write(step)
        return name

    def _write(self, step: Step) -> None:
        """A step that later ones may depend on."""
        if step.operation not in CHANGES or step.made is not None:
            return
        values, thing = self._values(step), self.thing(step.on, step)
        if step.operation == "load":
            self.lines.append(f"{thing}.load_state_dict({self.value(values[0])})")
        elif step.operation in ("train", "to"):
            self.lines.append(f"{thing}.{step.operation}({values[0]})")
        else:
            self.lines.append(f"{thing}({', '.join(self._arguments(*values[:2]))})")

    @staticmethod
    def _read(operation: str, thing: str, values: tuple[Any, ...]) -> str:
        """An expression for what an operation looks at."""
        if operation == "attribute":
            return f"{thing}.{values[0]}"
        if operation == "part":
            return f"{thing}.get_submodule({values[0]!r})"
        return PLAIN[operation] % thing if operation in PLAIN else thing

    def _values(self, step: Step) -> tuple[Any, ...]:
        if step.values is None:
            raise _TooLarge
        return step.values

    # Calls

    def _arguments(self, args: tuple, kwargs: dict[str, Any], named: bool = False) -> list[str]:
        """Arguments as they are written into a call; those that are long are given a variable before."""
        names = list(inspect.signature(self._reference).parameters) if named and self._reference else []
        written = [
            self._variable(names[place] if place < len(names) else "argument", value)
            for place, value in enumerate(args)
        ]
        return [*written, *(f"{key}={self._variable(key, value)}" for key, value in kwargs.items())]

    def _variable(self, name: str, value: Any) -> str:
        text = self.value(value)
        if len(text) <= 40:
            return text
        made = self._fresh(name)
        self._assign(made, text)
        return made

    def _gradients(self, thing: str, written: list[str], cotangent: Any, parameters: bool) -> None:
        more = f" + [p for p in {thing}.parameters() if p.requires_grad]" if parameters else ""
        self.lines.append(f"output = {thing}({', '.join(written)})")
        self._assign("cotangent", self.value(cotangent))
        given = ", ".join(word.split("=")[-1] for word in written)
        self.lines.append(f"leaves = [t for t in ({given},) if isinstance(t, torch.Tensor) and t.requires_grad]{more}")
        self.lines.append("got = (None,) * len(leaves)  # no gradient, where the output has no graph")
        self.lines.append("if output.requires_grad:")
        self.lines.append("    got = torch.autograd.grad(output, leaves, cotangent, allow_unused=True)")

    def _again(self, thing: str, args: tuple, others: tuple, kwargs: dict[str, Any]) -> None:
        first, second = self._arguments(args, kwargs, named=True), self._arguments(others, kwargs)
        self.lines += [
            f"before = {thing}({', '.join(first)})",
            "kept = before.clone()",
            f"{thing}({', '.join(second)})",
            "compare(before, kept)  # another call must not change it",
            *(f"{one}.copy_({other})" for one, other, value in zip(first, second, args) if _is_tensor(value)),
            f"got = {thing}({', '.join(first)})  # of the others' values, in the same tensors",
        ]

    # Values

    def _assign(self, name: str, text: str) -> None:
        self.lines.append(f"{name} = {text}")

    def _fresh(self, name: str) -> str:
        number, fresh = 1, name
        while fresh in self._used:
            number, fresh = number + 1, f"{name}_{number + 1}"
        self._used.add(fresh)
        return fresh

    def value(self, value: Any) -> str:
        """A value as an expression."""
        if _is_tensor(value):
            return _tensor(value)
        if isinstance(value, NotedSubject):
            return self.thing(self._transcript.thing(value), self._until)
        if isinstance(value, Recipe):
            words = [repr(value.name), *map(self.value, value.args)]
            words += [f"{key}={self.value(item)}" for key, item in value.kwargs.items()]
            return f"recipes.Recipe({', '.join(words)}).build()"
        if isinstance(value, Loader):
            return f"recipes.Loader({self.value(value._batches)})"
        if isinstance(value, float):
            return repr(value) if value - value == 0 else f'float("{value}")'
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key!r}: {self.value(item)}" for key, item in value.items()) + "}"
        if isinstance(value, list | tuple):
            items = ", ".join(map(self.value, value))
            return f"[{items}]" if isinstance(value, list) else f"({items}{',' if len(value) == 1 else ''})"
        if value is None or isinstance(value, bool | int | str | torch.dtype):
            return repr(value)
        return f"...  # {type(value).__name__}"


_Unknown = object()


def _is_tensor(value: Any) -> bool:
    return isinstance(value, torch.Tensor)


def _expected(reference: Callable[..., Any], args: tuple, kwargs: dict[str, Any], cotangent: Any) -> Any:
    """What the reference gives, or its gradients; `_Unknown` where it refuses."""
    try:
        with torch.enable_grad():
            value = reference(*args, **kwargs)
            if cotangent is None:
                return value.detach() if _is_tensor(value) else value
            leaves = [t for t in (*args, *kwargs.values()) if _is_tensor(t) and t.requires_grad]
            return torch.autograd.grad(value, leaves, cotangent.to(value.dtype), allow_unused=True)
    except Exception:
        return _Unknown


def _tensor(tensor: torch.Tensor) -> str:
    """A tensor as an expression, with its layout in memory."""
    wants = ".requires_grad_()" if tensor.requires_grad else ""
    tensor = tensor.detach()
    if tensor.is_contiguous():
        shape = "" if tensor.dim() == 1 else f".reshape({tuple(tensor.shape)})"
        return f"{_flat(tensor.reshape(-1))}{shape}{wants}"
    reach = 1 + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride())) if tensor.numel() else 0
    stored = tensor.as_strided((reach,), (1,))
    return f"{_flat(stored)}.as_strided({tuple(tensor.shape)}, {tensor.stride()}){wants}"


def _flat(tensor: torch.Tensor) -> str:
    """A tensor of one axis: its numbers or, where they are many, its bytes."""
    if tensor.numel() > LITERAL or tensor.is_complex():
        packed = base64.b85encode(zlib.compress(codec.raw(tensor), 9)).decode()
        parts = "\n".join(f'    "{packed[at : at + WIDTH - 8]}"' for at in range(0, len(packed), WIDTH - 8))
        return f"unpacked(\n{parts},\n    {tensor.dtype},\n)"
    numbers = tensor.double() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor
    said = ", ".join(str(number) for number in numbers.numpy())
    return f"torch.tensor([{said}], dtype={tensor.dtype})"


def broken(line: str) -> list[str]:
    """A line, broken at the blanks of a long list of numbers; a text stays whole."""
    if len(line) <= WIDTH or "[" not in line or any(mark in line for mark in "\"'#"):
        return [line]
    return textwrap.wrap(line, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
