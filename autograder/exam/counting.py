"""A network's parameters, counted without being carried: how many there are, and whether it can be run at all."""

from __future__ import annotations

import math

from autograder.exam.core import Evidence, Unnamed
from autograder.exam.gate import entries, module
from autograder.exam.subject import Subject


class TooLarge(Unnamed):
    """A network that is not run."""


def parameter_shapes(network: Subject) -> dict[str, tuple[int, ...]]:
    """Shapes of the parameters that can learn, by name; one that has several names by the last of them, whose value is
    what a load leaves in it."""
    found = {name: entry for name, entry in network.outline().items() if entry.parameter}
    last = {entry.id: (name, entry.shape) for name, entry in found.items()}
    return {name: shape for name, shape in last.values() if shape is not None}


def parameter_count(network: Subject) -> int:
    """The entries of all parameters, shared ones once."""
    return sum(math.prod(shape) for shape in parameter_shapes(network).values())


def named_count(network: Subject) -> int:
    """The entries of all parameters, shared ones once for each name."""
    found = network.outline().values()
    return sum(math.prod(entry.shape) for entry in found if entry.parameter and entry.shape is not None)


def require_runnable(network: Subject, right: int, most: int) -> Subject:
    """A network that is small enough to be run; one far larger than was asked for is not."""
    if (got := entries(module(network))) > most:
        sentence = (
            f"`{network.name}` has far more parameters than the network in the text for these arguments, "
            "so it was not run."
        )
        evidence = Evidence(network.name, f"{right:,} parameters", f"{got:,}; not run")
        raise TooLarge(sentence, evidence, ("parameters",))
    return network
