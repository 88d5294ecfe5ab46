"""How the networks of assignment 03 are asked: as functions of an image, the student's beside torchvision's own.

A case's named arguments are those that the network is made with and three of ours: `state`, the rules by which it is
filled, `seed` of what is random in it, and `how` it is asked (`recipes.architectures.probe`). With a state that leaves
only some layers at work a criterion sees these alone. A mistake is a change to torchvision's network.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from inspect import Parameter, signature
from typing import Any

import torch
from torch import nn

from autograder.exam.cases import Case
from autograder.exam.mistakes import Function
from autograder.exam.setting import current
from autograder.exam.subject import Answer, Raised, Subject, copy
from autograder.objects.recipes import Recipe
from autograder.objects.recipes.architectures.filling import Rules, Shapes, keys_by_shape, keys_of
from autograder.objects.recipes.architectures.probe import Probe

T = torch.Tensor
Change = Callable[[Any], None]
OURS = ("how", "state", "seed", "changes")
# The examiner's own, by what is made with which arguments.
JUDGES: dict[tuple[Any, str], Probe] = defaultdict(lambda: Probe(ways=2))
BLANK: dict[tuple[Any, str], nn.Module] = {}  # networks without memory, to be copied, which is faster than to make one
# What was told before: the exam's tables and tests ask many implementations the same.
ANSWERS: dict[Any, T] = {}
SHAPES: dict[Any, dict[str, Any]] = {}
KEPT = 5000


def keep(told: dict[Any, Any], about: Any, answer: Any) -> None:
    """Remember it; what was told first is forgotten."""
    told[about] = answer
    if len(told) > KEPT:
        del told[next(iter(told))]


@lru_cache(KEPT)
def altered(build: Callable[..., nn.Module], token: str, changes: tuple[Change, ...]) -> Callable[..., nn.Module]:
    """What builds the network with these changes, of the arguments of this token."""

    def building(*args: Any, **options: Any) -> nn.Module:
        if (build, token) not in BLANK:
            BLANK[build, token] = build(*args, **options)
        network = deepcopy(BLANK[build, token])
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
    token = token_of(made, options)
    right = shapes_of(build, made, options, token)
    if how == "shapes":
        return shapes_of(build, made, options, token, changes)
    given, named = list(copy(tuple(made))), copy(options)
    tokens, expected = (token, token_of(state, seed)), expected_of(right, free)
    building = altered(build, token, changes)
    about = building, tokens, how, tuple(x.shape), sha256(x.contiguous().numpy().tobytes()).digest()
    if about not in ANSWERS:
        answer = JUDGES[build, token](building, given, named, expected, free, state, seed, how, tokens, x)
        if not isinstance(answer, T):
            return answer
        keep(ANSWERS, about, answer)
    return ANSWERS[about]


def expected_of(shapes: Shapes, free: bool) -> dict[str, list[int]]:
    """Shapes by the keys by which a network is filled."""
    keys = keys_by_shape(shapes) if free else {name: name for name in shapes}
    return {keys[name]: list(shape) for name, shape in shapes.items()}


def shapes_of(
    build: Callable[..., nn.Module],
    made: Sequence[Any],
    options: dict[str, Any],
    token: str,
    changes: tuple[Change, ...] = (),
) -> dict[str, Any]:
    """Names and shapes of what is saved of the network that is built with these arguments, of this token."""
    about = build, token, changes
    if about not in SHAPES:
        given, named = list(copy(tuple(made))), copy(options)
        building = altered(build, token, changes)
        told = JUDGES[build, token](building, given, named, {}, False, (), 0, "shapes", ("", ""), torch.empty(0))
        keep(SHAPES, about, told)
    return SHAPES[about]


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
        expected = expected_of(self.reference(x, **(kwargs | {"how": "shapes"})), self.free)
        tokens, how = (token_of(made, options), token_of(ours["state"], ours["seed"])), ours["how"]
        state = [list(rule) for rule in kwargs.get("state", ())]
        how = "eval" if how == "branch" else how
        return self.subject, made, options, expected, self.free, state, ours["seed"], how, tokens, x

    def without_biases(self, cases: Sequence[Case]) -> list[Rules]:
        """For each case rules by which biases that the student's network lacks are 0 in the right one too."""
        shaped = {token_of(*arguments_of(self.reference, case.kwargs)): case for case in cases}
        asked = [replace(case, kwargs=case.kwargs | {"how": "shapes"}) for case in shaped.values()]
        answers = self.vjps([(case.args, case.kwargs, None) for case in asked])
        found = {}
        for token, case, answer in zip(shaped, asked, answers, strict=True):
            right = self.reference(*case.args, **case.kwargs)
            own = {} if isinstance(answer, Raised) else as_shapes(answer.output)
            found[token] = [(key, "zero") for key in lacking(own, right, self.free)] if own else []
        return [found[token_of(*arguments_of(self.reference, case.kwargs))] for case in cases]


def as_shapes(value: Any) -> dict[str, list[int]]:
    """What a student's network says of its shapes; nothing where it says something else."""
    if not isinstance(value, dict):
        return {}
    fit = all(isinstance(shape, list) and all(type(side) is int for side in shape) for shape in value.values())
    return value if fit else {}


def lacking(own: Shapes, right: Shapes, free: bool) -> list[str]:
    """The keys of biases of layers of the right network that this one lacks."""
    expected = expected_of(right, free)
    used = set((keys_by_shape(own) if free else keys_of(own, expected)).values())
    layers = {name.rpartition(".")[0] for name, shape in right.items() if len(shape) > 1}
    keys = keys_by_shape(right) if free else {name: name for name in right}
    biases = {keys[name] for name in right if name.endswith("bias") and name.rpartition(".")[0] in layers}
    return sorted(biases - used)
