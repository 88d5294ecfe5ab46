"""Changes to a network's layers, of which its mistakes are made."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

import torch
from torch import nn

from autograder.exam.architectures.asking import mistake
from autograder.exam.architectures.judge import Change
from autograder.exam.mistakes import Function, Misconception

T = torch.Tensor


def put(path: str, make: Callable[[Any], nn.Module]) -> Change:
    """The module at this path is replaced by what is made of it."""

    def change(network: Any) -> None:
        parent, _, name = path.rpartition(".")
        holder = network.get_submodule(parent)
        setattr(holder, name, make(getattr(holder, name)))

    return change


def everywhere(kind: type[nn.Module], make: Callable[[Any], nn.Module]) -> Change:
    """Every module of this kind is replaced."""

    def change(network: Any) -> None:
        for path in [path for path, module in network.named_modules() if isinstance(module, kind)]:
            put(path, make)(network)

    return change


def among_features(kind: type[nn.Module], make: Callable[[Any], nn.Module], number: int | None = None) -> Change:
    """The features' module of this kind that has this number, or each, is replaced."""

    def change(network: Any) -> None:
        places = [place for place, module in enumerate(network.features) if isinstance(module, kind)]
        for place in places if number is None else places[number : number + 1]:
            network.features[place] = make(network.features[place])

    return change


def together(*changes: Change) -> Change:
    """All of these."""

    def change(network: Any) -> None:
        for one in changes:
            one(network)

    return change


def setting(path: str, **values: Any) -> Change:
    """The module at this path has other attributes."""

    def change(network: Any) -> None:
        for name, value in values.items():
            setattr(network.get_submodule(path), name, value)

    return change


def being(module: nn.Module) -> Callable[[Any], nn.Module]:
    """For `put`: a copy of this module, whatever it replaces."""
    return lambda _: deepcopy(module)


def with_outputs(count: int) -> Callable[[Any], nn.Module]:
    """For `put`: a linear layer with so many outputs."""
    return lambda layer: nn.Linear(layer.in_features, count)


def nothing(_: nn.Module) -> nn.Module:
    """For `put`: the module is left out."""
    return nn.Identity()


def followed_by(function: Callable[[T], T]) -> Change:
    """The network's result is changed."""
    return lambda network: network.register_forward_hook(lambda module, given, output: function(output)) and None


def with_biases(network: Any) -> None:
    """All convolutions have a bias."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.bias is None:
            module.bias = nn.Parameter(torch.empty(module.out_channels))


def without_biases(network: Any) -> None:
    """No convolution has a bias."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.bias = None


def activations(reference: Function) -> tuple[Misconception, ...]:
    """Other activations than ReLU, in the middle and at the end."""
    others = nn.LeakyReLU(), nn.LeakyReLU(0.1), nn.GELU(), nn.ELU(), nn.SiLU(), nn.Tanh(), nn.Sigmoid()
    shares: list[Callable[[T], T]] = [partial(torch.softmax, dim=1), partial(torch.log_softmax, dim=1), torch.sigmoid]
    return (
        mistake("relu-other", reference, *(everywhere(nn.ReLU, being(one)) for one in others)),
        mistake("network-relu-last", reference, followed_by(torch.relu)),
        mistake(
            "network-softmax-last",
            reference,
            *map(followed_by, shares),
        ),
    )
