"""A step of a transcript as Python that makes it again: the call, its inputs in full, what is expected and what came.

The text is the body of a function in the file that `classroom.explain` prints, which defines what is not Python's own
here: `names` (the student's), `unpacked`, `compare`, `standing_in`, `load`, `against`. What a function should answer is
written out. Where layers and networks are asked, the questions are a function of the names, `asked`, which is put to
the student's and to the right ones: to PyTorch's own where there is one (`REFERENCES`), else to the course's solution.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from functools import partial
from itertools import takewhile
from typing import Any

import torch

from autograder.exam.core import Evidence, Exam
from autograder.exam.functions import FunctionExam
from autograder.examiner.literals import broken, tensor_as_text
from autograder.examiner.transcript import NotedSubject, Step, Thing, Transcript
from autograder.objects.recipes import Loader, Recipe
from autograder.objects.recipes.architectures.probe import Question

# What is done with a thing before a step that the step may depend on.
CHANGES = "load", "train", "to", "vjp", "gradients"
PLAIN = {
    "state": "{name: tuple(tensor.shape) for name, tensor in %s.state_dict().items()}",
    "outline": "{name: tuple(tensor.shape) for name, tensor in %s.state_dict().items()}",
    "source": "inspect.getsource(%s)",
}
# PyTorch's own of the names that have one, made with the same arguments.
REFERENCES = {
    "Conv2d": "torch.nn.Conv2d",
    "AlexNet": "torchvision.models.AlexNet",
    "VGG": "autograder.exam.architectures.vgg.built_vgg",
    "BasicBlock": "torchvision.models.resnet.BasicBlock",
    "Bottleneck": "torchvision.models.resnet.Bottleneck",
    "ResNet": "autograder.exam.architectures.resnet.built",
}
PROBE = "network_probe"  # the recipe through which assignment 03's networks are asked
QUESTION = [field.name for field in fields(Question)]
TOO_LARGE = 'print("What was asked here is too large to be written out.")\n'


def snippet(transcript: Transcript, exam: Exam, criterion: str, evidence: Evidence) -> str | None:
    """The case that evidence of a criterion tells of, as Python; None where nothing was asked of the student."""
    step = transcript.step_of(criterion, evidence)
    if step is None:
        return None
    owner = getattr(exam.read, "__self__", None)  # of a function's exam, what reads its calls
    of_function = owner if isinstance(owner, FunctionExam) else None
    reference = of_function.reference if of_function else None
    writer = _Writer(transcript, exam.graded_name, reference, _parameters(of_function) if of_function else ())
    try:
        writer.begin(transcript.seeds.get(criterion))
        expected = writer.last(step)
    except _TooLarge:
        return TOO_LARGE
    before = [f"standing_in({name!r}, {recipe!r})  # {name} itself did not pass its exam"
              for name, recipe in transcript.standing.items()]  # fmt: skip
    lines = [part for text in writer.lines for line in text.split("\n") for part in broken(line)]
    if evidence.expected == "a refusal" and reference and step.on.name == exam.graded_name:
        lines.append("compare(got, 'a refusal')")
    elif expected is not _Unknown:
        lines += [*broken(f"expected = {writer.value(expected)}"), "compare(got, expected)"]
    else:
        said = f"against(asked, {exam.graded_name!r}, {REFERENCES.get(exam.graded_name, '')!r}, {evidence.expected!r})"
        lines = ["def asked(names):", *(f"    {line}" if line else "" for line in lines), "    return got", "", said]
    return "\n".join([*before, *lines]) + "\n"


def _parameters(exam: FunctionExam) -> Sequence[str]:
    """What the arguments of the student's function are called, in its own order, which may not be the reference's."""
    asked_through = exam.through.keywords if isinstance(exam.through, partial) else {}
    return asked_through.get("names") or list(inspect.signature(exam.reference).parameters)


class _TooLarge(Exception):
    """A step whose values were not kept."""


class _Writer:
    """The lines of one case."""

    def __init__(
        self,
        transcript: Transcript,
        name: str,
        reference: Callable[..., Any] | None = None,
        parameters: Sequence[str] = (),
    ):
        """parameters: of the graded function, by name, in their order."""
        self.lines: list[str] = []
        self._transcript, self._name, self._reference, self._parameters = transcript, name, reference, parameters
        self._called: dict[Thing, str] = {}
        self._until: Step | None = None
        self._used = {name, "got", "expected", "names"}

    def begin(self, seed: int | None) -> None:
        if seed is not None:
            self.lines.append(f"modes.begin({seed})  # where random numbers start")

    def last(self, step: Step) -> Any:
        """The step itself; what is expected of it, `_Unknown` where that is not the value of a function."""
        values, thing = self._values(step), self.thing(step.on, step)
        self._until = step
        if step.operation in ("vjp", "gradients"):
            args, kwargs, cotangent = values[:3]
            written = self._arguments(args, kwargs, self._names_of(step))
            if cotangent is None:
                self.lines.append(f"got = {thing}({', '.join(written)})")
            else:
                self._gradients(thing, written, cotangent, parameters=step.operation == "gradients")
            if step.on.name == self._name and self._reference:
                return _expected(self._reference, args, kwargs, cotangent)
        elif step.operation == "again":
            self._again(thing, *values)
        elif step.operation == "make":
            self.lines.append(f"got = {thing}({', '.join(self._arguments(*values))})")
        elif step.operation in CHANGES:
            self._write(step)
            self.lines.append(f"got = {thing}")
        else:
            self.lines.append(f"got = {self._read(step.operation, thing, values)}")
        return _Unknown

    def _names_of(self, step: Step) -> Sequence[str]:
        """What the arguments of a call are called."""
        if isinstance(step.on.by, Recipe) and step.on.by.name == PROBE:
            return QUESTION
        return self._parameters if step.on.name else ()

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
        for step in self._before(thing, until):
            self._write(step)
        return name

    @staticmethod
    def _before(thing: Thing, until: Step | None) -> Iterator[Step]:
        """The steps on which a later one may depend: of a probe, which forgets, those about the same network."""
        earlier = takewhile(lambda step: step is not until, thing.steps)
        if not (isinstance(thing.by, Recipe) and thing.by.name == PROBE and until and until.values):
            yield from earlier
            return
        about = _network(until)
        yield from (step for step in earlier if step.values and step.operation == "vjp" and _network(step) == about)

    def _write(self, step: Step) -> None:
        """A step that later ones may depend on."""
        if step.operation not in CHANGES or step.made is not None:
            return
        if step.operation == "load" and step.values is None:
            self.lines.append(f"load({self.thing(step.on, step)}, None)  # too large to be written out")
            return
        values, thing = self._values(step), self.thing(step.on, step)
        if step.operation == "load":
            self.lines.append(f"load({thing}, {self._variable('weights', values[0])})")
        elif step.operation in ("train", "to"):
            self.lines.append(f"{thing}.{step.operation}({values[0]})")
        else:
            self.lines.append(f"{thing}({', '.join(self._arguments(values[0], values[1], self._names_of(step)))})")

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

    def _arguments(self, args: tuple, kwargs: dict[str, Any], names: Sequence[str] = ()) -> list[str]:
        """Arguments as they are written into a call; those that are long are given a variable of these names before."""
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
        first, second = self._arguments(args, kwargs, self._parameters), self._arguments(others, kwargs)
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
            return tensor_as_text(value)
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


def _network(step: Step) -> tuple[Any, ...]:
    """By what a probe knows the network that it is asked about: the class, and the token of what it is made with."""
    question = dict(zip(QUESTION, (step.values or ((),))[0], strict=False))
    return id(question.get("cls")), question.get("tokens", ("",))[0]


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
