"""Is every 3×3 convolution of an encoder and decoder with one pooling between them followed by a ReLU?"""

from __future__ import annotations

import math

import torch

from autograder.exam.core import Evidence, Unnamed, Wrong
from autograder.exam.counting import parameter_shapes
from autograder.exam.gate import gap
from autograder.exam.networks import CLASSES, answer_with, close, uniform_state
from autograder.exam.subject import Subject

T = torch.Tensor


def check_relus(network: Subject, width: int, x: T) -> None:
    """Every 3×3 convolution has its ReLU, where the first level has `width` channels and the second twice as many.

    With small weights and biases of 1 all pre-activations are near 1. One layer's bias pushed far down must silence it:
    a second push then changes nothing, while what comes after it stays open. Pushed up, it must answer in proportion.
    The layer that enlarges is free to have a ReLU or none. It is the one whose effect does not depend on the deeper
    level, and which is silent where the weights behind it are.
    """
    sizes = {name: math.prod(shape) for name, shape in parameter_shapes(network).items()}
    biases = {name: n for name, n in sizes.items() if n in (width, 2 * width)}
    base = uniform_state(network, lambda n: 1.0 if n in (width, 2 * width, CLASSES) else 0.1 / math.sqrt(n))
    for name, n in sizes.items():
        if n == 8 * width**2:  # two channels for each tap, not nine
            base[name] = base[name] * 3

    def answers(name: str, *pushes: float, without: int | None = None) -> list[T]:
        """With the bias as it is, then pushed by each of these; weights with `without` entries are silent."""
        state = {key: torch.zeros_like(v) if sizes.get(key) == without else v for key, v in base.items()}
        return [answer_with(network, state | {name: state[name] + push}, x) for push in (0.0, *pushes)]

    for name, width_of in biases.items():
        rest, low, lower, high, higher = pushed = answers(name, -2.0, -2.5, 40.0, 80.0)
        if len({one.shape for one in pushed}) > 1:
            raise Unnamed(f"`{network.name}` gives back another shape where only its parameters are others.")
        reach = gap(rest, low)
        silent = gap(low, lower) <= 1e-3 * reach and reach > 0
        proportional = close(higher - high, high - rest)
        if silent and proportional:
            continue
        if proportional and width_of == width:
            alone = answers(name, 40.0, without=36 * width**2)
            cut = answers(name, 40.0, without=18 * width**2)
            if close(alone[1] - alone[0], high - rest) and not close(cut[1] - cut[0], high - rest):
                continue
        leaks = gap(low, lower) / 0.5 < 0.5 * reach / 2  # below zero the effect goes on, but weaker than above
        evidence = Evidence(f"bias {name} pushed down", "no further effect", str(gap(low, lower)))
        raise Wrong("network-relu-leaky" if not proportional or leaks else "network-relu-missing", evidence)
