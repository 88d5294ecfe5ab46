"""How the networks of assignment 03 are asked: as functions of an image, the student's beside torchvision's own.

A case's named arguments are those that the network is made with and three of ours: `state`, the rules by which it is
filled, `seed` of what is random in it, and `how` it is asked (`recipes.architectures.Probe`). With a state that leaves
only some layers at work a criterion sees these alone. A mistake is a change to torchvision's network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from inspect import Parameter, signature
from typing import Any

import torch
from torch import nn

from autograder.exam.mistakes import Function
from autograder.exam.setting import current
from autograder.exam.subject import Answer, Raised, Subject, copy
from autograder.objects.recipes import Recipe
from autograder.objects.recipes.architectures import Probe

T = torch.Tensor
Change = Callable[[Any], None]
OURS = ("how", "state", "seed", "changes")
JUDGE = Probe()  # the examiner's own


@cache
def altered(build: Callable[..., nn.Module], changes: tuple[Change, ...]) -> Callable[..., nn.Module]:
    """What builds the network with these changes."""

    def building(*args: Any, **options: Any) -> nn.Module:
        network = build(*args, **options)
        for change in changes:
            change(network)
        return network

    return building


def judged(
    build: Callable[..., nn.Module],
    made: Sequence[Any],
    options: dict[str, Any],
    free: bool,
    ours: dict[str, Any],
    x: T,
) -> Any:
    """What the network that is built with these arguments answers."""
    how, state, seed, changes = (ours[name] for name in OURS)
    if how == "expansion":
        return build.expansion  # type: ignore[attr-defined]
    token = token_of(made, options, state, seed)
    if how == "shapes" and not changes:
        return shapes_of(build, made, options)
    expected = None if free else shapes_of(build, made, options)
    given, named = list(copy(tuple(made))), copy(options)
    return JUDGE(altered(build, changes), given, named, expected, state, seed, how, token, x)


SHAPES: dict[tuple[Any, str], dict[str, Any]] = {}


def shapes_of(build: Callable[..., nn.Module], made: Sequence[Any], options: dict[str, Any]) -> dict[str, Any]:
    """Names and shapes of what is saved of the network that is built with these arguments."""
    key = build, token_of(made, options)
    if key not in SHAPES:
        given, named = list(copy(tuple(made))), copy(options)
        SHAPES[key] = JUDGE(build, given, named, None, (), 0, "shapes", "", torch.empty(0))
    return SHAPES[key]


def token_of(*parts: Any) -> str:
    """The same for the same arguments, recipes among them."""
    return repr(copy_of_recipes(parts))


def copy_of_recipes(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [copy_of_recipes(item) for item in value]
    if isinstance(value, dict):
        return {key: copy_of_recipes(item) for key, item in value.items()}
    return (value.name, value.args) if isinstance(value, Recipe) else value


def arguments_of(reference: Function, kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """What a network is made with: by position what has no default, the rest by name."""
    names = signature(reference).parameters
    needed = [name for name, one in names.items() if one.default is Parameter.empty and name != "x"]
    return [kwargs[n] for n in needed], {n: v for n, v in kwargs.items() if n not in (*needed, *OURS)}


@dataclass(frozen=True)
class AsNetwork:
    """A student's class as a function of an image and of what the network is made with."""

    subject: Subject
    reference: Function
    free: bool  # are names free?

    def vjps(self, calls: Sequence[tuple]) -> list[Answer | Raised]:
        """As `Subject.vjps`; calls of the same network are made one after the other."""
        probe = current.get().build(Recipe("network_probe"))
        probe.name, probe.ban = self.subject.name, self.subject.ban
        given = [self._given(*args, **kwargs) for args, kwargs, _ in calls]
        order = sorted(range(len(given)), key=lambda i: given[i][-2])
        answers = probe.vjps([(given[i], {}, None) for i in order])
        return [answer for _, answer in sorted(zip(order, answers, strict=True), key=lambda pair: pair[0])]

    def _given(self, x: T, **kwargs: Any) -> tuple[Any, ...]:
        made, options = arguments_of(self.reference, kwargs)
        ours = {"how": "eval", "state": (), "seed": 0} | {name: kwargs[name] for name in OURS if name in kwargs}
        expected = None if self.free else self.reference(x, **(kwargs | {"how": "shapes"}))
        token, how = token_of(made, options, ours["state"], ours["seed"]), ours["how"]
        state = [list(rule) for rule in kwargs.get("state", ())]
        how = "eval" if how == "branch" else how
        return self.subject, made, options, expected, state, ours["seed"], how, token, x
