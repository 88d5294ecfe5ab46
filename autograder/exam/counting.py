"""A network's parameters, counted without being carried: how many there are, and whether it can be run at all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from autograder.exam.core import Evidence, Unnamed, Wrong
from autograder.exam.gate import entries, module
from autograder.exam.subject import Subject


def parameter_shapes(network: Subject) -> dict[str, tuple[int, ...]]:
    """Shapes of the parameters that can learn, by name; one that several layers share counts once."""
    seen: set[int] = set()
    shapes = {}
    for name, entry in network.outline().items():
        if entry.parameter and entry.shape is not None and entry.id not in seen:
            seen.add(entry.id)
            shapes[name] = entry.shape
    return shapes


def parameter_count(network: Subject) -> int:
    """The entries of all parameters, shared ones once."""
    return sum(math.prod(shape) for shape in parameter_shapes(network).values())


def check_parameter_count(network: Subject, expected: int, wrong: Mapping[str, set[int]], case: str) -> None:
    """The number of parameters; `wrong` names the mistakes that lead to other numbers, most specific first."""
    got = parameter_count(network)
    if got == expected:
        return
    evidence = Evidence(case, f"{expected:,} parameters", f"{got:,}")
    for mistake, numbers in wrong.items():
        if got in numbers:
            raise Wrong(mistake, evidence)
    raise Unnamed(f"`{network.name}` has another number of parameters than the text's formula gives.", evidence)


def require_most_parameters(network: Subject, right: int) -> None:
    """Is it the network in the main? What any small network passes as well counts for nothing."""
    if (got := parameter_count(network)) < 0.4 * right:
        sentence = f"`{network.name}` has less than half of the parameters that the text's formula gives."
        raise Unnamed(sentence, Evidence(network.name, f"{right:,} parameters", f"{got:,}"))


def require_runnable(network: Subject, right: int, most: int, ignored: Callable[[], tuple[str | None, str]]) -> Subject:
    """A network that is small enough to be run; one far larger than was asked for is not.

    `ignored()` finds out what the network's size does not depend on: the mistake's id, and a sentence where the id's
    does not say it.
    """
    if (got := entries(module(network))) > most:
        mistake, sentence = ignored()
        if mistake is None and not sentence:
            sentence = (
                f"`{network.name}` has far more parameters than the text's formula gives for these arguments, "
                "so it was not run."
            )
        raise Wrong(mistake, Evidence(network.name, f"{right:,} parameters", f"{got:,}; not run"), sentence)
    return network
