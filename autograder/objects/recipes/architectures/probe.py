"""What makes, fills and asks a network, the student's in the candidate and torchvision's in the examiner."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import nn

from autograder.objects import modes
from autograder.objects.recipes.architectures import theirs
from autograder.objects.recipes.architectures.filling import (
    Rules,
    Shape,
    Shapes,
    adopt,
    keys_by_shape,
    keys_of,
    narrowed,
    reshape,
    shapes_of,
    value,
    within,
)
from autograder.objects.rule import BannedOperator

T = torch.Tensor
SHOWN = 2000  # entries of a parameter's gradient that are told, of a larger one at random places


@dataclass(frozen=True)
class Question:
    """What `cls(*args, **options)` answers to x, filled by these rules from this seed.

    expected: shapes of the right network by name or, where names are free, by `keys_by_shape`. tokens: questions of the
    same first one are made with the same arguments, those of the same two are asked of one network. how: "shapes" gives
    shapes by name and "expansion" that attribute of the class, "eval" the answer in that mode, "dropout" in train mode,
    "train" a list of that and of all buffers in the order of their keys, "gradients" a list of the answer in eval mode
    and of the gradients to x and, flat and of `SHOWN` entries at most, to all parameters, in the order of their keys.
    """

    cls: Callable[..., nn.Module]
    args: Sequence[Any]
    options: Mapping[str, Any]
    expected: Shapes
    free: bool
    rules: Rules
    seed: int
    how: str
    tokens: tuple[str, str]
    x: T

    def made(self, in_memory: bool) -> nn.Module:
        """The network, without memory where its class bears that, else with first weights, which take seconds."""
        if not in_memory:
            try:
                with torch.device("meta"):
                    network = self.cls(*self.args, **self.options)
                saved = set(nn.Module.state_dict(network))
                if all(name in saved or not t.is_meta for name, t in network.named_buffers()):
                    return network
            except Exception:  # what is wrong in any case is raised again
                pass
        return self.cls(*self.args, **self.options)


class Probe:
    """Answers questions, one at a time.

    A network is given the expected shapes, whatever its own, and double precision for gradients. Where it does not bear
    the shapes, it has its own, narrowed, and in the end it is asked as it is.

    ways: how many of these three are tried.
    """

    def __init__(self, ways: int = 3) -> None:
        self.ways = ways
        self.cls: Any = None
        self.in_memory = False  # can the class be made only so?
        self.forget()

    def forget(self) -> None:
        """The next network is made anew; the last one's memory is free."""
        self.made_with: tuple[Any, str] = None, ""
        self.filled_with = "", 0
        self.network = nn.Module()
        self.shapes: dict[str, Shape] = {}
        self.keys: dict[str, str] = {}

    def __call__(self, *question: Any) -> Any:
        """The answer to `Question(*question)`."""
        asked = Question(*question)
        if self.cls is not asked.cls:
            self.cls, self.in_memory = asked.cls, False
        way = 0
        while True:
            try:
                with theirs.refused():
                    return self.answer(asked, way)
            except BannedOperator:
                self.forget()
                raise
            except Exception as error:
                self.forget()
                if "meta" in str(error) and not self.in_memory:
                    self.in_memory = True  # it keeps tensors of its own
                elif way + 1 < self.ways and asked.how not in ("shapes", "expansion"):
                    way += 1
                else:
                    raise

    def answer(self, asked: Question, way: int) -> Any:
        """The same, tried once."""
        if asked.how == "expansion":
            return asked.cls.expansion  # type: ignore[attr-defined]
        if asked.how == "shapes":
            return {name: list(shape) for name, shape in shapes_of(asked.made(self.in_memory)).items()}
        if self.made_with != (asked.cls, asked.tokens[0]):
            self.forget()
            self.network = asked.made(self.in_memory)
            adopt(self.network)
            self.made_with, self.shapes = (asked.cls, asked.tokens[0]), shapes_of(self.network)
        if self.filled_with != (asked.tokens[1], way):
            self.fill(asked, way)
            self.filled_with = asked.tokens[1], way
        self.network.train(asked.how in ("train", "dropout"))
        modes.seed(asked.seed)
        if asked.how == "gradients":
            answer = self.gradients(asked, way)
            self.forget()  # its numbers are of another type
            return answer
        with torch.no_grad():
            output = self.network(asked.x)
        if asked.how != "train":
            return output
        buffers = self.by_key(self.network.named_buffers())
        self.forget()  # its statistics are others
        return [output, *buffers.values()]

    def fill(self, asked: Question, way: int) -> None:
        """Give the network values by its keys, loaded strictly. What is not expected is neutral, as far as that can be:
        a bias, a norm, and a layer to which no rule applies."""
        expected = asked.expected
        self.keys = keys_by_shape(self.shapes) if asked.free else keys_of(self.shapes, expected)
        values = {}
        for name, tensor in nn.Module.state_dict(self.network, keep_vars=True).items():
            key, shape = self.keys[name], self.shapes[name]
            wanted = narrowed(expected.get(key, shape))
            if shape and len(wanted) != len(shape):
                wanted = narrowed(shape)
            rule = next((rule for pattern, rule in asked.rules if fnmatchcase(key, pattern)), "")
            if key not in expected and (len(wanted) < 2 or not rule):
                rule = "neutral"
            values[name] = value(key, wanted, rule, asked.seed, tensor)
            if way and shape:
                values[name] = within(values[name], shape if way > 1 else narrowed(shape))
            if not nn.parameter.is_lazy(tensor):
                reshape(self.network, name, values[name].shape)
        self.network.load_state_dict(values, strict=True, assign=True)

    def gradients(self, asked: Question, way: int) -> list[T]:
        """The answer, and the gradients."""
        x = asked.x
        if way < 2:  # in single precision the side of a ReLU's kink on which a unit lies may be by chance
            self.network.double()
            x = x.double()
        with torch.enable_grad():
            given = x.detach().requires_grad_()
            output = self.network(given)
        named = self.by_key(self.network.named_parameters())
        back = torch.randn(output.shape, generator=torch.Generator().manual_seed(asked.seed)).to(output.dtype)
        wanted = [given, *named.values()]
        found = torch.autograd.grad(output, wanted, back, allow_unused=True)
        told = [torch.zeros_like(t) if g is None else g for t, g in zip(wanted, found, strict=True)]
        for i, key in enumerate(named, 1):
            shape = narrowed(asked.expected.get(key, told[i].shape))
            flat = (within(told[i], shape) if len(shape) == told[i].dim() else told[i]).flatten()
            if len(flat) > SHOWN:
                flat = flat[torch.randint(len(flat), (SHOWN,), generator=torch.Generator().manual_seed(asked.seed))]
            told[i] = flat
        return [output.detach(), *told]

    def by_key(self, named: Iterable[tuple[str, T]]) -> dict[str, T]:
        """Tensors by their keys, in the order of these."""
        return dict(sorted(((self.keys.get(name, name), tensor) for name, tensor in named), key=lambda pair: pair[0]))


PROBE = Probe()
