"""Is every 3×3 convolution of an encoder and decoder followed by a ReLU?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import torch

from autograder.exam.core import Evidence, Unnamed, Wrong
from autograder.exam.counting import parameter_shapes
from autograder.exam.gate import gap
from autograder.exam.networks import answer_with, close, ramped, uniform_state
from autograder.exam.subject import Subject

T = torch.Tensor
EXACT = 1e-6  # of float64: what reaches the answer through the deepest level is faint


def check_relus(
    network: Subject,
    widths: Sequence[int],
    classes: int,
    x: T,
    *,
    weights: Iterable[int] = (),
    merging: Callable[[int], int],
    seen_through: Callable[[T], T] = lambda answer: answer,
    down: tuple[float, float] = (-2.0, -2.5),
    up: tuple[float, float] = (40.0, 80.0),
    thorough: bool = True,
) -> None:
    """Every 3×3 convolution has its ReLU, where the levels have these widths. The network is taken to float64, as x is.

    With small weights and biases of 1 all pre-activations are near 1. One layer's bias pushed `down` must silence it:
    the second push then changes nothing, while what comes after it stays open. Pushed `up` it must, where `thorough`,
    answer in proportion.

    The layer that enlarges is free to have a ReLU or none. It is the one whose effect does not depend on the deeper
    level, and which is silent where the weights behind it are.

    merging: the number of entries of the weights behind the layer that enlarges to a width. weights: where convolutions
    have no bias, the numbers of entries of their weights, which are pushed instead. seen_through: undoes what comes
    after the last layer.
    """
    network.to(torch.float64)
    shapes = parameter_shapes(network)
    sizes = {name: math.prod(shape) for name, shape in shapes.items()}
    heads = {name for name, shape in shapes.items() if classes in shape and sizes[name] > classes}
    biases = {name: n for name, n in sizes.items() if n in widths and name not in heads}
    base = uniform_state(network, lambda n: 1.0 if n in (*widths, classes) else 0.1 / math.sqrt(n))
    ramped(network, base, classes)
    for name, n in sizes.items():
        if n in [8 * width**2 for width in widths]:  # two channels for each tap, not nine
            base[name] = base[name] * 3

    def answer(name: str, push: float, without: int = 0) -> T:
        """With the parameter pushed; weights with `without` entries are silent."""
        state = {key: torch.zeros_like(v) if without and sizes.get(key) == without else v for key, v in base.items()}
        state[name] = state[name] + push if name in biases else state[name] * (1 + 50 * push)
        return seen_through(answer_with(network, state, x))

    rest = seen_through(answer_with(network, base, x))
    for name in (*biases, *(name for name, n in sizes.items() if n in weights)):
        low, lower = (answer(name, push) for push in down)
        silent = gap(low, lower) <= 1e-3 * gap(rest, low) and gap(rest, low) > 0
        if silent and not thorough:
            continue
        high, higher = (answer(name, push) for push in up)
        if not rest.shape == low.shape == lower.shape == high.shape == higher.shape:
            raise Unnamed(
                f"The output of `{network.name}` has another size when only its parameters change.", tells=("sizes",)
            )
        proportional = close(higher - high, high - rest)
        if silent and proportional:
            continue
        width = biases.get(name, 0)
        if proportional and 2 * width in widths:
            effects = (answer(name, up[0], n) - answer(name, 0.0, n) for n in (36 * width**2, merging(width)))
            undeep, cut = (close(effect, high - rest, EXACT) for effect in effects)
            if undeep and not cut:
                continue
        # Below zero the effect goes on, but weaker than above.
        leaks = gap(low, lower) / (down[0] - down[1]) < 0.5 * gap(rest, low) / -down[0]
        evidence = Evidence(f"{name} pushed down", "no further effect", str(gap(low, lower)))
        raise Wrong("network-relu-leaky" if not proportional or leaks else "network-relu-missing", evidence)


def check_bottom(network: Subject, widths: Sequence[int], classes: int, x: T) -> None:
    """The deepest level's convolutions, of `widths[-1]` channels, are silent once their bias is below zero. For
    networks too large to be asked about every layer; in float32, for the same reason."""
    sizes = {name: math.prod(shape) for name, shape in parameter_shapes(network).items()}
    base = uniform_state(network, lambda n: 1.0 if n in (*widths, classes) else 0.1 / math.sqrt(n))
    rest = answer_with(network, base, x)
    for name in [name for name, n in sizes.items() if n == widths[-1]]:
        low, lower = (answer_with(network, base | {name: base[name] - push}, x) for push in (2.0, 4.0))
        if not gap(low, lower) <= 0.2 * gap(rest, low):
            evidence = Evidence(f"{name} pushed down", "no further effect", str(gap(low, lower)))
            raise Wrong("network-relu-missing", evidence)
